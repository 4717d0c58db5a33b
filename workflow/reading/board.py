"""The supervisor's board: open cases by place and standing, each number the length of its list.

A case counts once, by the worst of its open places: overdue before due soon before on time; stopped
only if nothing of it runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, select
from sqlalchemy.orm import aliased

from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.deadlines import Standing
from workflow.house import House
from workflow.permissions import require
from workflow.reading.case_file import holders, today
from workflow.reading.cases import area_of
from workflow.reading.standings import standings
from workflow.store.models import Case, Organisation, Person, Task

Column = Literal["overdue", "soon", "on_time", "paused"]
COLUMNS: Final[tuple[Column, ...]] = ("overdue", "soon", "on_time", "paused")
_RANK: Final[Mapping[Column, int]] = {"overdue": 3, "soon": 2, "on_time": 1, "paused": 0}
_OF_RANK: Final = {rank: column for column, rank in _RANK.items()}
PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One township or village."""

    code: str
    name: str
    numbers: Mapping[Column, int]

    @property
    def total(self) -> int:
        return sum(self.numbers.values())


@dataclass(frozen=True, slots=True)
class Board:
    """`by` says what the lines are; `total` adds them up."""

    by: Literal["township", "village"]
    lines: Sequence[Line]
    total: Line


@dataclass(frozen=True, slots=True)
class Held:
    """A case of a list: its worst open place, and who has to act there."""

    case_id: UUID
    number: str
    person: str
    township: str
    village: str
    step: str
    role: Text
    office: str
    holders: tuple[str, ...]
    waits: bool
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class HeldList:
    items: Sequence[Held]
    total: int
    page: int
    pages: int


def scope(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Which places a reader of the board sees: the area's, or for a clerk only the own seat's.

    Raises:
        NotAllowed: the board is not for this role.
    """
    grant = require(actor, "overdue_board", area=_own_area(actor.org), met={"own_tasks"})
    if "own_tasks" in grant.conditions:
        return (Task.org == actor.org, Task.role == actor.role)
    return (area_of(actor.org),)


def _own_area(org: str) -> str:
    return f"{org[:6]}000000" if org[6:7] == "-" else org


def _worst(actor: Actor, now: datetime) -> Subquery:
    """case id → the highest rank of its open places."""
    rank = case(
        (Task.paused, 0),
        (Task.due_at <= now, 3),
        (Task.warn_at <= now, 2),
        else_=1,
    )
    return (
        select(Task.case_id, func.max(rank).label("rank"))
        .join(Case, Case.id == Task.case_id)
        .where(Task.done_at.is_(None), *scope(actor))
        .group_by(Task.case_id)
        .subquery()
    )


def board(conn: Connection, actor: Actor, now: datetime, township: str = "") -> Board:
    """The numbers by township, or by village within one township; most overdue first."""
    worst = _worst(actor, now)
    by_village = bool(township) or (len(actor.org) == 12 and not actor.org.endswith("000000"))
    place = Case.village if by_village else Case.township
    counted = (
        select(place.label("code"), worst.c.rank, func.count().label("number"))
        .join(worst, worst.c.case_id == Case.id)
        .group_by(place, worst.c.rank)
    )
    if township:
        counted = counted.where(Case.township == township)
    found = counted.subquery()
    rows = conn.execute(
        select(found.c.code, found.c.rank, found.c.number, Organisation.name).join(
            Organisation, Organisation.code == found.c.code
        )
    )
    numbers: dict[tuple[str, str], dict[Column, int]] = {}
    for row in rows:
        numbers.setdefault((row.code, row.name), dict.fromkeys(COLUMNS, 0))[_OF_RANK[row.rank]] = row.number
    lines = [Line(code, name, found) for (code, name), found in numbers.items()]
    lines.sort(key=lambda line: (*(-line.numbers[column] for column in ("overdue", "soon")), line.code))
    total: dict[Column, int] = {column: sum(line.numbers[column] for line in lines) for column in COLUMNS}
    return Board("village" if by_village else "township", lines, Line("", "", total))


def held(
    house: House,
    conn: Connection,
    actor: Actor,
    now: datetime,
    column: Column,
    place: str = "",
    page: int = 1,
) -> HeldList:
    """The cases behind one number of the board: the one that is due first stands first."""
    worst = _worst(actor, now)
    where = [worst.c.rank == _RANK[column]]
    if place:
        where.append(Case.village == place if not place.endswith("000") else Case.township == place)
    base = select(Case.id).join(worst, worst.c.case_id == Case.id).where(*where)
    total = conn.scalar(select(func.count()).select_from(base.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    first = _first_place(actor, now, column)
    keys = (
        select(first.c.case_id, first.c.id)
        .join(worst, and_(worst.c.case_id == first.c.case_id, worst.c.rank == _RANK[column]))
        .join(Case, Case.id == first.c.case_id)
        .where(first.c.place == 1, *where)
        .order_by(first.c.due_at, first.c.case_id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
        .subquery()
    )
    return HeldList(_items(house, conn, keys, now), total, page, pages)


def _first_place(actor: Actor, now: datetime, column: Column) -> Subquery:
    """Of each case the open place that put it into this column, the next due first (`place` = 1)."""
    conditions = {
        "overdue": and_(~Task.paused, Task.due_at <= now),
        "soon": and_(~Task.paused, Task.warn_at <= now, (Task.due_at.is_(None)) | (Task.due_at > now)),
        "on_time": and_(
            ~Task.paused,
            (Task.warn_at.is_(None)) | (Task.warn_at > now),
            (Task.due_at.is_(None)) | (Task.due_at > now),
        ),
        "paused": Task.paused,
    }
    order = func.row_number().over(partition_by=Task.case_id, order_by=(Task.kind, Task.due_at, Task.id))
    return (
        select(Task.case_id, Task.id, Task.due_at, order.label("place"))
        .join(Case, Case.id == Task.case_id)
        .where(Task.done_at.is_(None), conditions[column], *scope(actor))
        .subquery()
    )


def _items(house: House, conn: Connection, keys: Subquery, now: datetime) -> list[Held]:
    township, office = aliased(Organisation), aliased(Organisation)
    rows = conn.execute(
        select(
            Task.case_id,
            Task.name,
            Task.role,
            Task.org,
            Task.kind,
            Task.clock_id,
            Case.number,
            Person.name.label("person"),
            Organisation.name.label("village"),
            township.name.label("township"),
            office.name.label("office"),
        )
        .join(keys, and_(keys.c.case_id == Task.case_id, keys.c.id == Task.id))
        .join(Case, Case.id == Task.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .join(township, township.code == Case.township)
        .outerjoin(office, office.code == Task.org)
        .order_by(Task.due_at, Task.case_id)
    ).all()
    clocks = standings(house, conn, (row.clock_id for row in rows), now)
    people = holders(conn, {(row.org, row.role) for row in rows if row.kind == "user"}, today(now))
    book: Rulebook = house.rules().rulebook
    return [_held(row, clocks, people, book) for row in rows]


def _held(
    row: Any,
    clocks: Mapping[int, Standing],
    people: Mapping[tuple[str, str], tuple[str, ...]],
    book: Rulebook,
) -> Held:
    role = book.roles[row.role].name if row.role in book.roles else Text(row.role, row.role)
    return Held(
        case_id=row.case_id, number=row.number, person=row.person, township=row.township, village=row.village,
        step=row.name, role=role, office=row.office or row.org, holders=people.get((row.org, row.role), ()),
        waits=row.kind == "wait", standing=clocks.get(row.clock_id),
    )  # fmt: skip
