"""Limits that end on a date: the same working day, the tenth of the month, the end of the quarter."""

from datetime import date, datetime, timedelta

import pytest

from bpmn import RulebookError
from bpmn.text import Text
from workflow.deadlines import (
    SHANGHAI,
    Calendar,
    Explanation,
    Pause,
    Run,
    alarms,
    due,
    explain,
    limits_of,
    standing,
)
from workflow.deadlines.fixed import read_fixed

CALENDAR = Calendar.packaged()
EVENT = Text("收到", "received")


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def row(on: str, *warn: str, back: bool = False) -> dict[str, object]:
    return {
        "unit": "date", "on": on, "back": back, "warn": list(warn), "escalate": ["SUP@msb"],
        "name": {"zh": "备案", "en": "filing"}, "source": "domain 7.2",
    }  # fmt: skip


def run(on: str, start: str, *warn: str, back: bool = False, pauses: tuple[Pause, ...] = ()) -> Run:
    return Run(limits_of({"D08": row(on, *warn, back=back)})["D08"], local(start), pauses)


def told(run: Run, now: str) -> Explanation:
    return explain(run, CALENDAR, local(now), EVENT)


SAME_DAY = "same_day 16:30 12:00"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("11-18 09:00", "11-19 00:00"),  # Wednesday morning: the day itself
        ("11-18 16:30", "11-19 00:00"),
        ("11-18 16:31", "11-19 12:00"),  # too late in the day: noon of the next
        ("11-20 17:00", "11-23 12:00"),  # over the weekend
        ("11-21 10:00", "11-23 12:00"),  # a Saturday
        ("10-10 10:00", "10-11 00:00"),  # a Saturday on which offices work
        ("09-24 16:45", "09-28 12:00"),  # over the mid-autumn holiday
    ],
)
def test_filing_is_done_the_same_working_day(start: str, end: str) -> None:
    assert due(run(SAME_DAY, start), CALENDAR).at == local(end)


def test_filing_warns_two_hours_before_the_office_closes_and_again_an_hour_before() -> None:
    found = dict(alarms(run(SAME_DAY, "11-18 09:00", "-2h"), CALENDAR))
    assert (found["warn"], found["warn2"]) == (local("11-18 15:30"), local("11-18 16:30"))
    late = dict(alarms(run(SAME_DAY, "11-18 17:00", "-2h"), CALENDAR))
    assert (late["warn"], late["warn2"]) == (local("11-19 10:00"), local("11-19 11:00"))
    squeezed = [alarm.level for alarm in alarms(run(SAME_DAY, "11-18 16:29", "-2h"), CALENDAR)]
    assert squeezed == ["warn", "warn2", "overdue", "second", "third"]


def test_a_pause_begins_the_day_of_filing_anew() -> None:
    pause = Pause(local("11-18 10:00"), local("11-19 16:45"), Text("停表", "stopped"))
    assert due(run(SAME_DAY, "11-18 09:00", pauses=(pause,)), CALENDAR).at == local("11-20 12:00")


@pytest.mark.parametrize(
    ("on", "back", "start", "end"),
    [
        ("month 10", False, "11-03 09:00", "11-10"),
        ("month 10", False, "11-10 09:00", "11-10"),
        ("month 10", False, "11-11 09:00", "12-10"),
        ("month 10", False, "05-03 09:00", "05-11"),  # 10 May is a Sunday
        ("month 10", True, "05-03 09:00", "05-09"),  # and the Saturday before it is a working day
        ("month end", True, "10-12 09:00", "10-30"),  # the 31st is a Saturday: not out of its month
        ("month end", False, "10-12 09:00", "11-02"),
        ("month 5wd", False, "10-01 09:00", "10-13"),
        ("quarter end", False, "04-02 09:00", "06-30"),
        ("quarter end 15wd", False, "10-02 09:00", "10-27"),  # of the third quarter
        ("quarter end 15wd", False, "10-30 09:00", "2027-01-22"),
        ("year 05-29", False, "03-01 09:00", "05-29"),
        ("year 05-29", False, "05-30 09:00", "2027-05-31"),
        ("months 6", False, "08-31 09:00", "2027-03-01"),  # 28 February is a Sunday
        ("months 6", False, "01-15 09:00", "07-15"),
    ],
)
def test_dates_of_the_calendar(on: str, back: bool, start: str, end: str) -> None:
    whole = end if end.startswith("20") else f"2026-{end}"
    assert due(run(on, start, back=back), CALENDAR).day == date.fromisoformat(whole)


def test_a_date_of_a_year_without_notice_is_provisional() -> None:
    assert due(run("year 02-28", "03-02 09:00"), CALENDAR).provisional
    assert not due(run("year 02-28", "02-02 09:00"), CALENDAR).provisional


def test_warnings_of_a_date_count_back_from_it() -> None:
    found = dict(alarms(run("year 05-29", "05-01 09:00", "-5wd"), CALENDAR))
    assert found["warn"] == local("05-25 00:00"), "five working days, the last one among them"
    tenth = dict(alarms(run("month 10", "11-01 09:00", "-3d"), CALENDAR))
    assert tenth["warn"] == local("11-08 00:00")
    plain = dict(alarms(run("month 10", "11-01 09:00"), CALENDAR))
    assert (plain["warn"], plain["warn2"]) == (local("11-06 00:00"), local("11-08 00:00"))


def test_how_a_date_stands() -> None:
    going = run("month 10", "11-02 09:00", "-3d")
    found = standing(going, CALENDAR, local("11-06 09:00"))
    assert (found.used, found.total, found.remaining, found.unit) == (4, 8, 4, "d")
    late = standing(going, CALENDAR, local("11-12 09:00"))
    assert (late.status, late.late_by) == ("overdue", 2)
    same = standing(run(SAME_DAY, "11-18 09:00"), CALENDAR, local("11-18 12:30"))
    assert (same.used, same.total, same.unit) == (3, 15, "h")


def test_a_date_explains_itself() -> None:
    tenth = [sentence.zh for sentence in told(run("month 10", "05-03 09:00"), "05-04 09:00").sentences]
    assert tenth == [
        "时限：备案，每月10日前（D08，依据：domain 7.2）。",
        "起算：5月3日收到。",
        "到期：5月11日（星期一）24:00。",
    ]
    filing = told(run(SAME_DAY, "11-18 17:00"), "11-18 17:05")
    assert filing.sentences[0].en.startswith("Limit: filing, the same working day; begun after 16:30")
    assert filing.sentences[-1].zh == "到期：11月19日12:00。"
    assert (
        told(run(SAME_DAY, "11-18 09:00"), "11-18 17:05").sentences[-1].zh
        == "到期：11月18日（星期三）24:00。"
    )


def test_the_days_of_a_year_for_the_work_calendar() -> None:
    clearing = read_fixed("quarter end 15wd")
    assert clearing is not None
    assert [(period, str(day)) for period, day in clearing.turns(2025, CALENDAR, years=1)] == [
        ("2025-Q1", "2025-04-22"),
        ("2025-Q2", "2025-07-21"),
        ("2025-Q3", "2025-10-28"),
        ("2025-Q4", "2026-01-22"),
    ]
    monthly = read_fixed("month 5wd")
    assert monthly is not None
    turns = list(monthly.turns(2026, CALENDAR, years=1))
    assert len(turns) == 12 and turns[-1] == ("2026-12", date(2026, 12, 7))


@pytest.mark.parametrize(
    "on", ["month 31", "month 0", "year 13-01", "year 02-30", "same_day 25:00 12:00", "same_day 18:00 12:00",
           "quarter", "tomorrow", "same_day 16:30 12:75"],
)  # fmt: skip
def test_a_date_that_no_calendar_has_is_refused_with_its_reason(on: str) -> None:
    with pytest.raises(RulebookError) as refused:
        limits_of({"D08": row(on)})
    assert refused.value.faults[0].element == "D08.on" and on in refused.value.faults[0].reason.zh


def test_a_warning_of_a_date_counts_back_or_is_refused() -> None:
    for on, warn in (("month 10", "5wd"), (SAME_DAY, "-2wd"), ("month 10", "-2h")):
        with pytest.raises(RulebookError, match="before the end"):
            limits_of({"D08": row(on, warn)})


def test_every_rule_has_words_in_both_languages() -> None:
    for on in (SAME_DAY, "month 1", "month 2", "month 3", "month 11", "month end", "month 5wd", "year 05-29",
               "quarter end", "quarter end 15wd", "months 6"):  # fmt: skip
        fixed = read_fixed(on)
        assert fixed is not None and fixed.words.zh and fixed.words.en


def test_the_third_alarm_of_filing_comes_five_working_days_after() -> None:
    found = dict(alarms(run(SAME_DAY, "11-18 09:00"), CALENDAR))
    assert found["third"] - found["overdue"] == timedelta(days=7)
