"""The evidence of a red flag as it is read: each column of the rule's row by its name, in words or links."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from bpmn import Rulebook, Text
from bpmn.flags import Rule
from workflow.flags.checking import CASE, SEQ, label_of
from workflow.house import House
from workflow.store.models import Account, Case, Organisation

UNITS: Final[Mapping[str, Text]] = {
    "wd": Text("工作日", "working days"),
    "d": Text("日", "days"),
    "h": Text("小时", "hours"),
}
_OFFICER = re.compile(r".*_by|actor_id|account_id|investigator|substitute_id|by_account")
_TOKEN = re.compile(r"([0-9a-f]{32}):(\d+)")
CUT: Final = 400
"""Where rules cut off a list of entries; the last one may then be only half there."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of a case (`n` counts from 1), or a case."""

    case_id: UUID
    number: str
    n: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    label: Text
    value: Text | None
    links: Sequence[Link] = ()


def evidence_of(house: House, conn: Connection, rule: Rule | None, row: Any) -> list[Evidence]:
    """What a flag rests on, in the order of the rule's columns. `row`: of the table of flags."""
    told: Mapping[str, Any] = row.evidence
    entries = str(told.get("entries") or "")
    tokens = _TOKEN.findall(entries)[: -1 if len(entries) >= CUT else None]
    others = {str(value) for name, value in told.items() if value and CASE.fullmatch(name)}
    wanted = {UUID(hex=each) for each in others | {one for one, _ in tokens} if len(each) == 32}
    wanted |= {row.case_id} if row.case_id else set()
    numbers = _pairs(conn, select(Case.id, Case.number).where(Case.id.in_(wanted)))
    officers = {value for name, value in told.items() if _OFFICER.fullmatch(name) and isinstance(value, int)}
    names = _pairs(conn, select(Account.id, Account.name).where(Account.id.in_(officers)))
    orgs = {_whole(str(told["org"]))} if told.get("org") else set()
    places = _pairs(conn, select(Organisation.code, Organisation.name).where(Organisation.code.in_(orgs)))
    shown = _Shown(house.rules().rulebook, numbers, names, places, row.case_id, told)
    found = []
    for name, value in told.items():
        label = (label_of(rule, name) if rule else None) or Text(name, name)
        if name == "entries":
            links = [shown.link(UUID(hex=each), int(seq)) for each, seq in tokens]
            found.append(Evidence(label, None, [each for each in links if each]))
        else:
            found.append(shown.evidence(name, label, value))
    return found


def _pairs(conn: Connection, asked: Any) -> dict[Any, str]:
    return {row[0]: row[1] for row in conn.execute(asked)}


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a value of evidence is shown, by the name of its column."""

    book: Rulebook
    numbers: Mapping[UUID, str]
    names: Mapping[int, str]
    places: Mapping[str, str]
    case_id: UUID | None
    told: Mapping[str, Any]

    def link(self, case_id: UUID | None, seq: int | None) -> Link | None:
        number = self.numbers.get(case_id) if case_id else None
        return Link(case_id, number, None if seq is None else seq + 1) if case_id and number else None

    def evidence(self, name: str, label: Text, value: Any) -> Evidence:
        if value is None:
            return Evidence(label, None)
        if SEQ.fullmatch(name) and isinstance(value, int):
            other = self.told.get(f"{name[:-3]}case_id") if name != "seq" else None
            link = self.link(UUID(hex=other) if other else self.case_id, value)
            return Evidence(label, None if link else _plain(value), [link] if link else ())
        if CASE.fullmatch(name):
            link = self.link(UUID(hex=value), None)
            return Evidence(label, None if link else _plain(value[:8]), [link] if link else ())
        return Evidence(label, self._words(name, value))

    def _words(self, name: str, value: Any) -> Text:
        book = self.book
        if name.endswith("_fen"):
            return _plain(f"{Decimal(value).scaleb(-2):,.2f}")
        if name.endswith("due_at") or name.startswith("due_"):
            return _plain(_until(str(value)))
        if _OFFICER.fullmatch(name):
            return _plain(self.names.get(value, value))
        if name == "org":
            return _plain(self.places.get(_whole(value), value))
        if name == "limit_unit":
            return UNITS.get(value, _plain(value))
        if name == "limit_id" and value in book.limits:
            return book.limits[value].name
        if name == "role" and value in book.roles:
            return book.roles[value].name
        if name.endswith(("_hash", "digest", "sha256")):
            return _plain(f"{value[:16]}")
        return _plain(value)


def _until(at: str) -> str:
    """An end at midnight is the end of the day before."""
    if not at.endswith(" 00:00:00"):
        return at
    return f"{date.fromisoformat(at[:10]) - timedelta(days=1)} 24:00"


def _whole(org: str) -> str:
    """The log names of a village only its township, by nine digits."""
    return f"{org}000" if len(org) == 9 and org.isdigit() else org


def _plain(value: Any) -> Text:
    return Text(str(value), str(value))
