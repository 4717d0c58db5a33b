"""The clock of one limit: how it stands at a moment. Pure; `now` is handed in.

Which days count stands in `running`, when a limit ends in `ending`, when it warns in `alarm_times`.

The rules (domain 7.1, 2.0 "Clock pauses", C-11, C-12):

* The day of the starting event is not counted. A day counts if it is a working day (limits in
  working days) or any day (limits in calendar days) after it and no pause covers it.
* A pause covers the days after the day of the event that stops the clock, up to and with the day of
  the event that lets it run on. The day of stopping is used up, the day of resuming is not counted.
  A pause that ends on its own day (or, after a clock was set back, before it) covers nothing.
* The limit ends at 24:00 of its last day. If that is a rest day, or a pause covers it, or the clock
  was stopped on it so that it could not be used to its end, the end moves to the next working day
  of which none of this is true: nobody is late for having been stopped on the last day.
* Limits in hours run through nights and holidays; a pause adds its own length.
* While the clock stands there is no end to be late for: the due time is then the one it would have
  if it ran on at once, and there are no alarms.
* An extension (domain 7.2) adds its units to the limit; the explicit warnings keep their distance
  from the end.
* A limit that ends on a date is not moved by a pause; one that ends on the same day begins anew when
  the clock runs on.

Instants come back in UTC; days are days in Shanghai.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from workflow.deadlines.alarm_times import before_the_end, from_the_end
from workflow.deadlines.calendar import Calendar
from workflow.deadlines.ending import Due, due_of, length_of
from workflow.deadlines.limits import Unit
from workflow.deadlines.running import HOUR, Run, Track, as_of, local_day, stood

Status = Literal["on_time", "due_soon", "overdue", "paused"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a clock stands at a moment. `used`, `remaining`, `total` are whole units of the limit.

    Today counts as used, so `remaining` 0 with status due_soon means the last day. `late_by` is in
    the limit's unit and counts begun ones, so an overdue limit is late by at least 1. `level` is
    the last alarm that has come.
    """

    status: Status
    used: int
    total: int
    remaining: int
    unit: Unit
    late_by: int
    level: str | None
    due: Due


def _level(run: Run, track: Track, end: Due, now: datetime) -> str | None:
    """The newest alarm that has come; every row of a list asks, so only the half that matters is reckoned."""
    coming = before_the_end(run, track, end) if now < end.at else from_the_end(track, end)
    return next((alarm.level for alarm in reversed(coming) if alarm.at <= now), None)


def standing(run: Run, calendar: Calendar, now: datetime) -> Standing:
    """How the run stood at `now`, by what had happened until then: later pauses are not known yet."""
    run = as_of(run, now)
    limit, unit = run.limit, run.limit.unit
    track = Track(run.started_at, run.pauses, calendar)
    end = due_of(run, track)
    stopped = run.standing_since
    moment = now if stopped is None else max(stopped.start, run.started_at)
    total = run.amount if limit.on is None else length_of(run, track, end)
    used = _spent(run, track, moment)
    if unit == "h":
        late_by = -((end.at - moment) // HOUR)
    else:
        late_by = track.counted(unit, local_day(moment), after=end.day.toordinal())
    late_by = max(1, late_by) if moment >= end.at else 0
    level = _level(run, track, end, now) if stopped is None else None
    status: Status = "on_time" if level is None else "due_soon"
    if stopped is not None:
        status = "paused"
    elif now >= end.at:
        status = "overdue"
    used = min(used, total)
    return Standing(status, used, total, total - used, unit, late_by, level, end)


def spent(run: Run, calendar: Calendar, at: datetime) -> int:
    """How many whole units of the limit were used up when the clock stopped at `at`, beyond its end too."""
    run = as_of(run, at)
    stopped = run.standing_since
    moment = at if stopped is None else max(stopped.start, run.started_at)
    return _spent(run, Track(run.started_at, run.pauses, calendar), moment)


def _spent(run: Run, track: Track, moment: datetime) -> int:
    if run.limit.unit == "h":
        return max(0, (moment.astimezone(UTC) - run.started_at.astimezone(UTC) - stood(run, moment)) // HOUR)
    return track.counted(run.limit.unit, local_day(moment))
