"""When a limit warns before it ends, and when its lateness goes further up."""

from collections.abc import Set
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from workflow.deadlines.calendar import Calendar
from workflow.deadlines.ending import Due, closes_at, due_of, length_of
from workflow.deadlines.limits import Limit, Warn
from workflow.deadlines.running import DAY, HOUR, Run, Track, after, local_day, midnight

DEFAULT_SHARES: Final = (6, 8)  # tenths of the limit, C-26
SECOND_ESCALATION: Final = 2  # working days after the due day, C-26
THIRD_ESCALATION: Final = 5


class AlarmAt(NamedTuple):
    """`level`: warn (yellow), warn2 (red) before the end, then overdue, second, third (C-26)."""

    level: str
    at: datetime


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
    if run.standing_since is not None:
        return ()
    track = Track(run.started_at, run.pauses, calendar)
    end = due_of(run, track)
    return (*before_the_end(run, track, end), *from_the_end(track, end))


class Outlook(NamedTuple):
    """What a clock that runs has before it. `first` of its alarms, `next` that has not been raised; both
    None while it stands.
    """

    due: Due
    first: AlarmAt | None
    next: AlarmAt | None


def outlook(run: Run, calendar: Calendar, raised: Set[str] = frozenset()) -> Outlook:
    """`due` and the alarms that count now: a step asks for them, so the others are not reckoned."""
    by_the_hour = any(warn.unit == "h" and not warn.before for warn in run.limit.warn)
    if run.undisturbed and not by_the_hour:
        end, warnings = _undisturbed(run.limit, local_day(run.started_at), calendar)
        if run.started_at <= warnings[0].at:  # else the first comes at once, for its day has begun
            coming = next((alarm for alarm in warnings if alarm.level not in raised), None)
            if coming is not None:
                return Outlook(end, warnings[0], coming)
    track = Track(run.started_at, run.pauses, calendar)
    end = due_of(run, track)
    if run.standing_since is not None:
        return Outlook(end, None, None)
    warnings = before_the_end(run, track, end)
    following = chain(warnings, from_the_end(track, end))
    return Outlook(end, warnings[0], next((alarm for alarm in following if alarm.level not in raised), None))


@lru_cache(1024)
def _undisturbed(limit: Limit, start: int, calendar: Calendar) -> tuple[Due, list[AlarmAt]]:
    """The end and the warnings of a limit in days that nothing has touched: the same for all that begin on
    the day `start`, unless one of them begins after its first warning.
    """
    run = Run(limit, midnight(start))
    track = Track(run.started_at, (), calendar)
    end = due_of(run, track)
    return end, before_the_end(run, track, end)


def before_the_end(run: Run, track: Track, end: Due) -> list[AlarmAt]:
    instants = _apart(_warnings(run, track, end), closes_at(run, end))
    return [AlarmAt(f"warn{number}" if number > 1 else "warn", at) for number, at in enumerate(instants, 1)]


def from_the_end(track: Track, end: Due) -> list[AlarmAt]:
    found = [AlarmAt("overdue", end.at)]
    last = end.day.toordinal()
    for level, days in (("second", SECOND_ESCALATION), ("third", THIRD_ESCALATION)):
        found.append(AlarmAt(level, end.at + DAY * (track.nth("wd", days, after=last) - last)))
    return found


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
    begun, closing = run.started_at.astimezone(UTC), closes_at(run, end)
    given = sorted(max(_warning(warn, run, track, end), begun) for warn in run.limit.warn)
    found = [at for at in given if at < closing]
    return found + [_at_share(share, run, track, end) for share in DEFAULT_SHARES[len(found) :]]


def _at_share(share: int, run: Run, track: Track, end: Due) -> datetime:
    if run.limit.on is not None:
        total = length_of(run, track, end)
        if run.limit.unit == "d":
            return midnight(track.start + (total * share + 5) // 10)
        return closes_at(run, end)  # too late to stand: it is moved halfway
    if run.limit.unit == "h":
        return after(run, HOUR * run.amount * share / 10)
    return midnight(track.nth(run.limit.unit, (run.amount * share + 5) // 10))


def _warning(warn: Warn, run: Run, track: Track, end: Due) -> datetime:
    limit = run.limit
    amount = warn.amount
    if not warn.before:
        amount += run.amount - limit.amount if warn.unit == limit.unit else 0
        return after(run, HOUR * amount) if warn.unit == "h" else midnight(track.nth(warn.unit, amount))
    if warn.unit != "wd":
        return closes_at(run, end) - amount * (HOUR if warn.unit == "h" else DAY)
    if limit.on is None:
        return midnight(track.nth("wd", run.amount - amount + 1))
    last = end.day.toordinal()
    while amount > 1:
        last -= 1
        amount -= track.calendar.is_working(date.fromordinal(last))
    return midnight(last)
