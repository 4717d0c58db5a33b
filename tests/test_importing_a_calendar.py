"""An office imports next year's holiday notice: all of it or nothing, with row and reason."""

import io
import threading
from collections.abc import Sequence
from datetime import date, datetime

import openpyxl
import pytest

import bpmn
from bpmn import RulebookError
from bpmn.text import Text
from workflow.deadlines import (
    SHANGHAI,
    Calendar,
    CalendarRefused,
    Day,
    Limit,
    Run,
    due,
    read_calendar,
    read_filling,
    rows_of,
)
from workflow.deadlines.festivals import always_off, statutory
from workflow.rules import prepare

CALENDAR = Calendar.packaged()
# Invented for this test: the real notice for 2027 did not exist when it was written.
NOTICE = sorted(
    [(day, "休", name) for day, name in statutory(2027).items()]
    + [
        (date(2027, 2, 9), "休", "春节"),
        (date(2027, 2, 20), "班", "春节"),
        (date(2026, 12, 31), "休", "元旦"),
    ]
)


def as_csv(rows: Sequence[tuple[object, ...]], header: str = "日期,类型,名称") -> bytes:
    return "\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]).encode()


def as_xlsx(rows: Sequence[tuple[object, ...]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [("day", "working", "name"), *rows]:
        book.active.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def refused(rows: Sequence[tuple[object, ...]], calendar: Calendar = CALENDAR) -> list[tuple[str, str]]:
    with pytest.raises(CalendarRefused) as error:
        read_filling(rows_of(as_csv(rows), "2027.csv"), calendar, "2027.csv")
    assert all(fault.file == "2027.csv" and fault.reason.en for fault in error.value.faults)
    return [(fault.element, fault.reason.zh) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (as_csv(NOTICE), "2027.csv"),
        (as_csv(NOTICE).decode().encode("utf-8-sig"), "2027.csv"),
        (as_csv(NOTICE).decode().encode("gb18030"), "2027.CSV"),
        (as_xlsx(NOTICE), "2027.xlsx"),
        (as_xlsx([(datetime(d.year, d.month, d.day), kind, name) for d, kind, name in NOTICE]), "2027.XLSX"),
        (as_csv([(f"{d.year}年{d.month}月{d.day}日", kind, name) for d, kind, name in NOTICE]), "2027.csv"),
        (
            as_csv([(), *[(f"{d.year}/{d.month}/{d.day}", kind, name, "x") for d, kind, name in NOTICE], ()]),
            "2027.csv",
        ),
    ],
)
def test_a_whole_notice_is_taken_in(content: bytes, name: str) -> None:
    filling = read_filling(rows_of(content, name), CALENDAR, name)
    assert filling.years == {2027}
    assert filling.changed == (date(2026, 12, 31),), "the last December was moved too"
    calendar = filling.applied_to(CALENDAR)
    assert calendar.covered_until == date(2027, 12, 31)
    assert calendar.is_make_up(date(2027, 2, 20)) and not calendar.is_working(date(2027, 2, 9))
    run = Run(
        Limit("D01", 5, "wd", (), (), Text("受理", "accept"), "C-16"), datetime(2026, 12, 28, tzinfo=SHANGHAI)
    )
    assert due(run, CALENDAR)[1:] == (date(2027, 1, 5), True)
    assert due(run, calendar)[1:] == (date(2027, 1, 6), False), "now it is certain, and a day later"


def test_a_sudden_change_in_a_covered_year() -> None:
    """As in January 2020, when the holiday was lengthened overnight; and taken back."""
    longer = read_filling(rows_of(as_csv([("2026-10-08", "休", "国庆节")]), "x.csv"), CALENDAR, "x.csv")
    assert (longer.years, longer.changed) == (frozenset(), (date(2026, 10, 8),))
    calendar = longer.applied_to(CALENDAR)
    back = read_filling(rows_of(as_csv([("2026-10-08", "班", "国庆节")]), "x.csv"), calendar, "x.csv")
    assert back.applied_to(calendar).is_working(date(2026, 10, 8))
    typed = [(1, ("day", "working", "name")), (2, (date(2026, 10, 8), False, "国庆节"))]
    assert read_filling(typed, CALENDAR, "typed") == longer, "cells may come as dates and truth values"
    same = read_filling(rows_of(as_csv([("2026-10-01", "休", "国庆节")]), "x.csv"), CALENDAR, "x.csv")
    assert same.changed == ()


def test_every_wrong_row_is_named() -> None:
    rows: Sequence[tuple[object, ...]] = [
        ("2026-13-01", "休", "元旦"),
        ("tomorrow", "休", "元旦"),
        ("2026-10-08", "半天", "国庆节"),
        ("2026-10-09", "休", ""),
        ("2026-10-11", "休", "国" * 21),
        ("2026-10-12", "休", "国庆节"),
        ("2026-10-12", "班", "国庆节"),
        ("2026-10-13",),
    ]
    assert refused(rows) == [
        ("第2行", "第2行：“2026-13-01”不是日期"),
        ("第3行", "第3行：“tomorrow”不是日期"),
        ("第4行", "第4行：类型“半天”不认识，应为“班”或“休”"),
        ("第5行", "第5行：名称应为1至20字"),
        ("第6行", "第6行：名称应为1至20字"),
        ("第8行", "第8行：2026-10-12与第7行重复"),
        ("第9行", "第9行：类型“”不认识，应为“班”或“休”"),
        ("第9行", "第9行：名称应为1至20字"),
    ]


def test_a_working_day_that_works_anyway_is_a_slip() -> None:
    assert refused([("2026-10-09", "班", "国庆节")]) == [
        ("第2行", "第2行：2026-10-09不是周末，本来就上班，请核对日期")
    ]


def test_a_table_cut_short_is_not_taken_for_a_year() -> None:
    short = [row for row in NOTICE if row[0].month < 10]
    assert [reason for _, reason in refused(short)] == [
        "2027年不完整：缺少法定节日2027-10-01的放假"  # the 2nd and the 3rd are a weekend
    ]
    worked = [(day, "班" if day == date(2027, 5, 1) else kind, name) for day, kind, name in NOTICE]
    assert refused(worked) == [("2027", "2027年不完整：缺少法定节日2027-05-01的放假")]


def test_a_gap_between_years_is_refused() -> None:
    rows = [(day, "休", name) for day, name in sorted(statutory(2028).items())]
    assert refused(rows) == [("2028", "2028年与已有的2004–2026年之间有缺口，请先导入中间的年份")]


def test_a_gap_in_the_packaged_years_is_refused_on_loading_with_file_and_year() -> None:
    files = bpmn.packaged_files()
    lines = files["calendar/years.csv"].decode().splitlines()
    files["calendar/years.csv"] = "\n".join(row for row in lines if not row.startswith("2019")).encode()
    with pytest.raises(RulebookError) as refused:
        prepare(bpmn.from_files(files))
    (fault,) = refused.value.faults
    assert (fault.file, fault.element) == ("calendar/years.csv", "2019")
    assert fault.reason.zh == "缺少2019年，年份之间不能有缺口"


def test_years_before_and_after_and_into_an_empty_calendar() -> None:
    def filled(calendar: Calendar, *years: int) -> frozenset[int]:
        rows = as_csv(
            [(day, "no", name) for year in years for day, name in sorted(statutory(year).items())],
            "Day,Working,Name",
        )
        return read_filling(rows_of(rows, "x.csv"), calendar, "x.csv").years

    assert filled(CALENDAR, 2028, 2027) == {2027, 2028}
    assert filled(CALENDAR, 2003, 2002) == {2002, 2003}
    assert filled(Calendar({}, ()), 2026, 2027) == {2026, 2027}
    assert filled(Calendar({}, (2025, 2027)), 2026) == {2026}, "a hole is filled"
    with pytest.raises(CalendarRefused, match="缺口"):
        filled(Calendar({}, ()), 2025, 2027)
    assert len(always_off(2150)) == 5, "beyond the festival table the fixed days are asked for"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xff\xff\xff", "x.csv"),
        (b'"open', "x.csv"),
        (b"not a workbook", "x.xlsx"),
        (b"", "x.xlsx"),
        (as_xlsx(NOTICE)[:300], "x.xlsx"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(CalendarRefused, match="读不出表格"):
        rows_of(content, name)


def test_an_empty_table_and_a_wrong_header() -> None:
    with pytest.raises(CalendarRefused, match="表头缺少：working、name"):
        read_filling(rows_of(b"day,kind\n2027-01-01,x", "x.csv"), CALENDAR, "x.csv")
    with pytest.raises(CalendarRefused, match="表头缺少"):
        read_filling(rows_of(b"", "x.csv"), CALENDAR, "x.csv")
    with pytest.raises(CalendarRefused, match="表中没有日期"):
        read_filling(rows_of(as_csv([]), "x.csv"), CALENDAR, "x.csv")


def test_a_broken_packaged_table_is_refused_with_every_fault() -> None:
    days = b"day,working,name\n2026-01-01,maybe,x\n"
    years = "year,source\n2026,国务院\n2026,国务院\nMMXXVII,国务院\n2028,\n".encode()
    with pytest.raises(CalendarRefused) as error:
        read_calendar(days, years)
    assert [(fault.file, fault.element) for fault in error.value.faults] == [
        ("calendar/years.csv", "第3行"),
        ("calendar/years.csv", "第4行"),
        ("calendar/years.csv", "第5行"),
        ("calendar/cn.csv", "第2行"),
    ]


def test_a_table_of_ones_own() -> None:
    calendar = read_calendar(b"day,working,name\n2026-10-10,1,x\n", "year,source\n2026,国务院\n".encode())
    assert calendar.special(date(2026, 10, 10)) == Day(True, "x")
    assert calendar.years == {2026}


def test_many_threads_may_count_while_the_index_grows() -> None:
    calendar = Calendar(CALENDAR.days, CALENDAR.years)
    run = Run(
        Limit("D01", 5, "wd", (), (), Text("受理", "accept"), "C-16"), datetime(2026, 9, 18, tzinfo=SHANGHAI)
    )
    found: list[date] = []

    def count(year: int) -> None:
        due(Run(run.limit, datetime(year, 1, 1, tzinfo=SHANGHAI)), calendar)
        found.append(due(run, calendar).day)

    threads = [threading.Thread(target=count, args=(year,)) for year in (1990, 2040, 2026, 2060, 1985)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {date(2026, 9, 24)}
