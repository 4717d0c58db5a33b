"""Warning before a limit runs out, and reporting it after: C-26, domain 7.2."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpmn
from bpmn.faults import RulebookError
from bpmn.tables import LimitRow
from bpmn.text import Text
from workflow.deadlines import (
    SHANGHAI,
    Calendar,
    Extension,
    Limit,
    Pause,
    Run,
    Warn,
    alarms,
    due,
    limits_of,
    outlook,
    standing,
)

CALENDAR = Calendar.packaged()
NAME = Text("县级审批", "county decision")


def limit(amount: int, unit: str, *warn: str) -> Limit:
    row = {
        "amount": amount,
        "unit": unit,
        "warn": list(warn),
        "escalate": ["SUP@msb"],
        "source": "domain 7.2",
    }
    return limits_of({"D09": {**row, "name": {"zh": NAME.zh, "en": NAME.en}}})["D09"]


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def times(limit: Limit, start: str) -> dict[str, datetime]:
    return dict(alarms(Run(limit, local(start)), CALENDAR))


def test_by_default_at_sixty_and_eighty_percent_then_late_then_twice_more() -> None:
    """Day 6 and day 8 of ten; overdue at 24:00; two and five working days later again."""
    assert times(limit(10, "wd"), "11-05 10:00") == {
        "warn": local("11-13 00:00"),
        "warn2": local("11-17 00:00"),
        "overdue": local("11-20 00:00"),
        "second": local("11-24 00:00"),
        "third": local("11-27 00:00"),
    }


@pytest.mark.parametrize(
    ("amount", "days"), [(2, (1, 2)), (3, (2, 3)), (5, (3, 4)), (7, (4, 6)), (15, (9, 12))]
)
def test_shares_are_rounded_as_the_table_of_the_specification_does(
    amount: int, days: tuple[int, ...]
) -> None:
    start = local("11-01 10:00")  # a Sunday: day 1 is Monday 2 November, so seven days hold five
    found = [
        alarm.at
        for alarm in alarms(Run(limit(amount, "wd"), start), CALENDAR)
        if alarm.level.startswith("warn")
    ]
    expected = []
    for number in days:
        weeks, rest = divmod(number - 1, 5)
        expected.append(datetime(2026, 11, 2 + 7 * weeks + rest, tzinfo=SHANGHAI))
    assert found == expected


def test_a_row_has_its_own_times() -> None:
    assert times(limit(7, "wd", "4wd", "6wd"), "11-08 10:00")["warn2"] == local("11-16 00:00")
    one = times(limit(5, "wd", "3wd"), "11-08 10:00")
    assert (one["warn"], one["warn2"]) == (local("11-11 00:00"), local("11-12 00:00")), "red at 80 %"


def test_a_red_that_would_come_no_later_than_the_yellow_comes_halfway_to_the_end() -> None:
    one_day = times(limit(1, "wd"), "11-18 10:00")
    assert (one_day["warn"], one_day["warn2"]) == (local("11-19 00:00"), local("11-19 12:00"))
    late = times(limit(24, "h", "20h"), "11-18 10:00")
    assert (late["warn"], late["warn2"]) == (local("11-19 06:00"), local("11-19 08:00"))


def test_a_posting_warns_one_day_before_its_end() -> None:
    found = times(limit(7, "d", "-1d"), "11-19 15:00")
    assert (found["warn"], found["warn2"]) == (local("11-26 00:00"), local("11-26 12:00"))


def test_working_days_and_hours_before_the_end() -> None:
    assert times(limit(10, "wd", "-3wd"), "11-05 10:00")["warn"] == local("11-17 00:00")
    assert times(limit(1, "wd", "-2h"), "11-18 10:00")["warn"] == local("11-19 22:00")


def test_hours_used() -> None:
    assert times(limit(2, "h", "1h"), "11-18 10:00") == {
        "warn": local("11-18 11:00"),
        "warn2": local("11-18 11:36"),
        "overdue": local("11-18 12:00"),
        "second": local("11-20 12:00"),
        "third": local("11-25 12:00"),
    }
    day = times(limit(24, "h"), "11-18 10:00")
    assert (day["warn"], day["warn2"]) == (local("11-19 00:24"), local("11-19 05:12"))


def test_a_warning_never_comes_before_the_start_nor_after_the_end() -> None:
    assert times(limit(1, "d", "-20h"), "11-18 23:00")["warn"] == local("11-19 04:00")
    assert times(limit(1, "d", "-47h"), "11-18 10:00")["warn"] == local("11-18 10:00")
    assert times(limit(2, "h", "1wd"), "11-18 10:00")["warn"] == local("11-18 11:12"), "the share instead"


def test_the_alarms_of_another_limit_on_the_same_clock() -> None:
    run = Run(limit(10, "wd"), local("11-05 10:00"))
    assert alarms(run, CALENDAR, limit(5, "wd")) == alarms(Run(limit(5, "wd"), run.started_at), CALENDAR)


def test_how_a_clock_stands_from_day_to_day() -> None:
    run = Run(limit(10, "wd", "6wd"), local("11-05 10:00"))
    seen = {
        day: standing(run, CALENDAR, local(f"{day} 09:00"))
        for day in ("11-05", "11-12", "11-13", "11-19", "11-20", "11-21", "11-24", "11-27")
    }
    assert [found.status for found in seen.values()] == ["on_time"] * 2 + ["due_soon"] * 2 + ["overdue"] * 4
    assert [found.remaining for found in seen.values()] == [10, 5, 4, 0, 0, 0, 0, 0]
    assert [found.late_by for found in seen.values()] == [0, 0, 0, 0, 1, 1, 3, 6]
    assert [found.level for found in seen.values()] == [
        None,
        None,
        "warn",
        "warn2",
        "overdue",
        "overdue",
        "second",
        "third",
    ]


def test_late_from_the_very_instant() -> None:
    run = Run(limit(10, "wd"), local("11-05 10:00"))
    assert standing(run, CALENDAR, local("11-19 23:59:59")).status == "due_soon"
    assert standing(run, CALENDAR, local("11-20 00:00")).status == "overdue"


def test_late_over_a_weekend_is_late_by_a_begun_day() -> None:
    run = Run(limit(1, "wd"), local("11-19 10:00"))
    assert standing(run, CALENDAR, local("11-21 10:00")).late_by == 1, "due on Friday, seen on Saturday"


def test_the_limits_of_the_rule_book() -> None:
    limits = limits_of(bpmn.load())
    amounts = {
        name: (limits[name].amount, limits[name].unit) for name in ("D01", "D02", "D03", "D04", "D11", "D42")
    }
    assert amounts == {
        "D01": (5, "wd"), "D02": (10, "wd"), "D03": (10, "wd"), "D04": (7, "d"),
        "D11": (15, "wd"), "D42": (30, "d"),
    }  # fmt: skip
    assert limits["D03"].warn == (Warn(6, "wd"),)
    assert limits["D04"].warn == (Warn(1, "d", before=True),)


@pytest.mark.parametrize(
    ("row", "element"),
    [
        ({"amount": 5, "unit": "weeks"}, "D09.unit"),
        ({"amount": 5, "unit": "wd", "warn": ["soon"]}, "D09.warn"),
        ({"amount": 5, "unit": "wd", "warn": ["6wd"]}, "D09.warn"),
        ({"amount": 5, "unit": "wd", "warn": ["-5wd"]}, "D09.warn"),
        ({"amount": 5, "unit": "d", "warn": ["-2wd"]}, "D09.warn"),
        ({"amount": 5, "unit": "wd", "colour": "red"}, "D09.colour"),
    ],
)
def test_a_wrong_row_is_refused_with_its_element(row: dict[str, object], element: str) -> None:
    whole = {"name": {"zh": "甲", "en": "a"}, "source": "C-16", **row}
    with pytest.raises(RulebookError) as refused:
        limits_of({"D09": whole})
    assert [(fault.file, fault.element) for fault in refused.value.faults] == [("limits.toml", element)]


def test_a_row_made_by_hand_is_checked_too() -> None:
    row = LimitRow("D09", 5, "wd", ("soon",), (), NAME, "C-16", False)
    with pytest.raises(RulebookError, match="soon"):
        limits_of(SimpleNamespace(limits={"D09": row}))


WARNS = st.builds(Warn, st.integers(1, 30), st.sampled_from(["wd", "d", "h"]), st.booleans())
HOUR = timedelta(hours=1)


@settings(max_examples=200, deadline=None)
@given(
    limit=st.builds(
        Limit,
        st.sampled_from(["D03", "D09"]),
        st.integers(1, 12),
        st.sampled_from(["wd", "d", "h"]),
        st.lists(WARNS, max_size=2).map(tuple),
        st.just(()),
        st.just(NAME),
        st.just("domain 7.2"),
    ),
    starts=st.lists(st.integers(0, 47), min_size=1, max_size=3),
    pause=st.none() | st.tuples(st.integers(0, 90), st.none() | st.integers(0, 90)),
    extended=st.sampled_from([0, 0, 3]),
)
def test_a_step_is_told_the_alarms_that_count_for_it(limit, starts, pause, extended):
    """Whatever was worked out before for another clock that began on the same day."""
    for start in starts:
        begun = local("11-06 00:00") + start * HOUR  # a Friday and a Saturday
        extension = Extension(begun, extended) if extended else None
        pauses = ()
        if pause is not None:
            low, more = pause
            end = None if more is None else begun + (low + more) * HOUR
            pauses = (Pause(begun + low * HOUR, end, NAME),)
        run = Run(limit, begun, pauses, extension)
        every = alarms(run, CALENDAR)
        for raised in range(len(every) + 1):  # in the order in which they are raised
            levels = {alarm.level for alarm in every[:raised]}
            first, coming = (every or [None])[0], next(iter(every[raised:]), None)
            assert outlook(run, CALENDAR, levels) == (due(run, CALENDAR), first, coming)
