"""When a limit ends."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from workflow.deadlines.calendar import SHANGHAI, Calendar
from workflow.deadlines.fixed import CLOSING, Fixed
from workflow.deadlines.limits import SAME_DAY
from workflow.deadlines.running import HOUR, Run, Track, after, begun_at, local_day, midnight


class Due(NamedTuple):
    """`at`: the instant from which it is late. `day`: its last day. `provisional`: domain 7.1 item 6."""

    at: datetime
    day: date
    provisional: bool


def due(run: Run, calendar: Calendar) -> Due:
    """When the limit ends. While the clock stands: when it would end if it ran on at once."""
    return due_of(run, Track(run.started_at, run.pauses, calendar))


def due_of(run: Run, track: Track) -> Due:
    limit = run.limit
    if limit.on is not None:
        return _fixed_due(limit.on, run, track)
    if limit.unit == "h":
        at = after(run, HOUR * run.amount)
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


def length_of(run: Run, track: Track, end: Due) -> int:
    """The whole days or hours of a limit that ends on a date."""
    if run.limit.unit == "d":
        return max(1, end.day.toordinal() - track.start)
    return max(1, -((run.started_at - end.at) // HOUR))


def closes_at(run: Run, end: Due) -> datetime:
    """Until when there is time to act: for a limit of the same day, until the offices close."""
    on = run.limit.on
    if on is None or on.kind != SAME_DAY or end.at != midnight(end.day.toordinal() + 1):
        return end.at
    return datetime.combine(end.day, CLOSING, SHANGHAI).astimezone(UTC)
