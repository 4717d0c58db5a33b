"""Search over all cases of a county, for the inspector: in clear columns and whole names, nothing guessed.

A person is found as everywhere by the whole name or the whole identity number, an officer by the whole name
or the login. What was erased is found by nobody's name. Every condition has an index of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, select, union
from sqlalchemy.orm import aliased

from bpmn import Text
from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.errors import FieldFault
from workflow.reading.case_row import shown_name
from workflow.reading.cases import area_of
from workflow.reading.paging import page_of
from workflow.store.models import Account, Case, Flag, Organisation, Person, Task

PAGE: Final = 50
MOST_COUNTED: Final = 10_000
"""Beyond this many only "more than" is told, so that a wide search stays as fast as a narrow one."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is searched for, as it was typed; empty is no condition. Days are ISO, amounts in yuan."""

    number: str = ""
    person: str = ""
    officer: str = ""
    place: str = ""
    state: str = ""
    outcome: str = ""
    least: str = ""
    most: str = ""
    first: str = ""
    last: str = ""
    closed_first: str = ""
    closed_last: str = ""
    rule: str = ""

    @classmethod
    def of(cls, typed: Mapping[str, str]) -> "Sought":
        """From a form. Blanks at the ends count for nothing; in a person's name nowhere."""
        values = {each.name: typed.get(each.name, "").strip() for each in fields(cls)}
        values["person"] = "".join(values["person"].split())
        return cls(**values)

    @property
    def empty(self) -> bool:
        return not any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, slots=True)
class Hit:
    id: UUID
    number: str
    person: str
    township: str
    village: str
    state: str
    outcome: str | None
    aid: Decimal | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Hits:
    """A page, the newest first. `total` stops at MOST_COUNTED + 1."""

    lines: Sequence[Hit]
    total: int
    page: int
    pages: int

    @property
    def more(self) -> bool:
        return self.total > MOST_COUNTED


def faults_of(sought: Sought) -> list[FieldFault]:
    """What cannot be read as an amount or a day."""
    found = []
    for name in ("least", "most"):
        try:
            _amount(getattr(sought, name))
        except (InvalidOperation, ValueError):
            found.append(FieldFault(name, Text("写成数字，单位元，最多两位小数", "A number of yuan")))
    for name in ("first", "last", "closed_first", "closed_last"):
        try:
            _day(getattr(sought, name))
        except ValueError:
            found.append(FieldFault(name, Text("写成日期，例如2026-03-02", "A day, such as 2026-03-02")))
    return found


def search(conn: Connection, actor: Actor, sought: Sought, page: int = 1) -> Hits:
    """One page of the cases of the inspector's county that fit every condition."""
    base = matching(actor, sought)
    counted = select(func.count()).select_from(base.limit(MOST_COUNTED + 1).subquery())
    total = conn.scalar(counted) or 0
    at = page_of(min(total, MOST_COUNTED), page, PAGE)
    keys = base.order_by(Case.opened_at.desc(), Case.id).limit(PAGE).offset(at.skip).subquery()
    township = aliased(Organisation)
    rows = conn.execute(
        select(
            Case.id, Case.number, Case.state, Case.outcome, Case.aid, Case.opened_at, shown_name,
            Organisation.name.label("village"), township.name.label("township"),
        )
        .join(keys, keys.c.id == Case.id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .join(township, township.code == Case.township)
        .order_by(Case.opened_at.desc(), Case.id)
    )  # fmt: skip
    lines = [
        Hit(
            row.id, row.number, row.person, row.township, row.village, row.state, row.outcome,
            row.aid, row.opened_at,
        )
        for row in rows
    ]  # fmt: skip
    return Hits(lines, total, at.number, at.pages)


def matching(actor: Actor, sought: Sought) -> Select[Any]:
    """The ids of the cases that fit, unordered."""
    return select(Case.id).where(area_of(actor.org), *_conditions(sought))


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Case.number, sought.number),
        (Case.state, sought.state),
        (Case.outcome, sought.outcome),
    ):
        if value:
            found.append(column == value)
    if sought.person:
        named = union(
            select(Person.id).where(Person.name == sought.person),
            select(Person.id).where(Person.id_number == sought.person.upper()),
        )
        found += [Case.applicant_id.in_(named), Case.erased_at.is_(None)]
    if sought.officer:
        found.append(Case.id.in_(_handled_by(sought.officer)))
    if sought.place:
        found.append((Case.township if sought.place.endswith("000") else Case.village) == sought.place)
    if (least := _amount(sought.least)) is not None:
        found.append(Case.aid >= least)
    if (most := _amount(sought.most)) is not None:
        found.append(Case.aid <= most)
    found += _between(Case.opened_at, sought.first, sought.last)
    found += _between(Case.closed_at, sought.closed_first, sought.closed_last)
    if sought.rule:
        flagged = select(Flag.case_id).where(
            Flag.rule == sought.rule, Flag.gone_at.is_(None), Flag.case_id.is_not(None)
        )
        found.append(Case.id.in_(flagged))
    return found


def _handled_by(officer: str) -> Any:
    """The cases in which this officer did a step, or which they registered."""
    people = union(
        select(Account.id).where(Account.name == officer), select(Account.id).where(Account.login == officer)
    ).scalar_subquery()
    return union(
        select(Task.case_id).where(Task.done_account.in_(people)),
        select(Case.id).where(Case.opened_by.in_(people)),
    )


def _between(column: Any, first: str, last: str) -> list[ColumnElement[bool]]:
    begin, end = _day(first), _day(last)
    found = []
    if begin is not None:
        found.append(column >= datetime.combine(begin, time(), SHANGHAI))
    if end is not None:
        found.append(column < datetime.combine(end + timedelta(days=1), time(), SHANGHAI))
    return found


def _amount(typed: str) -> Decimal | None:
    """Yuan, to the fen. Raises InvalidOperation, ValueError."""
    if not typed:
        return None
    amount = Decimal(typed.replace(",", "").replace("，", ""))
    if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")) or abs(amount) > 10**12:
        raise ValueError(typed)
    return amount


def _day(typed: str) -> date | None:
    """Raises ValueError."""
    return date.fromisoformat(typed) if typed else None


def places(conn: Connection, actor: Actor) -> Sequence[tuple[str, str, Sequence[tuple[str, str]]]]:
    """(code, name, its villages) of every township of the inspector's county."""
    county = f"{actor.org[:6]}000000"
    rows = conn.execute(
        select(Organisation.code, Organisation.name, Organisation.parent, Organisation.level)
        .where(Organisation.level.in_(("township", "village")), Organisation.code.startswith(county[:6]))
        .order_by(Organisation.code)
    ).all()
    villages: dict[str | None, list[tuple[str, str]]] = {}
    for row in rows:
        if row.level == "village":
            villages.setdefault(row.parent, []).append((row.code, row.name))
    return [(r.code, r.name, villages.get(r.code, ())) for r in rows if r.level == "township"]
