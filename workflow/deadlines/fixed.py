"""Limits that end on a date of the calendar instead of after so many days (domain 7.2 D08, D21 to D43).

    same_day 16:30 12:00    the same working day; begun after 16:30 or on a rest day: 12:00 of the next
    month 10                the 10th of the month          month end        its last day
    month 5wd               its fifth working day          year 05-29       29 May
    quarter end 15wd        fifteen working days after the end of the quarter; "quarter end" the end itself
    months 6                six months after the start

A date that is a rest day moves to the next working day (domain 7.1 item 2); with `back` to the one
before, for what must not leave its month.
"""

import calendar as months
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from bpmn.text import Text
from workflow.deadlines.calendar import Calendar

CLOSING: Final = time(17, 30)
"""When offices close: warnings of a limit that ends with the working day count back from here."""

_FORMS: Final = (
    ("same_day", re.compile(r"same_day (\d\d):(\d\d) (\d\d):(\d\d)")),
    ("month_day", re.compile(r"month (\d{1,2})")),
    ("month_end", re.compile(r"month end")),
    ("month_wd", re.compile(r"month ([1-9]\d?)wd")),
    ("year", re.compile(r"year (\d\d)-(\d\d)")),
    ("quarter", re.compile(r"quarter end(?: ([1-9]\d?)wd)?")),
    ("months", re.compile(r"months ([1-9]\d?)")),
)
_LAST_SAFE_DAY: Final = 28  # every month has it


@dataclass(frozen=True, slots=True)
class Fixed:
    """One such rule. `numbers`: what stands in it, in order."""

    kind: str
    numbers: tuple[int, ...]
    back: bool = False

    @property
    def cutoff(self) -> time:
        """Of `same_day`: up to when a start counts for its own day."""
        return time(self.numbers[0], self.numbers[1])

    @property
    def next_day(self) -> time:
        """Of `same_day`: until when on the next working day."""
        return time(self.numbers[2], self.numbers[3])

    def after(self, start: int, calendar: Calendar) -> int:
        """The last day of a limit that starts on the day `start`; ordinals. Not for `same_day`."""
        day = date.fromordinal(start)
        if self.kind == "months":
            return self._settled(months_later(day, self.numbers[0]), calendar)
        # the last quarter's day can lie in the year after its own
        return next(
            self._settled(nominal, calendar)
            for _, nominal in self.turns(day.year - (self.kind == "quarter"), calendar)
            if nominal.toordinal() >= start
        )

    def turns(self, year: int, calendar: Calendar, years: int = 4) -> Iterator[tuple[str, date]]:
        """(period, nominal date) of `years` years from `year` on, in order; a date may still move to a
        working day. A period is 2026, 2026-Q4 or 2026-12. Not for `same_day` and `months`.
        """
        for current in range(year, year + years):
            if self.kind == "year":
                month, day = self.numbers
                yield str(current), date(current, month, min(day, _length(current, month)))
            elif self.kind == "quarter":
                for number in range(1, 5):
                    yield f"{current}-Q{number}", self._quarter(current, number * 3, calendar)
            else:
                for month in range(1, 13):
                    yield f"{current}-{month:02}", self._month(current, month, calendar)

    def _quarter(self, year: int, month: int, calendar: Calendar) -> date:
        end = date(year, month, _length(year, month))
        if not self.numbers:
            return end
        return date.fromordinal(calendar.nth_working(end.toordinal(), self.numbers[0]))

    def _month(self, year: int, month: int, calendar: Calendar) -> date:
        if self.kind == "month_end":
            return date(year, month, _length(year, month))
        if self.kind == "month_day":
            return date(year, month, self.numbers[0])
        return date.fromordinal(calendar.nth_working(date(year, month, 1).toordinal() - 1, self.numbers[0]))

    def _settled(self, nominal: date, calendar: Calendar) -> int:
        ordinal = nominal.toordinal()
        if not self.back:
            return calendar.nth_working(ordinal - 1, 1)
        while not calendar.is_working(date.fromordinal(ordinal)):
            ordinal -= 1
        return ordinal

    @property
    def words(self) -> Text:
        """The rule as a person says it."""
        match self.kind, self.numbers:
            case "same_day", (hour, minute, until_hour, until_minute):
                return Text(
                    f"当日办结；{hour:02}:{minute:02}以后收到的，下一个工作日{until_hour:02}:{until_minute:02}前办结",
                    f"the same working day; begun after {hour:02}:{minute:02}, "
                    f"by {until_hour:02}:{until_minute:02} of the next",
                )
            case "month_day", (day,):
                return Text(f"每月{day}日前", f"by the {_nth(day)} of the month")
            case "month_end", ():
                return Text("当月底前", "by the end of the month")
            case "month_wd", (number,):
                return Text(f"每月第{number}个工作日前", f"by working day {number} of the month")
            case "year", (month, day):
                return Text(f"每年{month}月{day}日前", f"by {day}/{month} of the year")
            case "quarter", ():
                return Text("季度末前", "by the end of the quarter")
            case "quarter", (number,):
                return Text(
                    f"季度结束后{number}个工作日内", f"within {number} working days of the quarter's end"
                )
        (number,) = self.numbers
        return Text(f"{number}个月内", f"within {number} months")


def read_fixed(text: str, back: bool = False) -> Fixed | None:
    """The rule that `text` writes, or None where it writes none."""
    for kind, form in _FORMS:
        match = form.fullmatch(text)
        if match:
            numbers = tuple(int(group) for group in match.groups() if group is not None)
            return Fixed(kind, numbers, back) if _possible(kind, numbers) else None
    return None


def _possible(kind: str, numbers: tuple[int, ...]) -> bool:
    match kind:
        case "same_day":
            hour, minute, until_hour, until_minute = numbers
            return minute < 60 and until_minute < 60 and until_hour < 24 and (hour, minute) < (17, 30)
        case "month_day":
            return 1 <= numbers[0] <= _LAST_SAFE_DAY
        case "year":
            return 1 <= numbers[0] <= 12 and 1 <= numbers[1] <= months.monthrange(2024, numbers[0])[1]
    return True


def months_later(day: date, number: int) -> date:
    """The same day so many months later (earlier, if negative), or the last one of a shorter month."""
    month = day.month - 1 + number
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, _length(year, month)))


def _length(year: int, month: int) -> int:
    return months.monthrange(year, month)[1]


def _nth(number: int) -> str:
    if number in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
