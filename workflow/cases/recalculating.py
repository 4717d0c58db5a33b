"""After a calendar has come: running limits are counted anew, what moves is logged (domain 7.1 item 6)."""

from collections.abc import Mapping
from typing import Any

from workflow.cases.kept_clocks import read_clocks
from workflow.cases.retiming import retime
from workflow.cases.work import Work
from workflow.commands import RecalculateDeadlines
from workflow.errors import NOTHING_DUE, StepImpossible
from workflow.store.models import Clock, table

CLOCK = table(Clock)


def recalculate(work: Work, command: RecalculateDeadlines) -> Mapping[str, Any]:
    """Count one clock of a case anew on the calendar in force.

    Raises:
        StepImpossible: nothing moves; nothing is written.
    """
    clocks = read_clocks(work)
    clock = next((one for one in clocks if one.id == command.clock_id), None)
    if clock is None:
        raise StepImpossible(NOTHING_DUE)
    row = work.conn.execute(CLOCK.select().where(CLOCK.c.id == command.clock_id)).one()
    times = clock.outlook(work.calendar)
    known = (row.due_at, row.provisional, row.next_alarm_at)
    if known == (times.due.at, times.due.provisional, times.next and times.next.at):
        raise StepImpossible(NOTHING_DUE)
    work.notes.update(
        limit=row.limit_id, due=times.due.at.isoformat(), before=row.due_at.isoformat(), reason="calendar"
    )
    return retime(work, clock, clocks, kind="deadline_recalculated")
