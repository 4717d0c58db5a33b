"""After a calendar has come: running limits are counted anew, what moves is logged (domain 7.1 item 6)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from workflow.cases import clocks as clockwork
from workflow.cases.alarming import NOTHING_DUE
from workflow.cases.keeping import keep_entry, read_clocks
from workflow.cases.work import Work
from workflow.commands import RecalculateDeadlines
from workflow.deadlines import alarms, due
from workflow.errors import StepImpossible
from workflow.store.models import Clock, Task, table

CLOCK, TASK = table(Clock), table(Task)


def recalculate(work: Work, command: RecalculateDeadlines) -> Mapping[str, Any]:
    """Count one clock of a case anew on the calendar in force.

    Raises:
        StepImpossible: nothing moves; nothing is written.
    """
    ticking = next((clock for clock in read_clocks(work) if clock.id == command.clock_id), None)
    if ticking is None:
        raise StepImpossible(NOTHING_DUE)
    row = work.conn.execute(CLOCK.select().where(CLOCK.c.id == command.clock_id)).one()
    ends = due(ticking.run, work.calendar)
    if ends.at == row.due_at and ends.provisional == row.provisional:
        raise StepImpossible(NOTHING_DUE)
    following = clockwork.next_alarm(ticking, work.calendar)
    work.conn.execute(
        update(CLOCK)
        .where(CLOCK.c.id == row.id)
        .values(
            due_at=ends.at,
            provisional=ends.provisional,
            next_alarm_at=following and following.at,
            next_alarm=following and following.level,
        )
    )
    first = None if ticking.paused else next((a.at for a in alarms(ticking.run, work.calendar)), None)
    work.conn.execute(
        update(TASK)
        .where(TASK.c.case_id == work.row.id, TASK.c.clock_id == row.id, TASK.c.done_at.is_(None))
        .values(due_at=ends.at, warn_at=first)
    )
    work.notes.update(limit=row.limit_id, due=ends.at.isoformat(), reason="calendar")
    return keep_entry(work, kind="deadline_recalculated", command={"name": "recalculate", "clock": row.id})
