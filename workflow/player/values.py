"""What was known of a case after each entry, value by value: what each said before, who wrote it and when.

Values in clear are the engine's own variables. What people typed stands in the log only as a commitment: it
is shown where the reader has opened the case, and named as closed, erased or gone where not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from audit.vault import commitment
from bpmn import Field, Form, Rulebook, Text
from bpmn.tables import VariableRow
from workflow.evidence.documents import LETTER, SHEET
from workflow.player.film import Frame
from workflow.reading.said import in_words, yuan
from workflow.reading.timeline import form_of
from workflow.reading.words import NO, OTHER, YES
from workflow.rules import Rules

State = Literal["clear", "opened", "closed", "erased", "gone", "wrong"]
"""`gone`: missing without an erasure; `wrong`: not what the entry commits to."""
NOT_DATA: Final = ("paper.", "attach.", LETTER, SHEET)
NOTHING: Final = Text("—", "—")


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it may be shown. `erased_by` counts entries from 1."""

    state: State
    text: Text = NOTHING
    erased_by: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A value as it stood, and the number of the entry that wrote it."""

    name: str
    label: Text
    value: Shown
    number: int


@dataclass(frozen=True, slots=True)
class Change:
    """A value that an entry has written: `old` is None where nothing stood there before.

    `again`: it is sealed, so that nobody who has not opened the case can say whether it is another one.
    """

    name: str
    label: Text
    old: Line | None
    new: Shown

    @property
    def again(self) -> bool:
        states = {self.new.state, self.old.value.state if self.old else self.new.state}
        return self.old is not None and not states <= {"clear", "opened"}


class Sealed:
    """What of a case's sealed values can be shown to one reader.

    `given`: entry → field → (salt, value), as far as there is anything; `opened`: this reader may see them;
    `erased`: [(up to which entry, which fields, by which entry)]; `closed`: entry → fields kept from the
    reader.
    """

    def __init__(
        self,
        given: Mapping[int, Mapping[str, tuple[bytes, Any]]],
        *,
        opened: bool,
        erased: Sequence[tuple[int, frozenset[str], int]] = (),
        closed: Mapping[int, frozenset[str]] | None = None,
    ) -> None:
        self.given, self.opened, self.erased, self.closed = given, opened, erased, closed or {}

    def shown(self, seq: int, name: str, commit: str, field: Field | None) -> Shown:
        by = min((by for through, names, by in self.erased if seq <= through and name in names), default=None)
        if by is not None:
            return Shown("erased", erased_by=by + 1)
        if not self.opened or name in self.closed.get(seq, ()):
            return Shown("closed")
        if name not in self.given.get(seq, {}):
            return Shown("gone")
        salt, value = self.given[seq][name]
        if commitment(salt, name, value) != commit:
            return Shown("wrong")
        if value in ("", None, []):
            return Shown("opened")
        return Shown("opened", in_words(field, value) if field is not None else _plain(value))

    def digest(self, seq: int, name: str, commit: str) -> str | None:
        """The fingerprint of a paper, letter or sheet that an entry commits to, if it is there and true."""
        salt, value = self.given.get(seq, {}).get(name, (b"", None))
        if not isinstance(value, str) or commitment(salt, name, value) != commit:
            return None
        return value


def followed(
    frames: Sequence[Frame], rules: Mapping[str, Rules], sealed: Sealed
) -> Iterator[tuple[Mapping[tuple[str, Text], Line], list[Change]]]:
    """For each frame all values as they stood after it, and what it has written."""
    known: dict[tuple[str, Text], Line] = {}
    for frame in frames:
        changes: list[Change] = []
        for name, label, value in _values(frame, rules, sealed):
            key = (name, label)
            old = known.get(key)
            if old is None and value.state in ("clear", "opened") and value.text == NOTHING:
                continue
            if old is None or value.state not in ("clear", "opened") or old.value.text != value.text:
                changes.append(Change(name, label, old, value))
            known[key] = Line(name, label, value, frame.number)
        yield known, changes


def _values(frame: Frame, rules: Mapping[str, Rules], sealed: Sealed) -> Iterator[tuple[str, Text, Shown]]:
    entry = frame.entry
    if entry is None:
        return
    known = rules.get(entry["rule"])
    form = form_of(known, entry) if known is not None else None
    for name, (_, new) in frame.written.items():
        label, text = told(known, form, name, new)
        yield name, label, Shown("clear", text)
    fields = {field.id: field for field in form.fields} if form else {}
    for name, commit in entry["commit"].items():
        if name.startswith(NOT_DATA):
            continue
        field = fields.get(name)
        label = field.label if field is not None else OTHER.get(name, Text(name, name))
        yield name, label, sealed.shown(frame.seq, name, commit, field)


def told(rules: Rules | None, form: Form | None, name: str, value: Any) -> tuple[Text, Text]:
    """A variable of the engine in words: what it is called, what it says."""
    own = (
        next((field for field in form.fields if field.variable and field.name == name), None)
        if form
        else None
    )
    if own is not None:
        return own.label, NOTHING if value is None else in_words(own, value)
    if rules is None:
        return Text(name, name), _plain(value)
    row = rules.rulebook.variables.get(name)
    if row is None:
        field = _asked(rules.rulebook).get(name)
        if field is None:
            return Text(name, name), _plain(value)
        return field.label, NOTHING if value is None else in_words(field, value)
    if isinstance(value, str):
        return row.name, _named(rules, row, value)
    if name.endswith("_fen") and isinstance(value, int):
        return row.name, yuan(value)
    return row.name, _plain(value)


def _named(rules: Rules, row: VariableRow, code: str) -> Text:
    """A code in words: as the variable itself lists it, or the name of what it stands for."""
    book = rules.rulebook
    if code in row.values:
        return row.values[code]
    if code in book.states:
        return book.states[code].name
    if row.id.endswith("category") and code in rules.categories:
        return rules.categories[code]
    if code in rules.policies:
        return rules.policies[code].title
    if code in book.limits:
        return book.limits[code].name
    return book.letters[code].title if code in book.letters else _plain(code)


def _asked(book: Rulebook) -> Mapping[str, Field]:
    """Variable → the first question that gives it."""
    fields = [(f.name, f) for form in book.forms.values() for f in form.fields if f.variable]
    return dict(reversed(fields))


def _plain(value: Any) -> Text:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return YES if value else NO
        case str() | int() | float():
            return Text(str(value), str(value))
        case list() if all(isinstance(one, str | int) for one in value):
            joined = "、".join(map(str, value)) or "—"
            return Text(joined, joined)
        case _:
            told = orjson.dumps(value).decode()
            return Text(told, told)
