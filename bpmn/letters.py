"""Letters: the wording of what the applicant gets in writing (domain 4.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bpmn.reader import Section, placeholders
from bpmn.text import Text

RIGHTS, CLOSING = "rights", "closing"
FIELD_TYPES = frozenset({"text", "money", "date", "percent", "list", "idnumber", "account", "integer"})


@dataclass(frozen=True, slots=True)
class LetterField:
    """One thing a letter can say. `type` decides how it is written: money with 元 and commas,
    idnumber and account masked, list as numbered lines. A money field `x` also gives `{x_words}`.
    """

    id: str
    name: Text
    type: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the letter's table: what it is, and its value with placeholders."""

    label: Text
    value: Text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; with `when_given`, it stands only if that field is there and not empty."""

    text: Text
    when_given: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter before it is filled, in the order paragraphs, table, after, rights, closing.

    `fields` are the values it cannot do without, `optional` those that only add a paragraph;
    `types` says for every placeholder how its value is written. `kind` is the {类} of the number.
    """

    id: str
    title: Text
    number: str
    kind: str
    paragraphs: tuple[Paragraph, ...]
    table: tuple[Line, ...]
    after: tuple[Paragraph, ...]
    closing: tuple[Paragraph, ...]
    rights: tuple[Paragraph, ...]
    fields: frozenset[str]
    optional: frozenset[str]
    types: Mapping[str, str]
    copies: int = 2


@dataclass(frozen=True, slots=True)
class Block:
    """Paragraphs and the placeholders they cannot do without, or only may have."""

    paragraphs: tuple[Paragraph, ...] = ()
    needed: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shared:
    """What all letters share: the pattern of the number, the rights by the name of their file, the foot."""

    number: str = ""
    rights: Mapping[str, Block] = field(default_factory=dict)
    closing: Block = Block()


def read_field(section: Section) -> LetterField:
    field = LetterField(section.element, section.text("name"), section.string("type"))
    if field.type and field.type not in FIELD_TYPES:
        section.fault(f"没有“{field.type}”这种类型", f"there is no type {field.type!r}", "type")
    return field


def types_of(known: Mapping[str, LetterField]) -> dict[str, str]:
    """Every placeholder a letter may use, and how its value is written."""
    types = {name: field.type for name, field in known.items()}
    return types | {f"{name}_words": "words" for name, field in known.items() if field.type == "money"}


def read_shared(rights: Mapping[str, Section], closing: Section, types: Mapping[str, str]) -> Shared:
    """The shared blocks: paragraphs on the rights of a person, by name, and `closing.toml` (number and
    paragraphs).
    """
    number = closing.string("number")
    blocks = {}
    for name, section in {**rights, CLOSING: closing}.items():
        section.string("id", "-")
        section.string("source", "-")
        blocks[name] = _block(section, "paragraphs", types, required=True)
        section.close()
    foot = blocks.pop(CLOSING)
    return Shared(number, MappingProxyType(blocks), foot)


def is_rights(stem: str) -> bool:
    """Whether a file of letters/ holds rights that letters refer to, and is no letter itself."""
    return stem == RIGHTS or stem.endswith(f"_{RIGHTS}")


def read_letter(section: Section, shared: Shared, types: Mapping[str, str]) -> Letter:
    """Read one letter file; every placeholder must be one of `types`."""
    letter_id = section.string("id")
    stem = section.file.rsplit("/", 1)[-1].removesuffix(".toml")
    if letter_id and letter_id != stem:
        section.fault(f"id应为文件名“{stem}”", f"the id should be the file name, {stem!r}", "id")
    title, kind = section.text("title"), section.string("kind")
    section.string("source")
    opening = _block(section, "paragraphs", types, required=True)
    table, cells = _table(section, types)
    after = _block(section, "after", types)
    rights = _rights(section, shared)
    copies = section.whole("copies", required=False, least=1) or 2
    section.close()
    blocks = (opening, after, rights, shared.closing)
    needed = cells.union({"year", "serial", "county_short"}, *(block.needed for block in blocks))
    optional = frozenset[str]().union(*(block.optional for block in blocks))
    needed, optional = (
        frozenset(name.removesuffix("_words") for name in names) for names in (needed, optional)
    )
    return Letter(
        id=letter_id,
        title=title,
        number=shared.number,
        kind=kind,
        paragraphs=opening.paragraphs,
        table=table,
        after=after.paragraphs,
        closing=shared.closing.paragraphs,
        rights=rights.paragraphs,
        fields=needed,
        optional=optional - needed,
        types=types,
        copies=copies,
    )


def _rights(section: Section, shared: Shared) -> Block:
    """`rights = true`: those of rights.toml; a name: those of that file, where the law knows others."""
    wanted = section.flag_or_name("rights")
    name = RIGHTS if wanted is True else wanted
    if not name:
        return Block()
    if name not in shared.rights and shared.rights:
        section.fault(f"没有“{name}”这份权利告知", f"there are no rights {name!r}", "rights")
    return shared.rights.get(str(name), Block())


def _block(section: Section, key: str, types: Mapping[str, str], *, required: bool = False) -> Block:
    paragraphs: list[Paragraph] = []
    needed: set[str] = set()
    optional: set[str] = set()
    for number, part in enumerate(section.sections(key), start=1):
        paragraph = Paragraph(part.here(), part.maybe_string("when_given"))
        part.close()
        names = _known(section, paragraph.text, f"{key}[{number}]", types)
        if paragraph.when_given is None:
            needed |= names
        elif paragraph.when_given in types:
            optional |= names | {paragraph.when_given}
        else:
            part.fault(
                f"“{paragraph.when_given}”不在信函字段表里",
                f"{paragraph.when_given!r} is no letter field",
                "when_given",
            )
        paragraphs.append(paragraph)
    if required and not paragraphs:
        section.fault("没有段落", "there are no paragraphs", key)
    return Block(tuple(paragraphs), frozenset(needed), frozenset(optional))


def _table(section: Section, types: Mapping[str, str]) -> tuple[tuple[Line, ...], frozenset[str]]:
    lines: list[Line] = []
    names: set[str] = set()
    for number, part in enumerate(section.sections("table"), start=1):
        line = Line(part.text("label"), part.text("value"))
        part.close()
        names |= _known(section, line.value, f"table[{number}]", types)
        lines.append(line)
    return tuple(lines), frozenset(names)


def _known(section: Section, text: Text, key: str, types: Mapping[str, str]) -> frozenset[str]:
    names = placeholders(section, text, key)
    for name in sorted(names - types.keys()):
        section.fault(f"占位符“{name}”不在信函字段表里", f"placeholder {name!r} is no letter field", key)
    return names
