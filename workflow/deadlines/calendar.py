"""The working-day calendar: a table of special days, and what to do where the table ends.

Working days are Monday to Friday but for the holidays, plus the make-up days (调休) of the State
Council's yearly notice (domain 7.1 item 2). A year without its notice is computed from weekends and
statutory festivals, and everything that used it says so: `provisional` (domain 7.1 item 6).
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from workflow.deadlines.festivals import statutory

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Day:
    """A day that the table names: a holiday (`working` false) or a make-up working day (true)."""

    working: bool
    name: str


class _Index:
    """Running numbers of the working days of a span of years, so that nothing counts day by day."""

    __slots__ = ("first", "last", "rank", "special", "working")

    def __init__(self, calendar: "Calendar", first_year: int, last_year: int) -> None:
        self.first = date(first_year, 1, 1).toordinal()
        self.last = date(last_year, 12, 31).toordinal()
        special: dict[int, bool] = {}
        for year in range(first_year, last_year + 1):
            if calendar.provisional(date(year, 1, 1)):
                special.update((day.toordinal(), False) for day in statutory(year))
        special.update((day.toordinal(), kind.working) for day, kind in calendar.days.items())
        self.special = array("i", sorted(special))  # ordinals of holidays and make-up days
        self.rank = array("i")  # working days from `first` up to and with this day
        self.working = array("i")  # ordinals of the working days, in order
        for ordinal in range(self.first, self.last + 1):
            if special.get(ordinal, (ordinal - 1) % 7 < SATURDAY):
                self.working.append(ordinal)
            self.rank.append(len(self.working))


class Calendar:
    """An immutable calendar. Days of its methods are dates in Shanghai, or their ordinals.

    `days`: every day whose kind differs from its weekday, or that has a name. `years`: the years
    whose official notice is in `days`.
    """

    def __init__(self, days: Mapping[date, Day], years: Iterable[int]) -> None:
        self.days: Mapping[date, Day] = MappingProxyType(dict(days))
        self.years = frozenset(years)
        around = self.years or {2000}
        self._index = _Index(self, min(around) - 1, max(around) + 3)

    @staticmethod
    def packaged() -> "Calendar":
        """The calendar that comes with the product: `bpmn/calendar/cn.csv` and `years.csv`."""
        return _packaged()

    @property
    def covered_until(self) -> date | None:
        """The last day up to which the official table has no gap; None for an empty calendar."""
        if not self.years:
            return None
        year = min(self.years)
        while year + 1 in self.years:
            year += 1
        return date(year, 12, 31)

    def provisional(self, day: date) -> bool:
        """Whether the official notice of that day's year is missing."""
        return day.year not in self.years

    def is_working(self, day: date) -> bool:
        """Whether offices work on `day`, by the table or, in a provisional year, by the law."""
        found = self.special(day)
        return found.working if found else day.weekday() < SATURDAY

    def special(self, day: date) -> Day | None:
        """The holiday or make-up day, or None for a day that is what its weekday says."""
        if found := self.days.get(day):
            return found
        if self.provisional(day) and (name := statutory(day.year).get(day)):
            return Day(working=False, name=name)
        return None

    def is_make_up(self, day: date) -> bool:
        """Whether `day` is a Saturday or Sunday on which offices work."""
        return day.weekday() >= SATURDAY and self.is_working(day)

    def working_between(self, after: int, until: int) -> int:
        """How many working days lie after the day `after`, up to and with `until` (ordinals)."""
        if until <= after:
            return 0
        index = self._covering(after, until)
        return index.rank[until - index.first] - index.rank[after - index.first]

    def nth_working(self, after: int, number: int) -> int:
        """The `number`-th working day after the day `after` (1 = the next one); ordinals."""
        index = self._covering(after, after)
        place = index.rank[after - index.first] + number - 1
        while place >= len(index.working):
            index = self._covering(after, index.last + 366)
            place = index.rank[after - index.first] + number - 1
        return index.working[place]

    def special_between(self, after: int, until: int) -> Sequence[int]:
        """The holidays and make-up days after the day `after`, up to and with `until`; ordinals."""
        found = self._covering(after, max(after, until)).special
        return found[bisect_right(found, after) : bisect_right(found, until)]

    def provisional_between(self, first: int, last: int) -> bool:
        """Whether any year from the day `first` to the day `last` (ordinals) lacks its notice."""
        start, end = date.fromordinal(first).year, date.fromordinal(last).year
        return any(year not in self.years for year in range(start, end + 1))

    def _covering(self, first: int, last: int) -> _Index:
        index = self._index
        if first < index.first or last > index.last:
            start = date.fromordinal(min(first, index.first)).year
            end = date.fromordinal(max(last, index.last)).year
            # Built aside and then put in place at once: other threads see the old index or the new.
            index = self._index = _Index(self, start, end)
        return index


@cache
def _packaged() -> Calendar:
    from workflow.deadlines.tables import read_packaged

    return read_packaged()
