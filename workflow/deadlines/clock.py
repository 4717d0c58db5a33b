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
* An extension (domain 7.2) adds its units to the limit; the explicit warnings keep their distance
  from the end.
* A limit that ends on a date is not moved by a pause; one that ends on the same day begins anew when
  the clock runs on.

Instants come back in UTC; days are days in Shanghai.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from bpmn.text import Text
from workflow.deadlines.calendar import SHANGHAI, Calendar
from workflow.deadlines.fixed import CLOSING, Fixed
from workflow.deadlines.limits import SAME_DAY, Limit, Unit, Warn

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
class Extension:
    """A supervisor lengthened the limit at `at` by `amount` of its units."""

    at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class Run:
    """One limit running in one case since `started_at`. Pauses in any order, they may overlap."""

    limit: Limit
    started_at: datetime
    pauses: tuple[Pause, ...] = ()
    extension: Extension | None = None

    @property
    def amount(self) -> int:
        """The units of the limit, extension included; 0 for a limit that ends on a date."""
        return self.limit.amount + (0 if self.extension is None else self.extension.amount)

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
    """`level`: warn (yellow), warn2 (red) before the end, then overdue, second, third (C-26)."""

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
    what the table of domain 7.2 does (7 working days: 4 and 6). Where the table names one warning, it
    is the first, and the second comes at 80 %. A second that would not come after the first comes
    halfway between it and the end. `limit` replaces the run's.
    """
    if limit is not None:
        run = replace(run, limit=limit)
    return reckoned(run, calendar)[1]


def reckoned(run: Run, calendar: Calendar) -> tuple[Due, tuple[AlarmAt, ...]]:
    """`due` and `alarms` of a run together."""
    track = Track(run.started_at, run.pauses, calendar)
    end = _due(run, track)
    return end, () if run.standing_since is not None else _alarms(run, track, end)


def _alarms(run: Run, track: Track, end: Due) -> tuple[AlarmAt, ...]:
    return (*_before(run, track, end), *_from_the_end(track, end))


def _before(run: Run, track: Track, end: Due) -> list[AlarmAt]:
    instants = _apart(_warnings(run, track, end), _closing(run, end))
    return [AlarmAt(f"warn{number}" if number > 1 else "warn", at) for number, at in enumerate(instants, 1)]


def _from_the_end(track: Track, end: Due) -> list[AlarmAt]:
    found = [AlarmAt("overdue", end.at)]
    last = end.day.toordinal()
    for level, days in (("second", SECOND_ESCALATION), ("third", THIRD_ESCALATION)):
        found.append(AlarmAt(level, end.at + DAY * (track.nth("wd", days, after=last) - last)))
    return found


def _level(run: Run, track: Track, end: Due, now: datetime) -> str | None:
    """The newest alarm that has come; every row of a list asks, so only the half that matters is reckoned."""
    coming = _before(run, track, end) if now < end.at else _from_the_end(track, end)
    return next((alarm.level for alarm in reversed(coming) if alarm.at <= now), None)


def standing(run: Run, calendar: Calendar, now: datetime) -> Standing:
    """How the run stood at `now`, by what had happened until then: later pauses are not known yet."""
    run = as_of(run, now)
    limit, unit = run.limit, run.limit.unit
    track = Track(run.started_at, run.pauses, calendar)
    end = _due(run, track)
    stopped = run.standing_since
    moment = now if stopped is None else max(stopped.start, run.started_at)
    total = run.amount if limit.on is None else _length(run, track, end)
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
        return max(0, (moment.astimezone(UTC) - run.started_at.astimezone(UTC) - _stood(run, moment)) // HOUR)
    return track.counted(run.limit.unit, local_day(moment))


def as_of(run: Run, now: datetime) -> Run:
    """The run as it was known at `now`."""
    known = tuple(
        Pause(pause.start, None, pause.reason) if pause.end is not None and pause.end > now else pause
        for pause in run.pauses
        if pause.start <= now
    )
    extension = run.extension
    if extension is not None and extension.at > now:
        extension = None
    return Run(run.limit, run.started_at, known, extension)


def _due(run: Run, track: Track) -> Due:
    limit = run.limit
    if limit.on is not None:
        return _fixed_due(limit.on, run, track)
    if limit.unit == "h":
        at = _after(run, HOUR * run.amount)
        return Due(at, date.fromordinal(local_day(at)), provisional=False)
    last = track.nth(limit.unit, run.amount)
    closing = track.closing_day(last)
    asked_from = track.start + 1 if limit.unit == "wd" else last
    provisional = track.calendar.provisional_between(asked_from, closing)
    return Due(midnight(closing + 1), date.fromordinal(closing), provisional)


def _fixed_due(on: Fixed, run: Run, track: Track) -> Due:
    calendar = track.calendar
    if on.kind != SAME_DAY:
        closing = on.after(track.start, calendar)
        first, at = track.start, midnight(closing + 1)
    else:
        begun = begun_at(run)
        first = closing = begun.toordinal()
        at = midnight(closing + 1)
        if not calendar.is_working(begun.date()) or begun.time() > on.cutoff:
            closing = calendar.nth_working(first, 1)
            at = datetime.combine(date.fromordinal(closing), on.next_day, SHANGHAI).astimezone(UTC)
    return Due(at, date.fromordinal(closing), calendar.provisional_between(first, closing))


def begun_at(run: Run) -> datetime:
    """When a limit of the same day began for the last time, in Shanghai: a pause begins it anew."""
    ends = (pause.end for pause in run.pauses if pause.end is not None and pause.end > pause.start)
    return max([run.started_at, *ends]).astimezone(SHANGHAI)


def _length(run: Run, track: Track, end: Due) -> int:
    """The whole days or hours of a limit that ends on a date."""
    if run.limit.unit == "d":
        return max(1, end.day.toordinal() - track.start)
    return max(1, -((run.started_at - end.at) // HOUR))


def _closing(run: Run, end: Due) -> datetime:
    """Until when there is time to act: for a limit of the same day, until the offices close."""
    on = run.limit.on
    if on is None or on.kind != SAME_DAY or end.at != midnight(end.day.toordinal() + 1):
        return end.at
    return datetime.combine(end.day, CLOSING, SHANGHAI).astimezone(UTC)


def _apart(found: list[datetime], closing: datetime) -> list[datetime]:
    """Two warnings or more, each after the one before it and all before the limit closes."""
    instants = found[:1]
    for at in found[1:]:
        if at <= instants[-1] or at >= closing:
            at = instants[-1] + (closing - instants[-1]) / 2
        instants.append(at)
    return instants


def _warnings(run: Run, track: Track, end: Due) -> list[datetime]:
    """The yellow and the red warning, before they are kept apart."""
    begun, closing = run.started_at.astimezone(UTC), _closing(run, end)
    given = sorted(max(_warning(warn, run, track, end), begun) for warn in run.limit.warn)
    found = [at for at in given if at < closing]
    return found + [_at_share(share, run, track, end) for share in DEFAULT_SHARES[len(found) :]]


def _at_share(share: int, run: Run, track: Track, end: Due) -> datetime:
    if run.limit.on is not None:
        total = _length(run, track, end)
        if run.limit.unit == "d":
            return midnight(track.start + (total * share + 5) // 10)
        return _closing(run, end)  # too late to stand: it is moved halfway
    if run.limit.unit == "h":
        return _after(run, HOUR * run.amount * share / 10)
    return midnight(track.nth(run.limit.unit, (run.amount * share + 5) // 10))


def _warning(warn: Warn, run: Run, track: Track, end: Due) -> datetime:
    limit = run.limit
    amount = warn.amount
    if not warn.before:
        amount += run.amount - limit.amount if warn.unit == limit.unit else 0
        return _after(run, HOUR * amount) if warn.unit == "h" else midnight(track.nth(warn.unit, amount))
    if warn.unit != "wd":
        return _closing(run, end) - amount * (HOUR if warn.unit == "h" else DAY)
    if limit.on is None:
        return midnight(track.nth("wd", run.amount - amount + 1))
    last = end.day.toordinal()
    while amount > 1:
        last -= 1
        amount -= track.calendar.is_working(date.fromordinal(last))
    return midnight(last)


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
