"""Reading calendar tables: the packaged files, and the rows that an office imports.

A table has the columns `day`, `working`, `name` (or 日期, 类型, 名称): every holiday and every make-up
working day, nothing else. A wrong table is refused as a whole, every fault with its row number.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import Final

from bpmn.faults import Fault, RulebookError
from bpmn.text import Text
from workflow.deadlines.calendar import SATURDAY, Calendar, Day
from workflow.deadlines.festivals import always_off

COLUMNS: Final = {
    "day": "day", "日期": "day", "working": "working", "类型": "working", "name": "name", "名称": "name",
}  # fmt: skip
KINDS: Final = {
    "yes": True, "true": True, "1": True, "班": True, "上班": True,
    "no": False, "false": False, "0": False, "休": False, "放假": False,
}  # fmt: skip
ORDER: Final = ("day", "working", "name")
NAME_LENGTH: Final = 20
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")

Row = tuple[int, Sequence[object]]


class CalendarRefused(RulebookError):
    """A calendar table is wrong; `faults` names every row (`第3行`) or year, and the reason."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What an import adds: special days, the years that are covered now, and days that it changes."""

    days: Mapping[date, Day]
    years: frozenset[int]
    changed: tuple[date, ...]

    def applied_to(self, calendar: Calendar) -> Calendar:
        """The calendar with the import in it; the old one stays as it is."""
        return Calendar({**calendar.days, **self.days}, calendar.years | self.years)


class _Faults:
    def __init__(self, file: str) -> None:
        self.file, self.found = file, list[Fault]()

    def row(self, number: int, zh: str, en: str) -> None:
        self.whole(f"第{number}行：{zh}", f"row {number}: {en}", f"第{number}行")

    def whole(self, zh: str, en: str, element: str = "-") -> None:
        self.found.append(Fault(self.file, element, Text(zh, en)))

    def refuse(self) -> None:
        if self.found:
            raise CalendarRefused(self.found)


def read_packaged() -> Calendar:
    """The product's own table."""
    folder = resources.files("bpmn").joinpath("calendar")
    return read_calendar(folder.joinpath("cn.csv").read_bytes(), folder.joinpath("years.csv").read_bytes())


@lru_cache(maxsize=4)
def read_calendar(days: bytes, years: bytes) -> Calendar:
    """A calendar from its two files, `cn.csv` (day, working, name) and `years.csv` (year, source), which are
    the same in most rule books.

    Raises CalendarRefused with every fault of both, a gap between the years among them.
    """
    faults = _Faults("calendar/years.csv")
    covered = set[int]()
    for number, cells in rows_of(years, faults.file)[1:]:
        year, source = (str(cell).strip() for cell in (*cells, "", "")[:2])
        if not re.fullmatch(r"\d{4}", year) or not source:
            faults.row(number, "应为年份和来源", "should be a year and a source")
        elif int(year) in covered:
            faults.row(number, f"{year}年重复", f"{year} appears twice")
        else:
            covered.add(int(year))
    for between in sorted(set(range(min(covered, default=0), max(covered, default=0))) - covered):
        faults.whole(
            f"缺少{between}年，年份之间不能有缺口",
            f"{between} is missing: the years have a gap",
            str(between),
        )
    try:
        special = _read_days(rows_of(days, "calendar/cn.csv"), "calendar/cn.csv")
    except CalendarRefused as refused:
        faults.found.extend(refused.faults)
        special = {}
    faults.refuse()
    return Calendar({day: kind for day, (_, kind) in special.items()}, covered)


def read_filling(rows: Iterable[Row], calendar: Calendar, file: str) -> Filling:
    """Check rows that an office brings against the calendar in force; see `rows_of`.

    A year that is new must adjoin the covered ones and hold every statutory day off, so that a table
    cut short is not taken for a whole one. Rows in a covered year correct it (the notice of one year
    often moves days of the last December, and in 2020 a holiday was lengthened overnight).
    Raises CalendarRefused with every fault.
    """
    special = _read_days(rows, file)
    faults = _Faults(file)
    for day, (number, kind) in special.items():
        was_off = day in calendar.days and not calendar.days[day].working
        if kind.working and day.weekday() < SATURDAY and not was_off:
            faults.row(
                number,
                f"{day}不是周末，本来就上班，请核对日期",
                f"{day} is no weekend day: offices work anyway, check the date",
            )
    fresh = sorted({day.year for day in special} - calendar.years)
    years = calendar.years.union(fresh)
    covered = calendar.years or years
    for year in fresh:
        oldest, newest = min(covered), max(covered)
        if any(between not in years for between in range(min(year, oldest), max(year, newest))):
            faults.whole(
                f"{year}年与已有的{oldest}–{newest}年之间有缺口，请先导入中间的年份",
                f"there is a gap between {year} and the covered years {oldest}–{newest}: "
                "import the years between first",
                str(year),
            )
        for day in sorted(always_off(year)):
            if special[day][1].working if day in special else day.weekday() < SATURDAY:
                faults.whole(
                    f"{year}年不完整：缺少法定节日{day}的放假",
                    f"{year} is not complete: the statutory day off {day} is missing",
                    str(year),
                )
    if not special:
        faults.whole("表中没有日期", "the table holds no days")
    faults.refuse()
    days = {day: kind for day, (_, kind) in special.items()}
    known = [day for day in sorted(days) if day.year in calendar.years]
    changed = tuple(day for day in known if calendar.days.get(day) != days[day])
    return Filling(days, frozenset(fresh), changed)


def rows_of(content: bytes, name: str) -> list[Row]:
    """The filled rows of a .csv (UTF-8 or GB 18030) or of the first sheet of an .xlsx, with their
    numbers as a person sees them (the header is row 1). Raises CalendarRefused for any other file.
    """
    faults = _Faults(name)
    rows: list[Row] = []
    try:
        read = _sheet(content) if name.lower().endswith(".xlsx") else _csv(content)
        rows = [(number, cells) for number, cells in enumerate(read, 1) if any(map(_text, cells))]
    except (csv.Error, zipfile.BadZipFile, LookupError, ValueError, SyntaxError) as error:
        # What openpyxl lets through for a broken file; malformed XML is a SyntaxError.
        faults.whole(f"读不出表格：{error}", f"the table cannot be read: {error}")
    faults.refuse()
    return rows


def _csv(content: bytes) -> Iterator[Sequence[object]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")  # what Chinese Excel writes
    return csv.reader(io.StringIO(text, newline=""), strict=True)


def _sheet(content: bytes) -> list[Sequence[object]]:
    import openpyxl  # late: whoever brings no .xlsx need not wait for it

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        return [tuple(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()


def _read_days(rows: Iterable[Row], file: str) -> dict[date, tuple[int, Day]]:
    """Day → (row number, kind). Raises CalendarRefused."""
    faults = _Faults(file)
    lines = iter(rows)
    header = next(lines, (1, ()))[1]
    titles = [COLUMNS.get(_text(cell).lower()) for cell in header]
    if missing := [column for column in ORDER if column not in titles]:
        faults.whole(f"表头缺少：{'、'.join(missing)}", f"the header lacks: {', '.join(missing)}", "第1行")
        faults.refuse()
    found: dict[date, tuple[int, Day]] = {}
    for number, cells in lines:
        row = dict(zip(titles, cells, strict=False))
        day_cell, kind_cell, name_cell = (row.get(column) for column in ORDER)
        day = _date(day_cell)
        working = KINDS.get(_text(kind_cell).lower())
        name = _text(name_cell)
        if day is None:
            faults.row(number, f"“{_text(day_cell)}”不是日期", f"{_text(day_cell)!r} is not a date")
        elif day in found:
            first = found[day][0]
            faults.row(number, f"{day}与第{first}行重复", f"{day} stands in row {first} already")
        if working is None:
            kind = _text(kind_cell)
            faults.row(number, f"类型“{kind}”不认识，应为“班”或“休”", f"unknown kind {kind!r}: say yes or no")
        if not 0 < len(name) <= NAME_LENGTH:
            faults.row(number, f"名称应为1至{NAME_LENGTH}字", f"a name has 1 to {NAME_LENGTH} characters")
        if day is not None and working is not None:
            found.setdefault(day, (number, Day(working, name)))
    faults.refuse()
    return found


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _date(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if match := _DATE.fullmatch(_text(cell)):
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            return None
    return None
