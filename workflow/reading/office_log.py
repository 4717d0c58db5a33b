"""The log beside the cases, in words: seats and leaves, rules and calendars, keys and the log itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, LargeBinary, func, literal, or_, select

from audit import SYSTEM_CHAIN, canonical
from audit.driver import on_postgresql
from audit.tables import audit_entry
from bpmn import Rulebook, Text
from workflow.reading.office_words import FACTS, GROUPS, KINDS
from workflow.reading.paging import page_of
from workflow.reading.timeline import names_of

PAGE: Final = 50
PERSONS: Final = frozenset({"account", "substitute", "proposed_by", "released_by", "approved_by"})
"""Facts that are the number of an account."""
SHORT: Final = 12
"""Characters of a digest that are shown."""
_e = audit_entry.c


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing an entry says; `code` is what stands there for a machine, to be shown as such."""

    name: Text
    value: Text | str
    code: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: number in its chain, what happened, by whom (nobody: the program itself, or a command on
    the server).
    """

    seq: int
    at: datetime
    what: Text
    person: str
    role: Text | None
    office: str
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class OfficeLog:
    lines: Sequence[Line]
    total: int
    page: int
    pages: int


def office_log(conn: Connection, book: Rulebook, group: str, page: int) -> OfficeLog:
    """A page of it, the newest first. `group`: one of GROUPS; any other means all but the time records."""
    chosen = (_e.chain == SYSTEM_CHAIN, _of(conn, group))
    total = conn.scalar(select(func.count()).select_from(audit_entry).where(*chosen)) or 0
    at = page_of(total, page, PAGE)
    newest = select(_e.seq, _e.bytes).where(*chosen).order_by(_e.seq.desc()).limit(PAGE).offset(at.skip)
    entries = [(row.seq, canonical.decode_strict(row.bytes)) for row in conn.execute(newest)]
    names = names_of(conn, {number for _, entry in entries for number in _persons(entry)})
    return OfficeLog([_line(book, names, seq, entry) for seq, entry in entries], total, at.number, at.pages)


def _of(conn: Connection, group: str) -> ColumnElement[bool]:
    """Entries of a group. The kind stands in the bytes; inside a text its quotes would be escaped."""
    if group in GROUPS:
        return or_(*(_holds(conn, kind) for kind in GROUPS[group].kinds))
    return ~_holds(conn, "tick")


def _holds(conn: Connection, kind: str) -> ColumnElement[bool]:
    wanted = literal(f'"type":"{kind}"'.encode(), LargeBinary)
    if on_postgresql(conn):
        return func.position(wanted.op("IN")(_e.bytes)) > 0
    return func.instr(_e.bytes, wanted) > 0


def _persons(entry: Mapping[str, Any]) -> Iterator[int]:
    yield entry["actor"]["id"]
    for name in PERSONS & entry["vars"].keys():
        if isinstance(entry["vars"][name], int):
            yield entry["vars"][name]


def _line(book: Rulebook, names: Mapping[int, str], seq: int, entry: Mapping[str, Any]) -> Line:
    actor, facts = entry["actor"], entry["vars"]
    told = [name for name in (*FACTS, *sorted(facts.keys() - FACTS.keys())) if facts.get(name) is not None]
    return Line(
        seq=seq,
        at=datetime.fromisoformat(entry["at_claimed"]),
        what=KINDS.get(entry["type"], Text(entry["type"], entry["type"])),
        person=names.get(actor["id"], ""),
        role=book.roles[actor["role"]].name if actor["role"] in book.roles else None,
        office=actor["org"],
        facts=[_fact(book, names, name, facts[name]) for name in told],
    )


def _fact(book: Rulebook, names: Mapping[int, str], name: str, value: Any) -> Fact:
    label = FACTS.get(name, Text(name, name))
    if name in PERSONS and value in names:
        return Fact(label, names[value], False)
    if name == "role" and value in book.roles:
        return Fact(label, book.roles[value].name, False)
    if isinstance(value, list | dict):
        return Fact(label, str(len(value)), False)
    told = str(value)
    return Fact(label, told[:SHORT] + "…" if len(told) > 4 * SHORT else told, True)
