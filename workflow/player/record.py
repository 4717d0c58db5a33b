"""A case as it is recorded, wherever the record comes from: the office's database or an evidence bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from bpmn import Text
from workflow.deadlines import Calendar
from workflow.errors import NotFound
from workflow.player.film import Film
from workflow.player.values import Sealed
from workflow.replay import IMPOSSIBLE, Books
from workflow.rules import Rules

Held = Literal["held", "gone", "closed", "erased"]


@dataclass(frozen=True, slots=True)
class PaperThen:
    """A paper that entry `seq` has brought. `size` in bytes; `link` is its number in the database."""

    seq: int
    name: Text
    size: int
    digest: str | None
    state: Held
    link: int | None = None


@dataclass(frozen=True, slots=True)
class SheetThen:
    """A calculation that entry `seq` has made. `aid` in yuan; `fits`: it is the one that the entry has
    sealed, None where that cannot be told.
    """

    seq: int
    policy: str
    aid: Decimal
    sheets: Sequence[Mapping[str, Any]]
    fits: bool | None


@dataclass(frozen=True, slots=True)
class LetterThen:
    """A letter that entry `seq` has issued. `link` is its number in the database."""

    seq: int
    title: Text
    number: str
    link: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt that was refused: in the log of reads, beside the case."""

    at: datetime
    person: str
    role: Text
    action: str
    rule: str


@dataclass
class Record:
    """Everything there is of one case. `notes` say what is wrong with the record as a whole or missing in it.

    `people`: account → name; `offices`: office as the log names it → name; both empty without a database.
    """

    case_id: UUID
    number: str
    books: Books
    encoded: Sequence[bytes | None]
    film: Film
    sealed: Sealed
    calendar: Calendar
    papers: Sequence[PaperThen] = ()
    sheets: Sequence[SheetThen] = ()
    letters: Sequence[LetterThen] = ()
    refused: Sequence[Refused] = ()
    people: Mapping[int, str] = field(default_factory=dict)
    offices: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()
    _rules: dict[str, Rules | None] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Record of {self.number}"

    def rules(self, digest: str) -> Rules | None:
        """The rule book of that digest, or None: it is missing, or was changed."""
        if digest not in self._rules:
            try:
                self._rules[digest] = self.books.rules(digest)
            except (NotFound, *IMPOSSIBLE):
                self._rules[digest] = None
        return self._rules[digest]

    @property
    def known_rules(self) -> Mapping[str, Rules]:
        """The rule books of all entries, as far as they are there."""
        named = {frame.entry["rule"] for frame in self.film.frames if frame.entry is not None}
        return {digest: rules for digest in named if (rules := self.rules(digest)) is not None}
