"""A seat's open work, by due date, with exact counts; fast at 100,000 open tasks.

Counts come from the narrowest index there is; the few steps that a supervisor has handed to other seats
are taken off afterwards. A page first takes its rows' keys from such an index, in the index's own
order, and joins names only to those.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from workflow.actor import Actor
from workflow.deadlines import SHANGHAI, Standing
from workflow.house import House
from workflow.reading.case_row import shown_name
from workflow.reading.paging import page_of
from workflow.reading.standings import CLOCK, standing_beside
from workflow.store.models import Case, Clock, Organisation, Person, Task
from workflow.store.prepared import Prepared

PAGE = 30
Filter = Literal["all", "overdue", "soon", "on_time", "paused"]
FILTERS: tuple[Filter, ...] = ("all", "overdue", "soon", "on_time", "paused")
Text = str | SQLColumnExpression[str]
Moment = datetime | ColumnElement[Any]
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

    @property
    def last_days(self) -> list[date]:
        """The last day of each limit in the list."""
        return [item.standing.due.day for item in self.items if item.standing is not None]


def status_of(paused: bool, warn_at: datetime | None, due_at: datetime | None, now: datetime) -> Status:
    if paused:
        return "paused"
    if due_at is not None and due_at <= now:
        return "overdue"
    if warn_at is not None and warn_at <= now:
        return "due_soon"
    return "on_time"


def condition(chosen: Filter, now: Moment) -> ColumnElement[bool]:
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
            return true()


def seat_of(actor: Actor) -> dict[str, Any]:
    """Whose worklist: the office, the role, the seat, and the seat it stands for (SD-10)."""
    covers = actor.seat_id if actor.stands_for is None else actor.stands_for
    return {"org": actor.org, "role": actor.role, "seat": actor.seat_id, "covers": covers}


def mine(org: Text, role: Text) -> tuple[ColumnElement[bool], ...]:
    """The open work of a seat. `kind` as a literal: a partial index is not found by a value given later."""
    return (Task.org == org, Task.role == role, Task.kind == literal_column("'user'"), Task.done_at.is_(None))


def _for_me() -> ColumnElement[bool]:
    """Handed to nobody, or to this seat."""
    handed = Task.assigned_seat
    return or_(handed.is_(None), handed == bindparam("seat"), handed == bindparam("covers"))


def _counting() -> Select[Any]:
    """One pass over a narrow index in three ranges; besides, only what is late is looked at.

    The same conditions as the filters, taken apart: of those warned about, all that are not late are due
    soon. Ranges and no condition with OR, which would look at every entry twice.
    """
    now = bindparam("now", type_=Task.due_at.type)
    running, warned = not_(Task.paused), Task.warn_at <= now
    work = select(func.count()).select_from(Task).where(*mine(bindparam("org"), bindparam("role")))
    ranges = {
        "warned": work.where(running, warned),
        "calm": work.where(running, Task.warn_at > now),
        "unwarned": work.where(running, Task.warn_at.is_(None)),
        "paused": work.where(Task.paused.is_(True)),
    }
    # whether it runs is no condition here: SQLite would look for it in an index without the due date
    late = (
        select(
            func.count().filter(running).label("all"), func.count().filter(running, warned).label("warned")
        )
        .where(*mine(bindparam("org"), bindparam("role")), Task.due_at <= now)
        .subquery()
    )
    counted = [each.scalar_subquery().label(name) for name, each in ranges.items()]
    return select(late.c.all.label("overdue"), late.c.warned.label("overdue_warned"), *counted)


_COUNTS = Prepared(_counting())


_ELSEWHERE = Prepared(
    select(Task.paused, Task.warn_at, Task.due_at).where(
        *mine(bindparam("org"), bindparam("role")), Task.assigned_seat.is_not(None), not_(_for_me())
    )
)


def counts(conn: Connection, actor: Actor, now: datetime) -> Counts:
    """How many open tasks a seat has, exactly."""
    row = _COUNTS.first(conn, {"org": actor.org, "role": actor.role, "now": now})
    everything = row.warned + row.calm + row.unwarned + row.paused
    soon = row.warned - row.overdue_warned
    found = Counter({"overdue": row.overdue, "due_soon": soon, "paused": row.paused})
    for other in _ELSEWHERE.all(conn, seat_of(actor)):
        found[status_of(other.paused, other.warn_at, other.due_at, now)] -= 1
        everything -= 1
    return Counts(everything, found["overdue"], found["due_soon"], found["paused"])


def worklist(
    house: House,
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    chosen: Filter = "all",
    page: int = 1,
    size: int = PAGE,
) -> Worklist:
    """The open tasks of a seat, the next one due first. A page beyond the last is the last."""
    found = counts(conn, actor, now)
    at = page_of(found.of(chosen), page, size)
    wanted = {**seat_of(actor), "now": now, "size": size, "skip": at.skip}
    rows = _page(chosen).all(conn, wanted)
    items = [item(row, now, standing_beside(house, row, now)) for row in rows]
    return Worklist(items, found, at.number, at.pages)


@cache
def _page(chosen: Filter) -> Prepared:
    """The rows of one page of a filter; the statement is made once."""
    wanted = condition(chosen, bindparam("now", type_=Task.due_at.type))
    return Prepared(
        shown(
            select(Task.case_id, Task.id)
            .where(
                *mine(bindparam("org"), bindparam("role")),
                _for_me(),
                wanted,
            )
            .order_by(Task.due_at, Task.warn_at, Task.paused, Task.case_id, Task.id)
            .limit(bindparam("size", type_=Integer()))
            .offset(bindparam("skip", type_=Integer()))
        )
    )


def shown(keys: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """What a row shows, for the tasks whose keys are given, in the same order."""
    page = keys.subquery()
    township = aliased(Organisation)
    return (
        select(
            Task.case_id, Task.id, Task.name, Task.node, Task.state, Task.opened_at, Task.warn_at,
            Task.due_at, Task.paused, Task.clock_id, Case.number, Case.relative,
            Case.aid, Person.name.label("person"),
            Organisation.name.label("village"), township.name.label("township"), *CLOCK,
        )
        .join(page, and_(page.c.case_id == Task.case_id, page.c.id == Task.id))
        .join(Case, Case.id == Task.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .join(township, township.code == Case.township)
        .outerjoin(Clock, Clock.id == Task.clock_id)
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


_DONE = Prepared(
    select(Task.case_id, Task.name, Task.done_at, Case.number, shown_name)
    .join(Case, Case.id == Task.case_id)
    .join(Person, Person.id == Case.applicant_id)
    .where(Task.done_account == bindparam("account"), Task.done_at >= bindparam("since"))
    .order_by(Task.done_at.desc(), Task.case_id)
    .limit(bindparam("size", type_=Integer()))
)


def done_today(conn: Connection, account_id: int, now: datetime) -> list[Done]:
    """What one person has finished since midnight, the newest first."""
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    rows = _DONE.all(conn, {"account": account_id, "since": midnight, "size": PAGE})
    return [Done(row.case_id, row.number, row.person, row.name, row.done_at) for row in rows]


_FIRST = Prepared(
    select(Task.case_id, Task.id)
    .where(*mine(bindparam("org"), bindparam("role")), _for_me())
    .order_by(Task.due_at, Task.warn_at, Task.paused, Task.case_id, Task.id)
    .limit(bindparam("size", type_=Integer()))
)


def first_keys(conn: Connection, actor: Actor, number: int) -> list[tuple[UUID, int]]:
    """The keys of the first open tasks of a seat, the next one due first."""
    rows = _FIRST.all(conn, {**seat_of(actor), "size": number})
    return [(row.case_id, row.id) for row in rows]
