"""A supervisor extends a limit once, before it ends, by at most half of it (domain 7.2)."""

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

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
    explain,
    limits_of,
    standing,
)

CALENDAR = Calendar.packaged()
COUNTY = Limit("D09", 10, "wd", (Warn(6, "wd"),), (), Text("县级审批", "county decision"), "domain 7.2 D09")
POSTED = Text("转县级", "passed on to the county")


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


PLAIN = Run(COUNTY, local("11-05 10:00"))
EXTENDED = Run(COUNTY, local("11-05 10:00"), (), Extension(local("11-17 09:00"), 5))


def test_the_units_are_added_and_the_warnings_keep_their_distance_from_the_end() -> None:
    assert due(PLAIN, CALENDAR).day == date(2026, 11, 19)
    assert due(EXTENDED, CALENDAR).day == date(2026, 11, 26)
    found = dict(alarms(EXTENDED, CALENDAR))
    assert (found["warn"], found["warn2"]) == (local("11-20 00:00"), local("11-23 00:00"))


def test_hours_are_extended_in_hours() -> None:
    identity = Limit("D18", 2, "h", (Warn(1, "h"),), (), Text("核实", "identity"), "domain 7.2")
    run = Run(identity, local("11-18 10:00"), (), Extension(local("11-18 10:30"), 1))
    assert due(run, CALENDAR).at == local("11-18 13:00")
    assert dict(alarms(run, CALENDAR))["warn"] == local("11-18 12:00")


def test_before_the_extension_the_clock_stood_as_it_was_known_then() -> None:
    then, now = local("11-16 09:00"), local("11-18 09:00")
    assert standing(EXTENDED, CALENDAR, then) == standing(PLAIN, CALENDAR, then)
    assert standing(EXTENDED, CALENDAR, now).remaining == standing(PLAIN, CALENDAR, now).remaining + 5


def test_the_explanation_names_the_extension() -> None:
    told = explain(EXTENDED, CALENDAR, local("11-18 09:00"), POSTED)
    assert [sentence.zh for sentence in told.sentences][2:] == [
        "延期：11月17日经督办人员批准，10个工作日延长5个工作日，共15个工作日。",
        "到期：第15个工作日，11月26日（星期四）24:00。",
    ]
    assert "On 17 November a supervisor added 5 working days to the 10" in told.sentences[2].en
    before = explain(EXTENDED, CALENDAR, local("11-16 09:00"), POSTED)
    assert not any("延期" in sentence.zh for sentence in before.sentences)


def test_the_longest_extension_is_half_of_the_limit_unless_the_row_says_otherwise() -> None:
    plain = {
        "amount": 5,
        "unit": "wd",
        "escalate": ["SUP@msb"],
        "name": {"zh": "甲", "en": "a"},
        "source": "x",
    }
    limits = limits_of({"D01": plain, "D04": {**plain, "extension": 0}, "D38": {**plain, "extension": 20}})
    assert [limit.extension for limit in limits.values()] == [2, 0, 20]


@settings(max_examples=80, deadline=None)
@given(
    start=st.dates(date(2004, 1, 1), date(2025, 6, 30)),
    amount=st.integers(2, 30),
    more=st.integers(1, 15),
    gap=st.tuples(st.integers(0, 30), st.integers(0, 20)),
)
def test_an_extended_limit_ends_where_a_longer_one_would(
    start: date, amount: int, more: int, gap: tuple[int, int]
) -> None:
    at = datetime(start.year, start.month, start.day, 12, tzinfo=SHANGHAI)
    pause = Pause(at + timedelta(days=gap[0]), at + timedelta(days=sum(gap)), Text("停表", "stopped"))
    limit = Limit("D09", amount, "wd", (), (), COUNTY.name, COUNTY.source)
    longer = Limit("D09", amount + more, "wd", (), (), COUNTY.name, COUNTY.source)
    extended = Run(limit, at, (pause,), Extension(at, more))
    assert due(extended, CALENDAR) == due(Run(longer, at, (pause,)), CALENDAR)
    assert alarms(extended, CALENDAR) == alarms(Run(longer, at, (pause,)), CALENDAR)
