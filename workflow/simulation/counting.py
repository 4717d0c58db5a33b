"""When a limit warns and ends, counted day by day: slow, plain, and written apart from `workflow.deadlines`.

Shares with the product only the table of days and the limits as data. Rules: domain 7.1, 7.2, C-26.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflow.deadlines import Limit

CHINA = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
OFFICES_CLOSE = time(17, 30)
NEW_YEAR = (1, 1)
Stretch = tuple[datetime, datetime]
"""From when until when a clock stood still."""


@dataclass(frozen=True, slots=True)
class Days:
    """The table of days as it lies in the database: what it does not name is told by the weekday."""

    named: Mapping[date, bool]

    def works(self, day: date) -> bool:
        """Years without a notice have no other named day here than New Year's: a simulated year does not
        reach further into them."""
        if day in self.named:
            return self.named[day]
        return day.weekday() < 5 and (day.month, day.day) != NEW_YEAR

    def first_working(self, day: date, step: timedelta = DAY) -> date:
        while not self.works(day):
            day += step
        return day


def alarms(
    limit: Limit, start: datetime, stood: Sequence[Stretch], days: Days, longer: int = 0
) -> list[tuple[str, datetime]]:
    """Every level of a limit with its instant, earliest first. `longer`: units by which it was extended."""
    limit = _extended(limit, longer)
    last, over = _end(limit, start, stood, days)
    close = _in_time(limit, last, over)
    found: list[datetime] = []
    for at in sorted(max(at, start) for at in _given(limit, start, stood, days, last, close)):
        if at < close:
            found.append(at)
    for tenths in (6, 8)[len(found) :]:
        found.append(_share(limit, tenths, start, stood, days, last, close))
    for place in range(1, len(found)):
        if not found[place - 1] < found[place] < close:
            found[place] = found[place - 1] + (close - found[place - 1]) / 2
    levels = ["warn", *(f"warn{number}" for number in range(2, len(found) + 1))]
    told = list(zip(levels, found, strict=True))
    told.append(("overdue", over))
    told.append(("second", over + (_nth(days, "wd", last, stood, 2) - last)))
    told.append(("third", over + (_nth(days, "wd", last, stood, 5) - last)))
    return told


def end(
    limit: Limit, start: datetime, stood: Sequence[Stretch], days: Days, longer: int = 0
) -> tuple[date, datetime]:
    """The last day of a limit, and the instant from which it is late."""
    return _end(_extended(limit, longer), start, stood, days)


def _extended(limit: Limit, longer: int) -> Limit:
    """The end moves, and so do the warnings that count the units used: as many units stay after them."""
    warn = tuple(
        replace(one, amount=one.amount + longer) if not one.before and one.unit == limit.unit else one
        for one in limit.warn
    )
    return replace(limit, amount=limit.amount + longer, warn=warn)


def _day(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _counting(days: Days, unit: str, after: date, stood: Sequence[Stretch]) -> Iterator[date]:
    """The days that count, one after the other: not the first, none that a standstill covers."""
    day = after
    while True:
        day += DAY
        if unit == "wd" and not days.works(day):
            continue
        if any(_day(since) < day <= _day(until) for since, until in stood):
            continue
        yield day


def _nth(days: Days, unit: str, after: date, stood: Sequence[Stretch], number: int) -> date:
    if number == 0:
        return after
    for place, day in enumerate(_counting(days, unit, after, stood), start=1):
        if place == number:
            return day
    raise AssertionError("days do not end")


def _run_for(start: datetime, length: timedelta, stood: Sequence[Stretch]) -> datetime:
    """Minute by minute would say the same: the clock runs but for the standstills."""
    at = start + length
    for since, until in sorted(stood):
        if since < at:
            at += until - max(since, start)
    return at


def _end(limit: Limit, start: datetime, stood: Sequence[Stretch], days: Days) -> tuple[date, datetime]:
    if limit.on is not None:
        return _named_day(limit, start, stood, days)
    if limit.unit == "h":
        end = _run_for(start, timedelta(hours=limit.amount), stood)
        return _day(end), end
    last = days.first_working(_nth(days, limit.unit, _day(start), stood, limit.amount))
    while covered := [
        until for since, until in stood if _day(since) < _day(until) and _day(since) <= last <= _day(until)
    ]:
        last = days.first_working(_day(max(covered)) + DAY)
    return last, _begins(last + DAY)


def _named_day(limit: Limit, start: datetime, stood: Sequence[Stretch], days: Days) -> tuple[date, datetime]:
    on = limit.on
    assert on is not None  # noqa: S101 — the caller has looked
    if on.kind == "same_day":
        begun = max([start, *(until for since, until in stood if until > since)]).astimezone(CHINA)
        hour, minute, next_hour, next_minute = on.numbers
        cutoff, next_day = time(hour, minute), time(next_hour, next_minute)
        if days.works(begun.date()) and begun.time() <= cutoff:
            return begun.date(), _begins(begun.date() + DAY)
        day = days.first_working(begun.date() + DAY)
        return day, datetime.combine(day, next_day, CHINA)
    day = _day(start)
    while not _is_named(on.kind, on.numbers, day):
        day += DAY
    day = days.first_working(day, -DAY if on.back else DAY)
    return day, _begins(day + DAY)


def _is_named(kind: str, numbers: tuple[int, ...], day: date) -> bool:
    match kind:
        case "month_end":
            return (day + DAY).day == 1
        case "year":
            return (day.month, day.day) == numbers
        case _:
            raise NotImplementedError(f"no limit of a case ends on {kind!r}")


def _in_time(limit: Limit, last: date, end: datetime) -> datetime:
    """Until when something can still be done: on the same day, until the offices close."""
    same_day = limit.on is not None and limit.on.kind == "same_day"
    return datetime.combine(last, OFFICES_CLOSE, CHINA) if same_day and end == _begins(last + DAY) else end


def _given(
    limit: Limit, start: datetime, stood: Sequence[Stretch], days: Days, last: date, close: datetime
) -> Iterator[datetime]:
    """The warnings that stand in the limit's row."""
    for warn in limit.warn:
        if not warn.before:
            if warn.unit == "h":
                yield _run_for(start, timedelta(hours=warn.amount), stood)
            else:
                yield _begins(_nth(days, warn.unit, _day(start), stood, warn.amount))
        elif warn.unit == "h":
            yield close - timedelta(hours=warn.amount)
        elif warn.unit == "d":
            yield close - warn.amount * DAY
        elif limit.on is None:  # so many working days are left, this one among them
            yield _begins(_nth(days, "wd", _day(start), stood, limit.amount - warn.amount + 1))
        else:
            day = last
            for _ in range(warn.amount - 1):
                day = days.first_working(day - DAY, -DAY)
            yield _begins(day)


def _share(
    limit: Limit,
    tenths: int,
    start: datetime,
    stood: Sequence[Stretch],
    days: Days,
    last: date,
    close: datetime,
) -> datetime:
    """When so many tenths are used; half a day is rounded up."""
    if limit.on is not None:
        if limit.unit != "d":
            return close
        length = max(1, (last - _day(start)).days)
        return _begins(_day(start) + (length * tenths + 5) // 10 * DAY)
    if limit.unit == "h":
        return _run_for(start, timedelta(hours=limit.amount) * tenths / 10, stood)
    return _begins(_nth(days, limit.unit, _day(start), stood, (limit.amount * tenths + 5) // 10))
