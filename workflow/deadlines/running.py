"""One limit running in one case, laid over the calendar: which days and hours count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from bpmn.text import Text
from workflow.deadlines.calendar import SHANGHAI, Calendar
from workflow.deadlines.limits import Limit, Unit

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


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
    def undisturbed(self) -> bool:
        """Whether the day on which it began decides when it ends: all such runs of one day end together."""
        return not self.pauses and self.extension is None and self.limit.on is None and self.limit.unit != "h"

    @property
    def standing_since(self) -> Pause | None:
        """The pause that is still open, if any."""
        return min((p for p in self.pauses if p.end is None), key=lambda pause: pause.start, default=None)


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


def as_of(run: Run, now: datetime) -> Run:
    """The run as it was known at `now`."""
    if not run.pauses and run.extension is None:
        return run
    known = tuple(
        Pause(pause.start, None, pause.reason) if pause.end is not None and pause.end > now else pause
        for pause in run.pauses
        if pause.start <= now
    )
    extension = run.extension
    if extension is not None and extension.at > now:
        extension = None
    return Run(run.limit, run.started_at, known, extension)


def begun_at(run: Run) -> datetime:
    """When a limit of the same day began for the last time, in Shanghai: a pause begins it anew."""
    ends = (pause.end for pause in run.pauses if pause.end is not None and pause.end > pause.start)
    return max([run.started_at, *ends]).astimezone(SHANGHAI)


def after(run: Run, length: timedelta) -> datetime:
    """The instant at which the clock has run for `length`."""
    at = run.started_at.astimezone(UTC) + length
    for start, stop in _standstills(run):
        if start >= at:
            break
        at += stop - start
    return at


def stood(run: Run, until: datetime) -> timedelta:
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
