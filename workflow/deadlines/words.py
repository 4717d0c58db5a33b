"""Dates, lengths and lists of days in Chinese and English, as the pages write them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from bpmn.text import Text
from workflow.deadlines.calendar import SHANGHAI
from workflow.deadlines.limits import Unit

_WEEKDAYS: Final = (
    Text("星期一", "Monday"), Text("星期二", "Tuesday"), Text("星期三", "Wednesday"),
    Text("星期四", "Thursday"), Text("星期五", "Friday"),
    Text("星期六", "Saturday"), Text("星期日", "Sunday"),
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_UNITS: Final[dict[Unit, tuple[str, str]]] = {
    "wd": ("个工作日", "working day"),
    "d": ("日", "calendar day"),
    "h": ("小时", "hour"),
}


def weekday(day: date) -> Text:
    return _WEEKDAYS[day.weekday()]


def day_text(day: date, this_year: int) -> Text:
    """11月23日 / 23 November; with the year when it is another one."""
    zh, en = f"{day.month}月{day.day}日", f"{day.day} {_MONTHS[day.month - 1]}"
    return Text(zh, en) if day.year == this_year else Text(f"{day.year}年{zh}", f"{en} {day.year}")


def day_with_weekday(day: date, this_year: int) -> Text:
    """11月23日（星期一） / 23 November (Monday)."""
    words, name = day_text(day, this_year), weekday(day)
    return Text(f"{words.zh}（{name.zh}）", f"{words.en} ({name.en})")


def moment_text(at: datetime, this_year: int) -> Text:
    """2月15日23:30 / 15 February 23:30, in Shanghai."""
    local = at.astimezone(SHANGHAI)
    words = day_text(local.date(), this_year)
    return Text(f"{words.zh}{local:%H:%M}", f"{words.en} {local:%H:%M}")


def length(amount: int, unit: Unit) -> Text:
    """10个工作日 / 10 working days."""
    zh, en = _UNITS[unit]
    return Text(f"{amount}{zh}", f"{amount} {en}{'' if amount == 1 else 's'}")


def nth(number: int, unit: Unit) -> Text:
    """第10个工作日 / working day 10."""
    zh, en = _UNITS[unit]
    return Text(f"第{number}{zh}", f"{en} {number}")


def enumerate_texts(items: Sequence[Text]) -> Text:
    """甲、乙、丙 / a, b and c."""
    english = [item.en for item in items]
    joined = english[-1] if len(english) == 1 else f"{', '.join(english[:-1])} and {english[-1]}"
    return Text("、".join(item.zh for item in items), joined)
