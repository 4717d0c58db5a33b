"""A seat's open work, by due date, with exact counts; fast at 100,000 open tasks.

Counts come from one pass over the covering index. A page first takes its rows' keys from the same
index, in the index's own order, and joins names only to those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import aliased

from workflow.deadlines import SHANGHAI, Standing
from workflow.house import House
from workflow.reading.standings import standings
from workflow.store.models import Case, Organisation, Person, Task

PAGE = 50
Filter = Literal["all", "overdue", "soon", "on_time", "paused"]
FILTERS: tuple[Filter, ...] = ("all", "overdue", "soon", "on_time", "paused")
Status = Literal["on_time", "due_soon", "overdue", "paused"]


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One row: which case, which step, until when, and how it stands."""

    case_id: UUID
    task_id: int
    number: str
    person: str
    township: str
    village: str
    name: str
    node: str
    state: str
    opened_at: datetime
    warn_at: datetime | None
    due_at: datetime | None
    status: Status
    relative: bool
    aid: Decimal | None
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open tasks there are: each number is the length of the list of the same name."""

    all: int
    overdue: int
    soon: int
    paused: int

    @property
    def on_time(self) -> int:
        return self.all - self.overdue - self.soon - self.paused

    def of(self, chosen: Filter) -> int:
        return int(getattr(self, chosen))


@dataclass(frozen=True, slots=True)
class Worklist:
    items: Sequence[WorkItem]
    counts: Counts
    page: int
    pages: int


def status_of(paused: bool, warn_at: datetime | None, due_at: datetime | None, now: datetime) -> Status:
    if paused:
        return "paused"
    if due_at is not None and due_at <= now:
        return "overdue"
    if warn_at is not None and warn_at <= now:
        return "due_soon"
    return "on_time"


def condition(chosen: Filter, now: datetime) -> ColumnElement[bool] | None:
    """The filter as a condition on `Task`; counts use the same one, so they open exactly what they count."""
    running = not_(Task.paused)
    match chosen:
        case "overdue":
            return and_(running, Task.due_at <= now)
        case "soon":
            return and_(running, or_(Task.due_at.is_(None), Task.due_at > now), Task.warn_at <= now)
        case "on_time":
            return and_(
                running,
                or_(Task.due_at.is_(None), Task.due_at > now),
                or_(Task.warn_at.is_(None), Task.warn_at > now),
            )
        case "paused":
            return Task.paused.is_(True)
        case _:
            return None


def mine(org: str, role: str) -> tuple[ColumnElement[bool], ...]:
    return (Task.org == org, Task.role == role, Task.kind == "user", Task.done_at.is_(None))


def counts(conn: Connection, org: str, role: str, now: datetime) -> Counts:
    row = conn.execute(
        select(
            func.count().label("all"),
            *(
                func.coalesce(func.sum(case((condition(name, now), 1), else_=0)), 0).label(name)  # type: ignore[arg-type]
                for name in ("overdue", "soon", "paused")
            ),
        ).where(*mine(org, role))
    ).one()
    return Counts(row.all, row.overdue, row.soon, row.paused)


def worklist(
    house: House,
    conn: Connection,
    org: str,
    role: str,
    now: datetime,
    *,
    chosen: Filter = "all",
    page: int = 1,
    size: int = PAGE,
) -> Worklist:
    """The open tasks of a seat, the next one due first. A page beyond the last is the last."""
    found = counts(conn, org, role, now)
    pages = max(1, -(-found.of(chosen) // size))
    page = min(max(1, page), pages)
    wanted = condition(chosen, now)
    keys = (
        select(Task.case_id, Task.id)
        .where(*mine(org, role), *(() if wanted is None else (wanted,)))
        .order_by(Task.due_at, Task.warn_at, Task.paused, Task.case_id, Task.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = conn.execute(shown(keys)).all()
    standing = standings(house, conn, (row.clock_id for row in rows), now)
    return Worklist([item(row, now, standing.get(row.clock_id)) for row in rows], found, page, pages)


def shown(keys: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """What a row shows, for the tasks whose keys are given, in the same order."""
    page = keys.subquery()
    township = aliased(Organisation)
    return (
        select(
            Task.case_id, Task.id, Task.name, Task.node, Task.state, Task.opened_at, Task.warn_at,
            Task.due_at, Task.paused, Task.clock_id, Case.number, Case.relative,
            Case.aid, Person.name.label("person"),
            Organisation.name.label("village"), township.name.label("township"),
        )
        .join(page, and_(page.c.case_id == Task.case_id, page.c.id == Task.id))
        .join(Case, Case.id == Task.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .join(township, township.code == Case.township)
        .order_by(Task.due_at, Task.warn_at, Task.paused, Task.case_id, Task.id)
    )  # fmt: skip


def item(row: Any, now: datetime, standing: Standing | None) -> WorkItem:
    return WorkItem(
        case_id=row.case_id, task_id=row.id, number=row.number, person=row.person, township=row.township,
        village=row.village, name=row.name, node=row.node, state=row.state, opened_at=row.opened_at,
        warn_at=row.warn_at, due_at=row.due_at, status=status_of(row.paused, row.warn_at, row.due_at, now),
        relative=row.relative, aid=row.aid, standing=standing,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done:
    """A step this person has finished today."""

    case_id: UUID
    number: str
    person: str
    name: str
    at: datetime


def done_today(conn: Connection, account_id: int, now: datetime) -> list[Done]:
    """What one person has finished since midnight, the newest first."""
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    rows = conn.execute(
        select(Task.case_id, Task.name, Task.done_at, Case.number, Person.name.label("person"))
        .join(Case, Case.id == Task.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .where(Task.done_account == account_id, Task.done_at >= midnight)
        .order_by(Task.done_at.desc(), Task.case_id)
        .limit(PAGE)
    )
    return [Done(row.case_id, row.number, row.person, row.name, row.done_at) for row in rows]


def first_keys(conn: Connection, org: str, role: str, number: int) -> list[tuple[UUID, int]]:
    """The keys of the first open tasks of a seat, the next one due first."""
    rows = conn.execute(
        select(Task.case_id, Task.id)
        .where(*mine(org, role))
        .order_by(Task.due_at, Task.warn_at, Task.paused, Task.case_id, Task.id)
        .limit(number)
    )
    return [(row.case_id, row.id) for row in rows]
