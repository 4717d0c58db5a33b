"""Times of the registers and the log as the facts tell them: texts by the clock in Shanghai."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from workflow.deadlines import Calendar

AHEAD: Final = timedelta(hours=8)
LOCAL: Final = timezone(AHEAD)
"""China has one time, without summer time since 1991."""


def local(at: Any) -> str | None:
    """A time (aware, or the text that the log or SQLite holds) as "YYYY-MM-DD HH:MM:SS" in Shanghai."""
    if at is None:
        return None
    return _told(at)


@lru_cache(maxsize=16_384)
def _told(at: Any) -> str:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    if moment.tzinfo is None or moment.tzinfo is UTC:
        return (moment + AHEAD).isoformat(" ", "seconds")[:19]
    return moment.astimezone(LOCAL).isoformat(" ", "seconds")[:19]


def day(on: Any) -> str | None:
    """A day as YYYY-MM-DD."""
    return None if on is None else str(on)[:10]


class Days:
    """Working days as running numbers (domain 7.1): what `wd`, `days` and `seconds` of the facts' SQL
    count.
    """

    def __init__(self, calendar: Calendar, first: date, last: date) -> None:
        self.rows: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}
        number = 0
        on = first
        while on <= last:
            works, special = calendar.is_working(on), calendar.special(on)
            number += works
            told = on.isoformat()
            self._numbers[told] = number
            self.rows.append(
                {"day": told, "n": number, "works": int(works), "name": special.name if special else None}
            )
            on += timedelta(days=1)

    def wd(self, a: str | None, b: str | None) -> int | None:
        """Working days after the day of `a` up to and with the day of `b`; negative when b comes first."""
        if not a or not b:
            return None
        return working_days(self._numbers, a, b)


@lru_cache(maxsize=4)
def days_of(calendar: Calendar, first: date, last: date) -> Days:
    """The days of a calendar, which is the same object as long as it says the same. Nobody changes them."""
    return Days(calendar, first, last)


def working_days(numbers: dict[str, int], a: str, b: str) -> int | None:
    """The difference of two days' running numbers; None for a day outside the calendar."""
    one, other = numbers.get(a[:10]), numbers.get(b[:10])
    return None if one is None or other is None else other - one
