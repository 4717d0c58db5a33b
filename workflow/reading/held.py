"""The list behind a number of the board: which places of which cases, who has to act, until when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Integer, and_, bindparam, select
from sqlalchemy.orm import aliased

from workflow.actor import Actor
from workflow.deadlines import Standing
from workflow.house import House
from workflow.reading.board import NOW, STATEMENTS, Sight, Wanted, chosen, sight
from workflow.reading.case_file import today
from workflow.reading.paging import page_of
from workflow.reading.seats import desk_code, people_at, seat_code
from workflow.reading.standings import CLOCK, standing_beside
from workflow.reading.worklist import condition
from workflow.store.models import Case, Clock, Organisation, Person, Task
from workflow.store.prepared import Prepared

PAGE: Final = 30
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Held:
    """One open place of a case, and who has to act there."""

    case_id: UUID
    task_id: int
    number: str
    person: str
    township: str
    village: str
    step: str
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


def held(
    house: House, conn: Connection, actor: Actor, now: datetime, wanted: Wanted, total: int, page: int = 1
) -> HeldList:
    """One page of the list that was chosen, the next due first. `total`: what the board says of it."""
    at = page_of(total, page, PAGE)
    return HeldList(_slice(house, conn, actor, now, wanted, PAGE, at.skip), total, at.number, at.pages)


def all_held(
    house: House, conn: Connection, actor: Actor, now: datetime, wanted: Wanted, most: int
) -> Iterator[Held]:
    """The whole list in the same order, read in batches; at most so many."""
    for start in range(0, most, BATCH):
        batch = _slice(house, conn, actor, now, wanted, min(BATCH, most - start), start)
        yield from batch
        if len(batch) < BATCH:
            return


def _slice(
    house: House, conn: Connection, actor: Actor, now: datetime, wanted: Wanted, size: int, skip: int
) -> list[Held]:
    values = {"now": now, "size": size, "skip": skip}
    rows = _listing(sight(actor), wanted).all(conn, values)
    working = [row for row in rows if row.kind == "user"]
    desks = {(row.org, row.role) for row in working if row.assigned_seat is None}
    seats = {row.assigned_seat for row in working} - {None}
    people = people_at(conn, desks, seats, today(now))
    return [_held(row, standing_beside(house, row, now), people) for row in rows]


@lru_cache(STATEMENTS)
def _listing(seen: Sight, wanted: Wanted) -> Prepared:
    """The rows of one list, for what somebody sees and has chosen."""
    keys = (
        select(Task.case_id, Task.id)
        .where(*chosen(seen, wanted, by_due=True), condition(wanted.column, NOW))
        .order_by(Task.due_at, Task.case_id, Task.id)
        .limit(bindparam("size", type_=Integer()))
        .offset(bindparam("skip", type_=Integer()))
        .subquery()
    )
    township, office = aliased(Organisation), aliased(Organisation)
    return Prepared(
        select(
            Task.case_id, Task.id, Task.name, Task.role, Task.org, Task.kind, Task.clock_id,
            Task.assigned_seat, Case.number, Person.name.label("person"), Organisation.name.label("village"),
            township.name.label("township"), office.name.label("office"), *CLOCK,
        )
        .join(keys, and_(keys.c.case_id == Task.case_id, keys.c.id == Task.id))
        .join(Case, Case.id == Task.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .join(township, township.code == Case.township)
        .outerjoin(office, office.code == Task.org)
        .outerjoin(Clock, Clock.id == Task.clock_id)
        .order_by(Task.due_at, Task.case_id, Task.id)
    )  # fmt: skip


def _held(row: Any, standing: Standing | None, people: Mapping[str, tuple[str, ...]]) -> Held:
    seat = row.assigned_seat
    code = desk_code(row.org, row.role) if seat is None else seat_code(seat)
    return Held(
        case_id=row.case_id, task_id=row.id, number=row.number, person=row.person, township=row.township,
        village=row.village, step=row.name, office=row.office or row.org,
        holders=people.get(code, ()), waits=row.kind != "user", standing=standing,
    )  # fmt: skip
