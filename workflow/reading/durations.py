"""How long steps have taken against their limits: what each clock had used up when it stopped."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, select

from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.cases.kept_clocks import limits_of, ticking
from workflow.deadlines import Limit, spent
from workflow.house import House
from workflow.reading.cases import CaseList, listed
from workflow.reading.trends import within
from workflow.store.models import Case, Clock, Task

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Duration:
    """One limit. `median` and `p90` (nine of ten took no longer) are in its unit: working days, days or
    hours, pauses not counted. `shortest` and `longest` amount of the limit, extensions apart, where policy
    sets differ; both 0 for one that ends on a date. `late` of `number` ended after it.
    """

    limit: str
    name: Text
    unit: str
    shortest: int
    longest: int
    number: int
    median: int
    p90: int
    late: int


def durations(
    house: House, conn: Connection, actor: Actor, since: datetime, now: datetime
) -> Sequence[Duration]:
    """Every limit whose clocks have stopped since then, the one most often missed first."""
    rows = conn.execute(
        select(
            Clock.id, Clock.limit_id, Clock.started_at, Clock.stopped_at, Clock.due_at, Clock.pauses,
            Clock.extended_at, Clock.extended_by, Clock.rules, Case.rulebook, Case.policy,
        )
        .join(Case, Case.id == Clock.case_id)
        .where(within(actor), *_stopped(since, now))
    )  # fmt: skip
    calendar = house.calendar()
    taken: dict[str, list[int]] = defaultdict(list)
    late: dict[str, int] = defaultdict(int)
    known: dict[str, set[Limit]] = defaultdict(set)
    for row in rows:
        limits = limits_of(house, row, row.policy, house.rules(row.rulebook).terms[row.policy or ""])
        run = ticking(row, limits).run
        taken[row.limit_id].append(spent(run, calendar, row.stopped_at))
        late[row.limit_id] += row.stopped_at >= row.due_at
        known[row.limit_id].add(run.limit)
    found = [_duration(known[code], sorted(values), late[code]) for code, values in taken.items()]
    return sorted(found, key=lambda each: (-each.late / each.number, each.limit))


def clocks_of(
    conn: Connection,
    rulebook: Rulebook,
    actor: Actor,
    since: datetime,
    now: datetime,
    limit: str,
    late: bool,
    page: int = 1,
) -> CaseList:
    """The cases in which one limit has stopped since then (`late`: after its end), the newest first. A limit
    that has run twice in a case counts twice in the figures and gives one line here.
    """
    where = [Clock.limit_id == limit, *_stopped(since, now)]
    if late:
        where.append(Clock.stopped_at >= Clock.due_at)
    found = select(Case.id).where(within(actor), Case.id.in_(select(Clock.case_id).where(*where)))
    return listed(conn, rulebook, found, page)  # fmt: skip


def _stopped(since: datetime, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Clocks that stopped in this time, of steps that somebody worked at: not of a mere wait."""
    worked = select(Task.clock_id).where(Task.kind == "user", Task.done_at >= since)
    return Clock.stopped_at >= since, Clock.stopped_at <= now, Clock.id.in_(worked)


def _duration(limits: set[Limit], taken: list[int], late: int) -> Duration:
    one = next(iter(limits))
    amounts = [limit.amount for limit in limits]
    return Duration(
        one.id, one.name, one.unit, min(amounts), max(amounts), len(taken),
        ranked(taken, 50), ranked(taken, 90), late,
    )  # fmt: skip


def ranked(values: Sequence[Measured], percent: int) -> Measured:
    """The value that so many in a hundred of the sorted ones do not exceed (nearest rank)."""
    return values[-(-len(values) * percent // 100) - 1]
