"""Statutory festivals: what the law alone says about a year whose official calendar is not known yet.

The fixed ones and the lengths are the State Council's rule in force since 1 January 2025
(New Year 1 day, Spring Festival 4 with its eve, Tomb-sweeping 1, Labour 2, Dragon Boat 1,
Mid-autumn 1, National Day 3). The days of the moving ones are the table
`bpmn/calendar/festivals.csv`, 2004–2100; three independent lunar calendars agree on all of it.
A year outside that table still gets its fixed festivals.
"""

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from bpmn.text import Text

NEW_YEAR: Final = "元旦"
SPRING: Final = "春节"
TOMB_SWEEPING: Final = "清明节"
LABOUR: Final = "劳动节"
DRAGON_BOAT: Final = "端午节"
MID_AUTUMN: Final = "中秋节"
NATIONAL: Final = "国庆节"
VICTORY: Final = "抗战胜利纪念日"

_ENGLISH: Final = {
    NEW_YEAR: "New Year's Day",
    SPRING: "Spring Festival",
    TOMB_SWEEPING: "Tomb-sweeping Day",
    LABOUR: "Labour Day",
    DRAGON_BOAT: "Dragon Boat Festival",
    MID_AUTUMN: "Mid-autumn Festival",
    NATIONAL: "National Day",
    VICTORY: "Victory Day",
}


def festival_name(name: str) -> Text:
    """A festival in both languages; one that an office has named itself stays as it wrote it."""
    return Text(name, _ENGLISH.get(name, name))


@cache
def _moving() -> Mapping[int, tuple[date, date, date, date]]:
    """Year → first day of Spring Festival, Tomb-sweeping Day, Dragon Boat, Mid-autumn."""
    content = resources.files("bpmn").joinpath("calendar/festivals.csv").read_text("utf-8")
    table = {}
    for row in csv.DictReader(content.splitlines()):
        spring, tomb, dragon, moon = (
            date.fromisoformat(row[key])
            for key in ("spring_festival", "tomb_sweeping", "dragon_boat", "mid_autumn")
        )
        table[int(row["year"])] = (spring, tomb, dragon, moon)
    return MappingProxyType(table)


@cache
def statutory(year: int) -> Mapping[date, str]:
    """The days off that the law itself gives in `year`, with their names; no swapped days."""
    days = {
        date(year, 1, 1): NEW_YEAR,
        date(year, 5, 1): LABOUR,
        date(year, 5, 2): LABOUR,
        date(year, 10, 1): NATIONAL,
        date(year, 10, 2): NATIONAL,
        date(year, 10, 3): NATIONAL,
    }
    if year in _moving():
        spring, tomb, dragon, moon = _moving()[year]
        days.update({spring + timedelta(n): SPRING for n in range(-1, 3)})
        days[tomb] = TOMB_SWEEPING
        days[dragon] = DRAGON_BOAT
        days.setdefault(moon, MID_AUTUMN)  # it can fall on National Day, which then keeps its name
    return MappingProxyType(days)


def always_off(year: int) -> frozenset[date]:
    """Days that every notice of the State Council has given off since 2008: an import must have them.

    The eve of Spring Festival and 2 May are left out: they became statutory only in 2025.
    """
    spring_eve = _moving()[year][0] - timedelta(1) if year in _moving() else None
    return frozenset(day for day in statutory(year) if day not in (spring_eve, date(year, 5, 2)))
