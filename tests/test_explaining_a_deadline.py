"""A deadline explains itself: in sentences and as a grid of weeks."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.text import Text
from workflow.deadlines import (
    SHANGHAI,
    Calendar,
    Day,
    DayCell,
    Explanation,
    Limit,
    Pause,
    Run,
    alarms,
    due,
    explain,
    outlook,
    sentence_of,
)

CALENDAR = Calendar.packaged()
ACCEPTED = Text("受理", "accepted")
REASON = Text("大病保险未结清的，先补报再计算救助", "serious-illness insurance has to be settled first")


def limit(amount: int, unit: str) -> Limit:
    return Limit("D03", amount, unit, (), (), Text("评议", "review"), "domain 7.2")  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text if text.startswith("20") else f"2026-{text}").replace(tzinfo=SHANGHAI)


def told(run: Run, now: str) -> Explanation:
    return explain(run, CALENDAR, local(now), ACCEPTED)


def run(amount: int, unit: str, start: str, *pauses: tuple[str, str | None]) -> Run:
    stops = tuple(Pause(local(low), local(high) if high else None, REASON) for low, high in pauses)
    return Run(limit(amount, unit), local(start), stops)


def chinese(explanation: Explanation) -> list[str]:
    return [sentence.zh for sentence in explanation.sentences]


def cells(explanation: Explanation) -> dict[str, DayCell]:
    return {f"{cell.day:%m-%d}": cell for cell in explanation.days}


EXAMPLE = run(10, "wd", "10-09 09:04", ("10-13 17:00", "11-12 10:00"))


def test_the_example_case_in_chinese() -> None:
    assert chinese(told(EXAMPLE, "11-19 12:00")) == [
        "时限：评议，10个工作日（D03，依据：domain 7.2）。",
        "起算：10月9日受理。当天不算，10月10日（星期六，国庆节调休上班）是第1个工作日。",
        "停表：10月13日停止计时，已用3个工作日，10月14日起停表。依据：大病保险未结清的，先补报再计算救助。",
        "恢复：11月12日恢复计时，当天不算，11月13日是第4个工作日。停表共22个工作日。",
        "调休：10月10日（星期六）调休上班，计入。",
        "到期：第10个工作日，11月23日（星期一）24:00。没有停表时本应10月22日到期。",
    ]


def test_the_example_case_in_english() -> None:
    assert [sentence.en for sentence in told(EXAMPLE, "11-19 12:00").sentences] == [
        "Limit: review, 10 working days (D03, source: domain 7.2).",
        "Start: 9 October, accepted. That day is not counted: 10 October (Saturday, a make-up day for "
        "National Day) is working day 1.",
        "Stopped: On 13 October, with 3 working days used; the clock stands from 14 October. "
        "Ground: serious-illness insurance has to be settled first.",
        "Resumed: On 12 November; that day is not counted: 13 November is working day 4. "
        "The clock stood for 22 working days.",
        "Swapped days: 10 October (Saturday): made up by working, counted.",
        "Due: Working day 10, 23 November (Monday) 24:00. Without the pauses it would have been 22 October.",
    ]


def test_the_example_case_as_a_grid() -> None:
    found = told(EXAMPLE, "11-19 12:00")
    assert found.paused == 22
    assert [week[0].day for week in found.weeks] == [date(2026, 10, 5) + timedelta(7 * n) for n in range(8)]
    labels = {day: cell.label.zh if cell.label else "" for day, cell in cells(found).items()}
    october = ("10-07", "10-08", "10-09", "10-10", "10-11", "10-13", "10-14", "10-17")
    assert [labels[day] for day in october] == [
        "节", "", "受理", "1 班", "休", "3", "停", "休",
    ]  # fmt: skip
    assert [labels[day] for day in ("11-12", "11-13", "11-19", "11-23", "11-24", "11-28")] == [
        "停", "4", "8 今天", "10 到期", "", "休",
    ]  # fmt: skip
    kinds = [
        cells(found)[day].kind for day in ("10-08", "10-09", "10-10", "10-12", "10-14", "11-21", "11-23")
    ]
    assert kinds == ["outside", "start", "makeup", "counted", "paused", "rest", "due"]
    assert [day for day, cell in cells(found).items() if cell.today] == ["11-19"]


def test_holidays_on_the_way_are_named() -> None:
    sentences = chinese(told(run(7, "wd", "09-24 10:00"), "09-25 10:00"))
    assert sentences[2] == (
        "调休：10月10日（星期六）调休上班，计入；9月25日至9月27日（中秋节）、10月1日至10月7日（国庆节）放假，不计入。"
    )
    one = told(run(5, "wd", "2026-06-17 10:00"), "06-18 10:00").sentences[2]
    assert one.en == "Swapped days: 19 June to 21 June (Dragon Boat Festival): off, not counted."


def test_two_make_up_days_and_a_first_day_on_a_sunday() -> None:
    found = told(run(7, "wd", "2026-02-13 10:00"), "02-14 10:00")
    assert "2月14日（星期六）、2月28日（星期六）调休上班，计入" in chinese(found)[2]
    assert "14 February (Saturday) and 28 February (Saturday): made up" in found.sentences[2].en
    assert chinese(told(run(7, "d", "2026-11-14 10:00"), "11-15 10:00"))[1].endswith(
        "11月15日（星期日）是第1日。"
    )


def test_a_last_day_that_is_no_working_day() -> None:
    found = told(run(7, "d", "09-24 10:00"), "09-25 10:00")
    assert (
        chinese(found)[-1]
        == "到期：第7日10月1日是休息日（国庆节），顺延到下一个工作日，10月8日（星期四）24:00。"
    )
    assert (cells(found)["10-01"].number, cells(found)["10-08"].number) == (7, None)
    assert [cells(found)[day].kind for day in ("10-01", "10-02", "10-08")] == ["counted", "rest", "due"]
    weekend = told(run(7, "d", "2026-11-14 10:00"), "11-15 10:00")
    assert "11月21日是休息日（星期六）" in chinese(weekend)[-1]


def test_a_provisional_date_says_why() -> None:
    found = told(run(10, "wd", "12-24 10:00"), "12-25 10:00")
    assert found.due.provisional
    assert chinese(found)[-2:] == [
        "到期：第10个工作日，2027年1月8日（星期五）24:00。",
        "暂定：2027年放假安排尚未录入（日历到2026年12月31日为止），这里按周末和法定节日推算，录入后重新计算。",
    ]
    empty = explain(run(1, "wd", "11-18 10:00"), Calendar({}, ()), local("11-18 11:00"), ACCEPTED)
    assert "2026年放假安排尚未录入，" in chinese(empty)[-1]


def test_a_clock_that_stands() -> None:
    found = told(run(10, "wd", "10-09 09:04", ("10-13 17:00", None)), "10-20 12:00")
    assert (
        chinese(found)[-1]
        == "到期：停表期间不计时，恢复后还剩7个工作日。停表前推算10月22日（星期四）24:00到期。"
    )
    assert found.weeks[-1][-1].day == date(2026, 10, 25), "the grid goes to today"
    assert cells(found)["10-20"].label == Text("停 今天", "stopped today")
    assert cells(found)["10-21"].kind == "outside"
    assert not any(cell.kind == "due" for cell in found.days)


def test_a_pause_within_one_day() -> None:
    found = told(run(10, "wd", "10-09 09:04", ("10-13 09:00", "10-13 17:00")), "10-20 12:00")
    assert chinese(found)[2].startswith("停表：10月13日停表，当天恢复，不影响计算。")
    assert not any("没有停表" in sentence for sentence in chinese(found))


def test_a_pause_on_the_last_day() -> None:
    found = told(run(10, "wd", "10-09 09:04", ("10-22 11:00", "11-12 10:00")), "11-12 12:00")
    assert "停表正在最后一日，11月13日补足这一日" in chinese(found)[3]
    assert (cells(found)["10-22"].kind, cells(found)["11-13"].number) == ("paused", 10)


def test_a_pause_after_the_end() -> None:
    found = told(run(10, "wd", "10-09 09:04", ("10-26 11:00", "10-28 10:00")), "10-30 12:00")
    assert "停表前已经到期" in chinese(found)[3]
    labels = [cells(found)[day].label for day in ("10-23", "10-24", "10-26", "10-27", "10-29", "10-30")]
    assert [label and label.zh for label in labels] == ["超1", "休", "超2", "停", "超3", "超4 今天"]


def test_a_long_delay_does_not_make_an_endless_grid() -> None:
    found = told(run(10, "wd", "10-09 09:04"), "2027-06-01 12:00")
    assert found.weeks[-1][-1].day == date(2026, 11, 22)
    assert chinese(found)[1].startswith("起算：2026年10月9日受理")


def test_hours_are_told_as_hours() -> None:
    plain = told(run(24, "h", "02-14 23:30"), "02-15 01:00")
    assert chinese(plain) == [
        "时限：评议，24小时（D03，依据：domain 7.2）。",
        "起算：2月14日23:30受理。按小时连续计算，休息日不停。",
        "到期：满24小时，2月15日23:30，遇休息日不顺延。",
    ]
    paused = told(
        run(24, "h", "02-14 23:30", ("02-15 01:00", "02-15 03:00"), ("02-15 04:00", None)), "02-15 05:00"
    )
    assert chinese(paused)[2:] == [
        "停表：2月15日01:00停表。依据：大病保险未结清的，先补报再计算救助。",
        "恢复：2月15日03:00恢复计时。",
        "停表：2月15日04:00停表。依据：大病保险未结清的，先补报再计算救助。",
        "到期：停表期间不计时，恢复后还剩22小时。停表前推算2月16日01:30到期。",
    ]
    resumed = told(run(72, "h", "02-10 12:00", ("02-11 01:00", "02-11 03:00")), "02-15 05:00")
    assert chinese(resumed)[-1].endswith("没有停表时本应2月13日12:00到期。")
    assert [cells(resumed)[day].kind for day in ("02-10", "02-11", "02-13", "02-14")] == [
        "start", "counted", "due", "outside",
    ]  # fmt: skip
    assert resumed.paused == 0


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(datetime(2004, 1, 1), datetime(2030, 1, 1)),
    amount=st.integers(1, 25),
    unit=st.sampled_from(["wd", "d", "h"]),
    gaps=st.lists(st.tuples(st.integers(-100, 700), st.one_of(st.none(), st.integers(-20, 500))), max_size=3),
    after=st.integers(-48, 2000),
)
def test_every_run_can_be_explained_and_the_grid_agrees(
    start: datetime, amount: int, unit: str, gaps: list[tuple[int, int | None]], after: int
) -> None:
    begin, hour = start.replace(tzinfo=SHANGHAI), timedelta(hours=1)
    stops = tuple(
        Pause(begin + low * hour, None if more is None else begin + (low + more) * hour, REASON)
        for low, more in gaps
    )
    clock = Run(limit(amount, unit), begin, stops)
    found = explain(clock, CALENDAR, begin + after * hour, ACCEPTED)
    assert all(len(week) == 7 and week[0].day.weekday() == 0 for week in found.weeks)
    assert all(sentence.zh and sentence.en for sentence in found.sentences)
    logged = sentence_of(clock, CALENDAR, begin + after * hour, ACCEPTED)
    assert logged == "".join(sentence.zh for sentence in found.sentences), "the log tells what the page tells"
    first = next(iter(alarms(clock, CALENDAR)), None)
    assert outlook(clock, CALENDAR) == (due(clock, CALENDAR), first, first)
    numbers = [cell.number for cell in found.days if cell.number is not None and cell.kind != "late"]
    assert numbers == sorted(set(numbers)) and all(number <= amount for number in numbers)
    ends = [cell.day for cell in found.days if cell.kind == "due"]
    assert ends in ([], [found.due.day])
    if not stops and unit != "h":
        assert numbers == list(range(1, amount + 1))
        assert found.due == due(clock, CALENDAR)


@pytest.mark.parametrize("unit", ["wd", "d"])
def test_one_of_a_unit_is_singular_in_english(unit: str) -> None:
    found = told(run(10, unit, "11-16 10:00", ("11-17 09:00", "11-18 09:00")), "11-18 10:00")
    assert "day used;" in found.sentences[2].en and "stood for 1 " in found.sentences[3].en


def test_the_sentence_in_the_log_follows_the_calendar_the_limit_and_the_year_of_telling() -> None:
    """Sentences are remembered; what they depend on must be what they are remembered by."""
    clock, now = run(5, "wd", "10-09 09:04"), local("10-09 09:04")
    rest = Calendar({**CALENDAR.days, date(2026, 10, 12): Day(working=False, name="停工日")}, CALENDAR.years)
    plain = sentence_of(clock, CALENDAR, now, ACCEPTED)
    others = [
        sentence_of(clock, rest, now, ACCEPTED),
        sentence_of(run(6, "wd", "10-09 09:04"), CALENDAR, now, ACCEPTED),
        sentence_of(run(5, "wd", "10-12 09:04"), CALENDAR, now, ACCEPTED),
        sentence_of(clock, CALENDAR, local("2027-01-04 09:00"), ACCEPTED),
        sentence_of(clock, CALENDAR, now, Text("移交", "handed over")),
        sentence_of(run(5, "wd", "10-09 09:04", ("10-10 09:00", None)), CALENDAR, now, ACCEPTED),
    ]
    assert len({plain, *others}) == len(others)  # a pause still to come changes nothing yet
    assert others[-1] == plain == sentence_of(run(5, "wd", "10-09 17:30"), CALENDAR, now, ACCEPTED)
