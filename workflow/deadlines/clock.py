"""The clock of one limit: when it is due, when it warns, how it stands. Pure; `now` is handed in.

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

Instants come back in UTC; days are days in Shanghai.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from bpmn.text import Text
from workflow.deadlines.calendar import SHANGHAI, Calendar
from workflow.deadlines.limits import Limit, Unit, Warn

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
DEFAULT_SHARES: Final = (6, 8)  # tenths of the limit, C-26
SECOND_ESCALATION: Final = 2  # working days after the due day, C-26
THIRD_ESCALATION: Final = 5

Status = Literal["on_time", "due_soon", "overdue", "paused"]


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood from `start` until `end` (None: it still stands), for a legal `reason`."""

    start: datetime
    end: datetime | None
    reason: Text


@dataclass(frozen=True, slots=True)
class Run:
    """One limit running in one case since `started_at`. Pauses in any order, they may overlap."""

    limit: Limit
    started_at: datetime
    pauses: tuple[Pause, ...] = ()

    @property
    def standing_since(self) -> Pause | None:
        """The pause that is still open, if any."""
        return min((p for p in self.pauses if p.end is None), key=lambda pause: pause.start, default=None)


class Due(NamedTuple):
    """`at`: the instant from which it is late. `day`: its last day. `provisional`: domain 7.1 item 6."""

    at: datetime
    day: date
    provisional: bool


class AlarmAt(NamedTuple):
    """`level`: warn, warn2, … before the end, then overdue, second, third (C-26)."""

    level: str
    at: datetime


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


class Track:
    """A run laid over the calendar: which days count. Days are ordinals."""

    __slots__ = ("calendar", "gaps", "start")

    def __init__(self, started_at: datetime, pauses: Iterable[Pause], calendar: Calendar) -> None:
        self.calendar = calendar
        self.start = local_day(started_at)
        self.gaps: list[tuple[int, int]] = []  # days (low, high] are covered; apart, in order
        for low, high in sorted((local_day(p.start), local_day(p.end)) for p in pauses if p.end is not None):
            if high <= low:
                continue
            if self.gaps and low <= self.gaps[-1][1]:
                self.gaps[-1] = (self.gaps[-1][0], max(high, self.gaps[-1][1]))
            else:
                self.gaps.append((low, high))

    def span(self, unit: Unit, after: int, until: int) -> int:
        """Days in (after, until] that a limit in `unit` can count, pauses or not."""
        return self.calendar.working_between(after, until) if unit == "wd" else max(0, until - after)

    def nth(self, unit: Unit, number: int, after: int | None = None) -> int:
        """The `number`-th counted day after the start, or after the day `after`."""
        place = self.start if after is None else after
        for low, high in self.gaps:
            if high <= place:
                continue
            before = self.span(unit, place, low)
            if before >= number:
                break
            number -= before
            place = high
        return self.calendar.nth_working(place, number) if unit == "wd" else place + number

    def counted(self, unit: Unit, until: int, after: int | None = None) -> int:
        """How many days count from the start, or from after the day `after`, up to and with `until`."""
        place = self.start if after is None else after
        total = self.span(unit, place, until)
        for low, high in self.gaps:
            total -= self.span(unit, max(low, place), min(high, until))
        return total

    def closing_day(self, day: int) -> int:
        """The first day from `day` on at whose 24:00 a limit may end."""
        day = self.calendar.nth_working(day - 1, 1)
        for low, high in self.gaps:
            if low <= day <= high:
                day = self.calendar.nth_working(high, 1)
        return day


def local_day(at: datetime) -> int:
    """The ordinal of the day in Shanghai. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.astimezone(SHANGHAI).toordinal()


@lru_cache(maxsize=4096)
def midnight(day: int) -> datetime:
    """The beginning of a day in Shanghai, as an instant in UTC."""
    return datetime.combine(date.fromordinal(day), time.min, SHANGHAI).astimezone(UTC)


def due(run: Run, calendar: Calendar) -> Due:
    """When the limit ends. While the clock stands: when it would end if it ran on at once."""
    return _due(run, Track(run.started_at, run.pauses, calendar))


def alarms(run: Run, calendar: Calendar, limit: Limit | None = None) -> tuple[AlarmAt, ...]:
    """All alarms of a run in order of time, those of the past too; none while the clock stands.

    A warning by share comes at the beginning of the day on which the share is reached (60 % of ten
    working days: at 0:00 of the sixth). A share is rounded to the nearest day, half up, which is
    what the table of domain 7.2 does (7 working days: 4 and 6). Of two warnings at one instant the
    first stays; one that would not come before the end is left out. `limit` replaces the run's.
    """
    if limit is not None:
        run = Run(limit, run.started_at, run.pauses)
    if run.standing_since is not None:
        return ()
    track = Track(run.started_at, run.pauses, calendar)
    end = _due(run, track)
    instants = sorted({at for at in _warnings(run, track, end) if at < end.at})
    found = [AlarmAt(f"warn{number}" if number > 1 else "warn", at) for number, at in enumerate(instants, 1)]
    found.append(AlarmAt("overdue", end.at))
    last = end.day.toordinal()
    for level, days in (("second", SECOND_ESCALATION), ("third", THIRD_ESCALATION)):
        found.append(AlarmAt(level, end.at + DAY * (track.nth("wd", days, after=last) - last)))
    return tuple(found)


def standing(run: Run, calendar: Calendar, now: datetime) -> Standing:
    """How the run stood at `now`, by what had happened until then: later pauses are not known yet."""
    run = as_of(run, now)
    limit, unit = run.limit, run.limit.unit
    track = Track(run.started_at, run.pauses, calendar)
    end = _due(run, track)
    stopped = run.standing_since
    moment = now if stopped is None else max(stopped.start, run.started_at)
    if unit == "h":
        used = max(0, (moment.astimezone(UTC) - run.started_at.astimezone(UTC) - _stood(run, moment)) // HOUR)
        late_by = -((end.at - moment) // HOUR)
    else:
        used = track.counted(unit, local_day(moment))
        late_by = track.counted(unit, local_day(moment), after=end.day.toordinal())
    late_by = max(1, late_by) if moment >= end.at else 0
    level = next((alarm.level for alarm in reversed(alarms(run, calendar)) if alarm.at <= now), None)
    status: Status = "on_time" if level is None else "due_soon"
    if stopped is not None:
        status = "paused"
    elif now >= end.at:
        status = "overdue"
    used = min(used, limit.amount)
    return Standing(status, used, limit.amount, limit.amount - used, unit, late_by, level, end)


def as_of(run: Run, now: datetime) -> Run:
    """The run as it was known at `now`."""
    known = tuple(
        Pause(pause.start, None, pause.reason) if pause.end is not None and pause.end > now else pause
        for pause in run.pauses
        if pause.start <= now
    )
    return Run(run.limit, run.started_at, known)


def _due(run: Run, track: Track) -> Due:
    limit = run.limit
    if limit.unit == "h":
        at = _after(run, HOUR * limit.amount)
        return Due(at, date.fromordinal(local_day(at)), provisional=False)
    last = track.nth(limit.unit, limit.amount)
    closing = track.closing_day(last)
    asked_from = track.start + 1 if limit.unit == "wd" else last
    provisional = track.calendar.provisional_between(asked_from, closing)
    return Due(midnight(closing + 1), date.fromordinal(closing), provisional)


def _warnings(run: Run, track: Track, end: Due) -> list[datetime]:
    limit = run.limit
    if limit.warn:
        return [max(_warning(warn, run, track, end), run.started_at.astimezone(UTC)) for warn in limit.warn]
    if limit.unit == "h":
        return [_after(run, HOUR * limit.amount * share / 10) for share in DEFAULT_SHARES]
    days = [(limit.amount * share + 5) // 10 for share in DEFAULT_SHARES]
    return [midnight(track.nth(limit.unit, number)) for number in days]


def _warning(warn: Warn, run: Run, track: Track, end: Due) -> datetime:
    if not warn.before:
        if warn.unit == "h":
            return _after(run, HOUR * warn.amount)
        return midnight(track.nth(warn.unit, warn.amount))
    if warn.unit == "wd":
        return midnight(track.nth("wd", run.limit.amount - warn.amount + 1))
    return end.at - warn.amount * (HOUR if warn.unit == "h" else DAY)


def _after(run: Run, length: timedelta) -> datetime:
    """The instant at which the clock has run for `length`."""
    at = run.started_at.astimezone(UTC) + length
    for start, stop in _standstills(run):
        if start >= at:
            break
        at += stop - start
    return at


def _stood(run: Run, until: datetime) -> timedelta:
    lengths = [min(stop, until) - start for start, stop in _standstills(run) if start < until]
    return sum(lengths, timedelta())


def _standstills(run: Run) -> list[tuple[datetime, datetime]]:
    """The closed pauses as stretches of time after the start, apart and in order."""
    found: list[tuple[datetime, datetime]] = []
    closed = sorted((p.start.astimezone(UTC), p.end.astimezone(UTC)) for p in run.pauses if p.end is not None)
    clear = run.started_at.astimezone(UTC)
    for start, end in closed:
        start = max(start, clear)
        if end > start:
            found.append((start, end))
            clear = end
    return found
