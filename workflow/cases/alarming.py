"""What time brings: timers of the diagram, and warnings before and after a limit runs out."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from bpmn import Text
from workflow import engine
from workflow.cases import clocks as clockwork
from workflow.cases import effects
from workflow.cases.keeping import keep_entry, keep_step, read_clocks
from workflow.cases.places import organisation_at
from workflow.cases.statements import CLOCK
from workflow.cases.stepping import advance
from workflow.cases.work import Work
from workflow.cases.working import task_of
from workflow.commands import FireTimers, RaiseAlarm
from workflow.errors import NotFound, StepImpossible
from workflow.store.models import Alarm, InboxMessage, Timer
from workflow.store.prepared import Prepared

_DUE = Prepared(
    select(Timer.task_id).where(Timer.case_id == bindparam("case_id"), Timer.due_at <= bindparam("at"))
)
LAST_LEVELS = frozenset({"second", "third"})
NOTHING_DUE = Text("现在没有到时的事项。", "Nothing is due now.")


def fire_timers(work: Work, command: FireTimers) -> Mapping[str, Any]:
    """Let everything happen in the diagram that is due at the time of the command.

    Raises:
        StepImpossible: nothing is due any more (another worker has done it).
    """
    due = _DUE.scalar(work.conn, {"case_id": work.row.id, "at": work.at})
    if due is None:
        raise StepImpossible(NOTHING_DUE)
    clocks = read_clocks(work)
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
    row = work.conn.execute(select(CLOCK).where(CLOCK.c.id == command.clock_id)).first()
    if row is None or row.case_id != work.row.id:
        raise NotFound()
    ticking = next((c for c in read_clocks(work) if c.id == row.id), None)
    alarm = None if ticking is None else clockwork.next_alarm(ticking, work.calendar)
    if ticking is None or alarm is None or alarm.at > work.at:
        raise StepImpossible(NOTHING_DUE)
    limit = ticking.run.limit
    work.conn.execute(
        insert(Alarm),
        {"clock_id": row.id, "case_id": row.case_id, "level": alarm.level, "raised_at": work.at},
    )
    params = {"limit": limit.id, "level": alarm.level, "due": row.due_at.isoformat()}
    told = limit.escalate if alarm.level not in LAST_LEVELS else (*limit.escalate, *limit.then)
    seats = [work.rules.rulebook.station(entry) for entry in told]
    work.conn.execute(
        insert(InboxMessage),
        [
            {
                "org": organisation_at(seat.level, seat.kind, work.row),
                "role": seat.role,
                "kind": "deadline",
                "case_id": row.case_id,
                "params": params,
                "at": work.at,
            }
            for seat in seats
        ],
    )
    after = clockwork.Ticking(ticking.id, ticking.run, ticking.raised | {alarm.level})
    following = clockwork.next_alarm(after, work.calendar)
    work.conn.execute(
        update(CLOCK)
        .where(CLOCK.c.id == row.id)
        .values(next_alarm_at=following and following.at, next_alarm=following and following.level)
    )
    work.notes.update(params)
    return keep_entry(work, kind="alarm_raised", command={"name": "raise_alarm", "clock": row.id})
