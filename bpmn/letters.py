"""Letters: the wording of what the applicant gets in writing (domain 4.7)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bpmn.reader import Section, placeholders
from bpmn.text import Text

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
class Shared:
    """What all letters share: number pattern, rights, signature block; from `letters/shared.toml`."""

    number: str
    rights: tuple[Paragraph, ...]
    closing: tuple[Paragraph, ...]


def read_field(section: Section) -> LetterField:
    field = LetterField(section.element, section.text("name"), section.string("type"))
    if field.type and field.type not in FIELD_TYPES:
        section.fault(f"没有“{field.type}”这种类型", f"there is no type {field.type!r}", "type")
    return field


def _paragraphs(section: Section, key: str) -> tuple[Paragraph, ...]:
    found = []
    for part in section.sections(key):
        found.append(Paragraph(part.here(), part.maybe_string("when_given")))
        part.close()
    return tuple(found)


def read_shared(rights: Section, closing: Section) -> Shared:
    """The shared blocks: `rights.toml` (paragraphs) and `closing.toml` (number and paragraphs)."""
    shared = Shared(
        closing.string("number"), _paragraphs(rights, "paragraphs"), _paragraphs(closing, "paragraphs")
    )
    for section, blocks in ((rights, shared.rights), (closing, shared.closing)):
        section.string("id", "-")
        section.string("source", "-")
        if not blocks:
            section.fault("没有段落", "there are no paragraphs", "paragraphs")
        section.close()
    return shared


def read_letter(section: Section, shared: Shared, known: Mapping[str, LetterField]) -> Letter:
    """Read one letter file; every placeholder must be a field of `known`."""
    letter_id = section.string("id")
    stem = section.file.rsplit("/", 1)[-1].removesuffix(".toml")
    if letter_id and letter_id != stem:
        section.fault(f"id应为文件名“{stem}”", f"the id should be the file name, {stem!r}", "id")
    title, kind = section.text("title"), section.string("kind")
    section.string("source")
    paragraphs = _paragraphs(section, "paragraphs")
    table = []
    for part in section.sections("table"):
        table.append(Line(part.text("label"), part.text("value")))
        part.close()
    if not paragraphs:
        section.fault("没有段落", "there are no paragraphs", "paragraphs")
    after = _paragraphs(section, "after")
    rights = shared.rights if section.flag("rights", False) else ()
    copies = section.whole("copies", required=False, least=1) or 2
    section.close()
    needed, optional = _placeholders(section, paragraphs + after + shared.closing + rights, table)
    needed |= {"year", "serial", "county_short"}
    types = {name: field.type for name, field in known.items()}
    types |= {f"{name}_words": "words" for name, field in known.items() if field.type == "money"}
    for name in sorted((needed | optional) - types.keys()):
        section.fault(f"占位符“{name}”不在信函字段表里", f"placeholder {name!r} is no letter field", name)
    needed, optional = ({name.removesuffix("_words") for name in names} for names in (needed, optional))
    return Letter(
        id=letter_id,
        title=title,
        number=shared.number,
        kind=kind,
        paragraphs=paragraphs,
        table=tuple(table),
        after=after,
        closing=shared.closing,
        rights=rights,
        fields=frozenset(needed),
        optional=frozenset(optional - needed),
        types=types,
        copies=copies,
    )


def _placeholders(
    section: Section, paragraphs: tuple[Paragraph, ...], table: list[Line]
) -> tuple[set[str], set[str]]:
    needed: set[str] = set()
    optional: set[str] = set()
    for key, text, when_given in _texts(paragraphs, table):
        names = placeholders(section, text, key)
        if when_given:
            optional |= names | {when_given}
        else:
            needed |= names
    return needed, optional


def _texts(paragraphs: tuple[Paragraph, ...], table: list[Line]) -> Iterator[tuple[str, Text, str | None]]:
    for number, paragraph in enumerate(paragraphs, start=1):
        yield f"paragraphs[{number}]", paragraph.text, paragraph.when_given
    for number, line in enumerate(table, start=1):
        yield f"table[{number}]", line.value, None
