"""Write a clock that ends at another time than before: after an extension or a new calendar (RF-35).

Besides the steps of a case this is the only place from which a due date moves, and each time it
stands in the log with the sentence that explains it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from workflow import engine
from workflow.cases import clocks as clockwork
from workflow.cases import effects, postings
from workflow.cases import statements as sql
from workflow.cases.keeping import keep_entry, keep_step, standing
from workflow.cases.stepping import advance
from workflow.cases.work import Work
from workflow.deadlines import Run, sentence_of

POSTING = "D04"


def why(work: Work, run: Run) -> str:
    """The explanation of a due date as the pages show it, in Chinese."""
    return sentence_of(run, work.calendar, work.at, run.limit.event)


def retime(
    work: Work, clock: clockwork.Ticking, clocks: Sequence[clockwork.Ticking], *, kind: str
) -> Mapping[str, Any]:
    """Write one clock anew with its tasks, the timers of the diagram that wait for it, and the entry.

    `clocks` are all clocks of the case, this one among them as it is now.
    """
    times, extension = clock.outlook(work.calendar), clock.run.extension
    sql.SET_CLOCK.change(
        work.conn,
        {
            "b_id": clock.id,
            "due_at": times.due.at,
            "provisional": times.due.provisional,
            "extended_by": extension.amount if extension else 0,
            "extended_at": extension and extension.at,
            "next_alarm_at": times.next and times.next.at,
            "next_alarm": times.next and times.next.level,
        },
    )
    sql.RETIME.change(
        work.conn,
        {
            "b_case": work.row.id,
            "b_clock": clock.id,
            "due_at": times.due.at,
            "warn_at": times.first and times.first.at,
            "paused": clock.paused,
        },
    )
    if clock.limit_id == POSTING and not clock.paused:
        postings.extend(work, times.due.at)
    work.notes["why"] = why(work, clock.run)
    waiting = standing(work).timers
    if not waiting:
        return keep_entry(work, kind=kind, command={"name": "none"})
    step = advance(work, engine.Retime(), list(clocks))
    if {timer.task: timer.due for timer in step.timers} == waiting:
        return keep_entry(work, kind=kind, command={"name": "none"})
    effects.follow(work, step, clocks)
    return keep_step(work, step, clocks, kind=kind, command={"name": "retime"}, task=None)
