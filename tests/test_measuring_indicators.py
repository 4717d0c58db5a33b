"""Indicators: each figure counted by hand beside it, with the list behind it and what is never made up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from facts_by_hand import NOW, Facts

from bpmn import Text
from bpmn.indicators import FOLDER
from workflow.facts.store import open_facts
from workflow.indicators.checking import check, files_in, indicators
from workflow.indicators.measuring import Flagged, Measured, Measuring, Period

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
HERE, THERE = "360829100000", "360829101000"
FILES = files_in(FOLDER)


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(tmp_path)


def figure(
    facts: Facts, name: str, which: str, period: Period = YEAR, area: str = "", flags=(), **given: str
) -> Measured:
    facts._file.commit()
    indicator = indicators().all[name]
    wanted = next(each for each in indicator.figures if each.id == which)
    written = {(name, key): Decimal(value) for key, value in given.items()}
    with open_facts(facts.home) as connection:
        return Measuring(connection, period, area, written, NOW, lambda period: flags).measure(
            indicator, wanted
        )


def case(facts: Facts, name: str, **more) -> str:
    code = name * 32
    usual = {"case_id": code, "number": name, "flow": "ma_ordinary_county", "township": HERE}
    facts.add("cases", **{**usual, "applicant_id": ord(name), **more})
    return code


def paid(facts: Facts, code: str, fen: int, day: str, number: int, **more) -> None:
    facts.add(
        "payment", payment_id=number, case_id=code, amount_fen=fen, credited_on=day,
        **{"status": "credited", "purpose": "aid", **more},
    )  # fmt: skip


def test_all_thirty_are_there_and_sound():
    assert not indicators().faults
    assert list(indicators().all) == [f"I{number:02}" for number in range(1, 31)]


def test_decided_in_time_is_a_share_of_the_cases_decided(facts):
    """Three decided, one of them after a step was late, one decided before the period: 2 of 3."""
    for name, decided in {
        "a": "2026-03-01 10:00:00",
        "b": "2026-04-01 10:00:00",
        "d": "2026-12-31 23:59:59",
    }.items():
        case(facts, name, decided_at=decided)
    case(facts, "e", decided_at="2025-12-31 23:59:59")
    case(facts, "f")
    step = {"kind": "user", "task_id": 1, "due_at": "2026-03-05 00:00:00"}
    facts.add("task", case_id="b" * 32, done_at="2026-03-05 00:00:00", **step)
    facts.add("task", case_id="a" * 32, done_at="2026-03-04 23:59:59", **step)
    found = figure(facts, "I01", "rate")
    assert (found.total.top, found.total.base, found.total.value) == (2, 3, Decimal("66.67"))
    assert found.met is False


def test_days_per_step_are_working_days_without_those_the_clock_stood(facts):
    """Thursday 19 November to Tuesday 24: 3 working days, one of them paused; and one done the same day."""
    step = {"kind": "user", "township": HERE, "name": "审查案卷"}
    facts.add(
        "task", case_id="a" * 32, task_id=1, clock_id=7, opened_at="2026-11-19 09:00:00",
        done_at="2026-11-24 09:00:00", **step,
    )  # fmt: skip
    facts.add("pause", case_id="a" * 32, clock_id=7, from_at="2026-11-20 09:00:00", paused_wd=1)
    facts.add("pause", case_id="a" * 32, clock_id=7, from_at="2026-11-25 09:00:00", paused_wd=9)
    facts.add(
        "task",
        case_id="b" * 32,
        task_id=1,
        opened_at="2026-11-19 09:00:00",
        done_at="2026-11-19 17:00:00",
        **step,
    )
    facts.add(
        "task", case_id="d" * 32, task_id=1, opened_at="2026-11-16 09:00:00", done_at="2026-11-23 09:00:00",
        **{**step, "name": "签发审批决定"},
    )  # fmt: skip
    mean, median = figure(facts, "I02", "mean"), figure(facts, "I02", "median")
    assert (mean.total.value, median.total.value) == (Decimal("2.3"), Decimal("2.0"))
    assert {name: part.value for name, part in mean.parts.items()} == {
        "审查案卷": Decimal("1.0"), "签发审批决定": Decimal("5.0")
    }  # fmt: skip


def test_persons_are_counted_once_however_many_bills_they_have(facts):
    """Two entitled persons with three bills, one of them aided once; a third is on no roster."""
    for person in (1, 2, 3):
        facts.add("person", person_id=person, township=HERE if person == 1 else THERE)
    bill = {"settled_on": "2026-05-01", "self_pay_fen": 100}
    facts.add("claim", claim_id=1, person_id=1, aid_paid_fen=50, **bill)
    facts.add("claim", claim_id=2, person_id=1, aid_paid_fen=None, **bill)
    facts.add("claim", claim_id=3, person_id=2, aid_paid_fen=None, **bill)
    facts.add("claim", claim_id=4, person_id=3, aid_paid_fen=None, **bill)
    facts.add("category", person_id=1, code="DB", valid_from_on="2025-01-01")
    facts.add("category", person_id=2, code="DB", valid_from_on="2025-01-01", valid_to_on="2026-05-01")
    facts.add("category", person_id=3, code="DB", valid_from_on="2026-05-02")
    found = figure(facts, "I03", "rate")
    assert (found.total.top, found.total.base, found.total.value) == (1, 2, Decimal("50.00"))
    assert figure(facts, "I03", "rate", area=HERE).total.value == Decimal("100.00")


def test_yuan_are_divided_by_yuan(facts):
    """12,345.67 of 17,000.00 yuan for a stay of somebody on the allowance; the rest does not count."""
    for person, code in ((1, "DB"), (2, "DBBY")):
        facts.add("person", person_id=person, township=HERE)
        facts.add("category", person_id=person, code=code, valid_from_on="2025-01-01")
    bill = {"settled_on": "2026-05-01", "self_pay_fen": 1_700_000, "aid_paid_fen": 1_234_567}
    facts.add("claim", claim_id=1, person_id=1, inpatient=1, **bill)
    facts.add("claim", claim_id=2, person_id=1, inpatient=0, **bill)
    facts.add("claim", claim_id=3, person_id=2, inpatient=1, **bill)
    facts.add("claim", claim_id=4, person_id=1, inpatient=1, **{**bill, "aid_paid_fen": None})
    found = figure(facts, "I04", "ratio")
    assert (found.total.top, found.total.base) == (Decimal("12345.67"), Decimal("17000.00"))
    assert found.total.value == Decimal("72.62") and found.met is True


def test_this_year_is_compared_with_the_same_months_of_the_last(facts):
    """Three payments against two: 150 %; 600 yuan against 400: + 50 %. 200 a time."""
    code = case(facts, "a")
    for number, (day, fen) in enumerate(
        [("2026-01-01", 10_000), ("2026-06-30", 20_000), ("2026-03-01", 30_000), ("2026-07-01", 1),
         ("2025-01-01", 30_000), ("2025-06-30", 10_000), ("2025-07-01", 77_700)]
    ):  # fmt: skip
        paid(facts, code, fen, day, number)
    paid(facts, code, 99_900, "2026-02-01", 99, status="returned")
    half = Period(date(2026, 1, 1), date(2026, 6, 30))
    assert figure(facts, "I06", "ratio", half).total.value == Decimal("150.00")
    assert figure(facts, "I26", "growth", half).total.value == Decimal("50.00")
    assert figure(facts, "I27", "mean", half).total.value == Decimal("200.00")
    spent = figure(facts, "I08", "rate", half, budget="1200")
    assert (spent.total.value, spent.total.top) == (Decimal("50.00"), Decimal("600.00"))


def test_what_cannot_be_given_is_never_nought_and_never_a_hundred(facts):
    nothing = figure(facts, "I01", "rate").total
    assert nothing.value is None and nothing.why == Text("没有可算的数据", "nothing to count")
    assert figure(facts, "I06", "ratio").total.why == Text("没有上年同期数据", "no data of the year before")
    for name, which in {"I07": "rate", "I08": "rate", "I15": "rate", "I28": "rate"}.items():
        found = figure(facts, name, which)
        assert found.total.value is None and found.total.why == Text("未录入", "not entered"), name
        assert found.met is None
    half = figure(facts, "I28", "rate", insured="165479").total
    assert (half.value, half.top, half.base) == (None, Decimal(165479), None)


def test_a_figure_that_was_entered_for_the_county_is_none_of_a_township(facts):
    """165,479 of 171,015 residents are insured: 96.76 % (domain 8.1)."""
    both = {"insured": "165479", "residents": "171015"}
    assert figure(facts, "I28", "rate", **both).total.value == Decimal("96.76")
    assert figure(facts, "I28", "rate", area=HERE, **both).total.value is None


def test_complete_cases_have_survey_review_and_posting(facts):
    for name in "abd":
        code = case(facts, name, approved_at="2026-05-01 09:00:00", aid_fen=1)
        facts.add("visit", case_id=code, kind="survey")
        facts.add("meeting", case_id=code)
    facts.add("posting", case_id="a" * 32, stayed=1)
    facts.add("posting", case_id="b" * 32, stayed=0)
    found = figure(facts, "I17", "rate")
    assert (found.total.top, found.total.base) == (1, 3)
    paid(facts, "a" * 32, 5, "2026-06-01", 1)
    assert figure(facts, "I14", "rate").total.value == Decimal("33.33")


def test_a_new_recipient_is_new_once(facts):
    """b was granted aid before; a and d are new, and d has been visited."""
    case(facts, "b", approved_at="2026-05-01 09:00:00", aid_fen=1, applicant_id=2)
    case(facts, "e", approved_at="2025-05-01 09:00:00", aid_fen=1, applicant_id=2)
    case(facts, "a", approved_at="2026-05-01 09:00:00", aid_fen=1, applicant_id=1)
    facts.add("visit", case_id=case(facts, "d", approved_at="2026-05-02 09:00:00", aid_fen=1), kind="survey")
    found = figure(facts, "I19", "rate")
    assert (found.total.top, found.total.base) == (1, 2)


@pytest.mark.parametrize(("visited", "in_time"), [("2026-11-13", 1), ("2026-11-16", 0)])
def test_an_alert_is_checked_in_time_within_five_working_days(facts, visited, in_time):
    """Registered on Friday, 6 November: the fifth working day after is Friday, the 13th."""
    code = case(facts, "a", flow="alert_high_cost", opened_at="2026-11-06 09:00:00")
    facts.add("visit", case_id=code, kind="alert_check", visited_on=visited)
    assert figure(facts, "I24", "rate").total.top == in_time


def test_recovered_money_and_the_persons_it_came_from(facts):
    case(facts, "a", applicant_id=1), case(facts, "b", applicant_id=1)
    for name, original in {"e": "a", "f": "b"}.items():
        facts.add("recovery", case_id=name * 32, original_id=original * 32)
        facts.add("repayment", case_id=name * 32, received_on="2026-02-01", amount_fen=2_420_000)
    assert figure(facts, "I25", "money").total.value == Decimal("48400.00")
    assert figure(facts, "I25", "persons").total.value == 1


def test_objections_and_petitions_answered_and_founded(facts):
    code = case(facts, "a")
    for seq, result in enumerate(["founded", "unfounded", None]):
        facts.add("objection", case_id=code, seq=seq, received_at="2026-03-01 09:00:00", result=result)
    case(facts, "b", flow="appeal", opened_at="2026-03-01 09:00:00", closed_at="2026-03-09 09:00:00")
    assert figure(facts, "I29", "answered").total.value == Decimal("75.00")
    assert figure(facts, "I29", "founded").total.value == Decimal("50.00")


def test_red_flags_are_counted_for_who_may_see_them(facts):
    case(facts, "a", opened_at="2026-03-01 09:00:00"), case(facts, "b", opened_at="2026-03-01 09:00:00")
    flags = [
        Flagged("1", "a" * 32, HERE, "justified"), Flagged("2", "a" * 32, HERE, "false_alarm"),
        Flagged("3", "b" * 32, HERE, None), Flagged("4", None, THERE, "explained"),
    ]  # fmt: skip
    assert figure(facts, "I30", "per_100", flags=flags).total.value == Decimal("200.00")
    assert figure(facts, "I30", "confirmed", flags=flags).total.value == Decimal("33.33")
    assert figure(facts, "I30", "confirmed", area=HERE, flags=flags).total.value == Decimal("50.00")
    assert {each.only for each in indicators().all["I30"].figures} == {"view_flags"}


def test_the_rows_behind_a_figure_add_up_to_it(facts):
    for name, decided in {"a": "2026-03-01 10:00:00", "b": "2026-04-01 10:00:00"}.items():
        case(facts, name, decided_at=decided)
    facts._file.commit()
    indicator = indicators().all["I01"]
    with open_facts(facts.home) as connection:
        measuring = Measuring(connection, YEAR, "", {}, NOW)
        rows = measuring.rows(indicator.figures[0])
        total = measuring.measure(indicator, indicator.figures[0]).total
    assert {row.case for row in rows if row.base} == {"a" * 32, "b" * 32}
    assert sum(row.top for row in rows) == total.top == 2


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("I01", 'id = "I01"', 'id = "I02"', "name of its file"),
        ("I01", "FROM cases c", "FROM people c", "no such table"),
        ("I01", "1 AS base", "1 AS bottom", "lack base"),
        ("I01", 'counted = "case"', 'counted = "thing"', "one of"),
        ("I01", "SELECT c.case_id,", "DELETE FROM cases; SELECT c.case_id,", "SQL is wrong"),
        ("I28", 'unit = "person"', 'unit = "household"', "different units"),
        ("I28", 'base = "residents"', 'base = "people"', "no figure that is entered"),
        ("I28", 'at_least = "99"', 'at_least = "many"', "a number"),
        ("I30", 'only = "view_flags"', 'only = "see_all"', "no action"),
        ("I15", "source =", "sauce =", "unknown"),
    ],
)
def test_a_faulty_file_is_left_out_and_its_fault_is_told(name, old, new, words):
    file = f"{name}.toml"
    changed = FILES[file].decode().replace(old, new, 1)
    assert changed != FILES[file].decode()
    found = check({**FILES, file: changed.encode()})
    assert name not in found.all and len(found.all) == 29
    assert any(fault.file == file and words in fault.reason.en for fault in found.faults), found.faults


def test_the_year_before_of_a_leap_day_is_the_day_before():
    assert replace(YEAR, until=date(2028, 2, 29)).last_year.until == date(2027, 2, 28)
