"""What time brings: timers of the diagram, and warnings before and after a limit runs out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from workflow import engine
from workflow.alerts.recipients import HOLDER, alert_rules
from workflow.cases import clocks as clockwork
from workflow.cases import effects
from workflow.cases.keeping import keep_entry, keep_step, told_office
from workflow.cases.kept_clocks import read_clocks
from workflow.cases.retiming import why
from workflow.cases.statements import ALARM, CLOCK
from workflow.cases.stepping import advance
from workflow.cases.telling import Desk, desk_of, held, tell
from workflow.cases.work import Work
from workflow.cases.working import task_of
from workflow.commands import FireTimers, RaiseAlarm
from workflow.deadlines import Limit
from workflow.errors import NOTHING_DUE, NotFound, StepImpossible
from workflow.store.models import Task, Timer
from workflow.store.prepared import Prepared

_HOLDERS = Prepared(
    select(Task.org, Task.role, Task.assigned_seat)
    .where(
        Task.case_id == bindparam("case_id"),
        Task.clock_id == bindparam("clock_id"),
        Task.done_at.is_(None),
        Task.kind == "user",
    )
    .order_by(Task.id)
)
_CLOCK = Prepared(select(CLOCK).where(CLOCK.c.id == bindparam("clock_id")))
_RAISED = Prepared(insert(ALARM), "clock_id", "case_id", "level", "raised_at")
_FOLLOWING = Prepared(
    update(CLOCK)
    .where(CLOCK.c.id == bindparam("b_id"))
    .values(next_alarm_at=bindparam("next_alarm_at"), next_alarm=bindparam("next_alarm"))
)
_DUE = Prepared(
    select(Timer.task_id).where(Timer.case_id == bindparam("case_id"), Timer.due_at <= bindparam("at"))
)


def fire_timers(work: Work, command: FireTimers) -> Mapping[str, Any]:
    """Let everything happen in the diagram that is due at the time of the command.

    Raises:
        StepImpossible: nothing is due any more (another worker has done it).
    """
    due = _DUE.scalar(work.conn, {"case_id": work.row.id, "at": work.at})
    if due is None:
        raise StepImpossible(NOTHING_DUE)
    clocks = read_clocks(work)
    work.since.update(clockwork.run_out(clocks, work.calendar, work.at))
    step = advance(work, engine.Tick(), clocks)
    effects.follow(work, step, clocks)
    return keep_step(
        work,
        step,
        clocks,
        kind="timer_fired",
        command={"name": "tick"},
        task=task_of(work, work.row.flow, "tick"),
    )


def raise_alarm(work: Work, command: RaiseAlarm) -> Mapping[str, Any]:
    """Write the next warning of one clock into the log and into its supervisors' inboxes, once.

    Raises:
        NotFound, StepImpossible (already raised, paused or stopped meanwhile).
    """
    row = _CLOCK.first(work.conn, {"clock_id": command.clock_id})
    if row is None or row.case_id != work.row.id:
        raise NotFound()
    ticking = next((c for c in read_clocks(work) if c.id == row.id), None)
    alarm = None if ticking is None else clockwork.next_alarm(ticking, work.calendar)
    if ticking is None or alarm is None or alarm.at > work.at:
        raise StepImpossible(NOTHING_DUE)
    limit = ticking.run.limit
    _RAISED.change(
        work.conn,
        {"clock_id": row.id, "case_id": row.case_id, "level": alarm.level, "raised_at": work.at},
    )
    params = {"limit": limit.id, "level": alarm.level, "due": row.due_at.isoformat()}
    told = _desks(work, row.id, alarm.level, limit)
    tell(work, "deadline", told, params)
    after = replace(ticking, raised=ticking.raised | {alarm.level})
    following = clockwork.next_alarm(after, work.calendar)
    _FOLLOWING.change(
        work.conn,
        {
            "b_id": row.id,
            "next_alarm_at": following and following.at,
            "next_alarm": following and following.level,
        },
    )
    if alarm.level == "overdue":
        work.notes["why"] = why(work, ticking.run)
    work.notes.update(params, told=[f"{desk.role}@{told_office(desk.org)}" for desk in told])
    return keep_entry(work, kind="alarm_raised", command={"name": "raise_alarm", "clock": row.id})


def _desks(work: Work, clock_id: int, level: str, limit: Limit) -> list[Desk]:
    """Everybody the rules name for this level; where nobody sits above the holder, whoever stands in."""
    book = work.house.rules().rulebook
    rules = alert_rules(book)
    words = rules.stations(level, limit)
    above = [desk_of(work, book.station(word)) for word in words if word != HOLDER]
    if above and not held(work, above):
        standing_in = [desk_of(work, book.station(word)) for word in rules.vacant]
        there = held(work, standing_in)
        above += [desk for desk in standing_in if (desk.org, desk.role) in there][:1]
    holders: list[Desk] = []
    if HOLDER in words:
        rows = _HOLDERS.all(work.conn, {"case_id": work.row.id, "clock_id": clock_id})
        holders = [Desk(row.org, row.role, row.assigned_seat) for row in rows]
    return list(dict.fromkeys([*holders, *above]))
