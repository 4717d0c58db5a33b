"""The clocks of a case as rows: read for a step, and written as they stand after it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bpmn import Text
from workflow.cases import clocks as clockwork
from workflow.cases import statements as sql
from workflow.cases.work import Work
from workflow.deadlines import Extension, Limit, Pause, Run, sentence_of
from workflow.house import House
from workflow.terms import Terms


def read_clocks(work: Work) -> list[clockwork.Ticking]:
    """The clocks of the case that have not stopped."""
    rows = sql.CLOCKS.all(work.conn, {"case_id": work.row.id})
    raised: dict[int, frozenset[str]] = {}
    for row in rows:  # one for each alarm of a clock, or one without
        raised[row.id] = raised.get(row.id, frozenset()) | ({row.level} if row.level else frozenset())
    first = {row.id: row for row in reversed(rows)}
    known = [(first[number], raised[number]) for number in raised]
    return [ticking(row, limits_of(work.house, row, work.row.policy, work.terms), r) for row, r in known]


def limits_of(house: House, clock: Any, policy: str | None, terms: Terms) -> Mapping[str, Limit]:
    """The limits a clock was started under: those of the case, unless the case has moved to other rules."""
    return terms.limits if clock.rules is None else house.rules(clock.rules).terms[policy or ""].limits


def ticking(row: Any, limits: Mapping[str, Any], raised: frozenset[str] = frozenset()) -> clockwork.Ticking:
    """A clock as the pure rules see it, from its row."""
    pauses = tuple(
        Pause(datetime.fromisoformat(start), end and datetime.fromisoformat(end), Text(zh, en))
        for start, end, zh, en in row.pauses
    )
    extension = Extension(row.extended_at, row.extended_by) if row.extended_by else None
    run = Run(limits[row.limit_id], row.started_at, pauses, extension)
    return clockwork.Ticking(row.id, run, raised, row.stopped_at)


def pauses_as_stored(run: Run) -> list[list[str | None]]:
    """[[from, to or null, reason in Chinese, in English], …]: the shape of `Clock.pauses`."""
    return [
        [p.start.isoformat(), p.end.isoformat() if p.end else None, p.reason.zh, p.reason.en]
        for p in run.pauses
    ]


class Dues:
    """What the diagram asks the calendar, answered by the case's own clocks."""

    def __init__(self, work: Work, clocks: Sequence[clockwork.Ticking]) -> None:
        self._work, self._clocks = work, clocks

    def __call__(self, limit_id: str) -> datetime:
        work = self._work
        return clockwork.due_by(self._clocks, work.terms.limits, work.calendar, work.at, limit_id, work.since)


def keep_clocks(
    work: Work, before: Sequence[clockwork.Ticking], after: Sequence[clockwork.Ticking]
) -> dict[str, dict[str, Any]]:
    """Write the clocks that have moved, and into the log why each of them ends when it does.

    Returns:
        for each running or standing limit the times its tasks show.
    """
    old = {clock.id: clock for clock in before}
    shown: dict[str, dict[str, Any]] = {}
    told: dict[str, dict[str, str]] = {}
    for clock in after:
        limit = clock.limit_id
        if clock.stopped_at is not None:
            sql.STOP_CLOCK.change(work.conn, {"b_id": clock.id, "stopped_at": clock.stopped_at})
            continue
        ends, first, alarm = clock.outlook(work.calendar)
        row = {
            "pauses": pauses_as_stored(clock.run),
            "due_at": ends.at,
            "provisional": ends.provisional,
            "stopped_at": None,
            "next_alarm_at": alarm and alarm.at,
            "next_alarm": alarm and alarm.level,
        }
        clock_id = clock.id
        if clock_id is None:
            clock_id = sql.NEW_CLOCK.scalar(
                work.conn,
                {**row, "case_id": work.row.id, "limit_id": limit, "started_at": clock.run.started_at},
            )
        elif old[clock_id] != clock:
            sql.MOVE_CLOCK.change(work.conn, {"b_id": clock_id, **row})
        if clock.id is None or old[clock.id] != clock:
            told[limit] = {
                "due": ends.at.isoformat(),
                "why": sentence_of(clock.run, work.calendar, work.at, clock.run.limit.event),
            }
        shown[limit] = {
            "clock_id": clock_id,
            "due_at": ends.at,
            "warn_at": first and first.at,
            "paused": clock.paused,
            "moved": clock.id is not None and old[clock.id] != clock,
        }
    if told:
        work.notes["clocks"] = told
    return shown
