"""On which days a duty falls: a date for each month, quarter or year, counted by the rules of its limit."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from workflow.deadlines import SHANGHAI, Calendar, Due, Limit, Run, alarms, due
from workflow.duties.rules import Duty


class Turn(NamedTuple):
    """One time that a duty falls due. `period` names it for good: 2026-12, 2026-Q4, 2026; `warned`: the day
    on which its first warning comes.
    """

    period: str
    due: Due
    warned: date


def turns(
    duty: Duty,
    duties: Mapping[str, Duty],
    limits: Mapping[str, Limit],
    calendar: Calendar,
    first: date,
    last: date,
) -> list[Turn]:
    """The turns of a duty whose last day lies between `first` and `last`, both included.

    Not for a duty whose days come from cases.
    """
    return [
        turn for turn in _around(duty, duties, limits, calendar, first, last) if first <= turn.due.day <= last
    ]


def _around(
    duty: Duty,
    duties: Mapping[str, Duty],
    limits: Mapping[str, Limit],
    calendar: Calendar,
    first: date,
    last: date,
) -> Iterator[Turn]:
    limit = limits[duty.limit]
    if limit.on is None:
        for base in _around(duties[duty.after], duties, limits, calendar, first, last):
            yield _turn(base.period, limit, base.due.day, calendar)
        return
    around = limit.on.turns(first.year - 2, calendar, last.year - first.year + 4)
    for (_, before), (period, _) in pairwise(around):
        yield _turn(period, limit, before + timedelta(days=1), calendar)


def _turn(period: str, limit: Limit, since: date, calendar: Calendar) -> Turn:
    run = Run(limit, datetime.combine(since, time.min, SHANGHAI))
    return Turn(period, due(run, calendar), alarms(run, calendar)[0].at.astimezone(SHANGHAI).date())
