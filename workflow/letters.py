"""Write a letter: the wording of the rule book, filled with the values of one case (domain 4.7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bpmn.letters import Letter, Paragraph
from workflow.amounts.figures import in_words
from workflow.register.masking import mask_id


class LetterIncomplete(ValueError):
    """A letter lacks values or has one that cannot be written; `missing` names them."""

    def __init__(self, letter: str, missing: Sequence[str]) -> None:
        super().__init__(f"{letter}: {', '.join(missing)}")
        self.letter, self.missing = letter, tuple(missing)


@dataclass(frozen=True, slots=True)
class Document:
    """A letter ready to be laid out. A numbered list stands inside its paragraph, one item a line."""

    id: str
    title: str
    number: str
    paragraphs: tuple[str, ...]
    table: tuple[tuple[str, str], ...]
    after: tuple[str, ...]
    rights: tuple[str, ...]
    closing: tuple[str, ...]
    copies: int


def write(letter: Letter, fields: Mapping[str, Any], lang: str = "zh") -> Document:
    """Fill a letter. `fields` needs every one of `letter.fields`; more does no harm.

    Money is Decimal or text in yuan, dates are days or ISO text, so that what was kept as JSON
    can be written again. Identity and account numbers are given whole and are masked here.

    Raises:
        LetterIncomplete: naming every value that is missing, or that cannot be written.
    """
    given = {name: value for name, value in fields.items() if value not in (None, "", (), [])}
    absent = sorted(letter.fields - given.keys())
    if absent:
        raise LetterIncomplete(letter.id, absent)
    words = _Words(letter, given, lang)
    return Document(
        id=letter.id,
        title=letter.title(lang),
        number=words.fill_in(letter.number),
        paragraphs=words.all(letter.paragraphs),
        table=tuple((line.label(lang), words.fill_in(line.value(lang))) for line in letter.table),
        after=words.all(letter.after),
        rights=words.all(letter.rights),
        closing=words.all(letter.closing),
        copies=letter.copies,
    )


class _Words(dict[str, str]):
    """Each value written out when a placeholder asks for it."""

    def __init__(self, letter: Letter, given: Mapping[str, Any], lang: str) -> None:
        super().__init__()
        self.letter, self.given, self.lang = letter, given, lang
        self |= {"kind": letter.kind}

    def fill_in(self, wording: str) -> str:
        return wording.format_map(self)

    def all(self, paragraphs: tuple[Paragraph, ...]) -> tuple[str, ...]:
        return tuple(
            self.fill_in(part.text(self.lang))
            for part in paragraphs
            if part.when_given is None or part.when_given in self.given
        )

    def __missing__(self, name: str) -> str:
        kind = self.letter.types[name]
        source = name.removesuffix("_words") if kind == "words" else name
        if source not in self.given:
            raise LetterIncomplete(self.letter.id, [source])
        try:
            self[name] = _written(kind, self.given[source], self.lang)
        except (ValueError, ArithmeticError, TypeError) as fault:
            raise LetterIncomplete(self.letter.id, [source]) from fault
        return self[name]


def _written(kind: str, value: Any, lang: str) -> str:
    match kind:
        case "money":
            amount = f"{Decimal(value):,.2f}".replace("-", "−")
            return f"CNY {amount}" if lang.startswith("en") else f"{amount}元"
        case "words":
            return in_words(Decimal(value))
        case "date":
            day = value if isinstance(value, date) else date.fromisoformat(value)
            return day.isoformat() if lang.startswith("en") else f"{day.year}年{day.month}月{day.day}日"
        case "idnumber":
            return mask_id(value)
        case "account":
            return str(value)[-4:]
        case "list":
            return "\n".join(f"{number}. {item}" for number, item in enumerate(value, start=1))
        case _:
            return str(value)
