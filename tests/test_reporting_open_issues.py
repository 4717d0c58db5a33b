"""What is open between the departments (the joint meeting's report), and how long the money will last."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import NOW, Facts
from pages.desks import at_the_desk

from workflow.facts.building import build
from workflow.facts.store import open_facts
from workflow.indicators.reports import period_of, reports
from workflow.measure_commands import EnterFigure

HERE, THERE = "360829100000", "360829101000"
QUARTER = period_of("quarter", date(2026, 11, 23))
MONEY = ("I07_raised_fen", "I07_carry_over_before_fen", "I08_budget_fen")


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(tmp_path)


def rows(facts: Facts, report: str, table: str, area: str = "", **money: int) -> list[tuple[Any, ...]]:
    """A table of a report as its query gives it."""
    facts._file.commit()
    sql = next(one.sql for one in reports().all[report].tables if one.id == table)
    asked = {**QUARTER.asked(NOW), "area": area, **dict.fromkeys(MONEY), **money}
    with open_facts(facts.home) as connection:
        return [tuple(row) for row in connection.execute(sql, asked)]


def case(facts: Facts, name: str, **more: Any) -> str:
    code = name * 32
    facts.add(
        "cases", case_id=code, number=name, **{"township": HERE, "opened_at": "2026-09-01 09:00:00", **more}
    )
    return code


def test_a_part_is_open_until_its_department_has_answered_or_the_case_is_closed(facts: Facts) -> None:
    for name, more in {"a": {}, "b": {"closed_at": "2026-10-09 09:00:00"}, "c": {"township": THERE}}.items():
        code = case(facts, name, **more)
        facts.add("department_part", case_id=code, place=1, office="民政局", proposed_fen=40_000)
        facts.add(
            "department_part", case_id=code, place=2, office="残联", proposed_fen=9_000, granted_fen=9_000
        )
    assert rows(facts, "joint", "parts") == [("民政局", 2, 80_000, "2026-09-01")]
    assert rows(facts, "joint", "parts", THERE) == [("民政局", 1, 40_000, "2026-09-01")]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, [(HERE, "入户调查", 1, "2026-11-20")]),
        ({"org": "360829-civil"}, [("360829-civil", "入户调查", 1, "2026-11-20")]),
        ({"org": "360829-msb"}, []),
        ({"due_at": "2026-11-24 00:00:00"}, []),
        ({"paused": 1}, []),
        ({"done_at": "2026-11-22 09:00:00"}, []),
        ({"done_at": "2027-01-04 09:00:00"}, [(HERE, "入户调查", 1, "2026-11-20")]),
    ],
)
def test_a_late_step_of_another_office_is_an_issue(
    facts: Facts, more: dict[str, Any], found: list[Any]
) -> None:
    step = {
        "case_id": case(facts, "a"), "task_id": 1, "kind": "user", "name": "入户调查", "org": HERE,
        "township": HERE, "opened_at": "2026-11-02 09:00:00", "due_at": "2026-11-20 00:00:00", "paused": 0,
    }  # fmt: skip
    facts.add("task", **{**step, **more})
    assert rows(facts, "joint", "steps") == found


def test_who_waits_for_another_authority_and_who_for_an_answer(facts: Facts) -> None:
    at_rest, posted = case(facts, "a"), case(facts, "b")
    facts.add("pause", case_id=at_rest, from_at="2026-10-12 09:00:00", reason="须等待其他机关查明事实")
    facts.add("pause", case_id=posted, from_at="2026-10-12 09:00:00", reason="公示期间")
    assert rows(facts, "joint", "waiting") == [("须等待其他机关查明事实", HERE, 1, "2026-10-12")]
    petition = case(facts, "c", category="DB")
    answer = case(facts, "d", closed_at="2026-10-20 09:00:00")
    for name, other in {"e": None, "f": answer}.items():
        open_one = other or case(facts, name)
        facts.add("pressure", case_id=petition, kind="petition", at="2026-10-05 10:00:00", other_id=open_one)
    facts.add("objection", case_id=posted, received_at="2026-10-13 10:00:00")
    facts.add("objection", case_id=at_rest, received_at="2026-10-13 10:00:00", result="unfounded")
    assert rows(facts, "joint", "disputes") == [("信访", HERE, "DB", 1), ("公示异议", HERE, None, 1)]


def test_the_forecast_goes_on_at_the_pace_of_the_year_with_what_is_approved_on_top(facts: Facts) -> None:
    paid, owed = case(facts, "a"), case(facts, "b", approved_at="2026-11-02 10:00:00", aid_fen=300_000)
    facts.add("payment", case_id=paid, payment_id=1, amount_fen=3_270_000, status="credited", purpose="aid",
              credited_on="2026-03-02")  # fmt: skip
    facts.add("payment", case_id=owed, payment_id=2, amount_fen=300_000, status="returned", purpose="aid",
              settled_at="2026-11-05 09:00:00")  # fmt: skip
    days = 327  # from New Year to 23 November
    forecast = 3_270_000 * 365 // days + 300_000
    told = ("2026-11-23", days, 3_270_000, 300_000, forecast)
    assert rows(facts, "fund", "gap") == [(*told, None, None, None, None)]
    money = {"I07_raised_fen": 3_000_000, "I07_carry_over_before_fen": 500_000, "I08_budget_fen": 4_000_000}
    assert rows(facts, "fund", "gap", **money) == [
        (*told, 4_000_000, forecast - 4_000_000, 3_500_000, forecast - 3_500_000)
    ]


def test_what_the_office_has_entered_is_in_the_forecast_of_the_county_and_of_no_township(county) -> None:
    handler = county.staff["chnd"]
    handler.does(EnterFigure(2026, "I07", "raised", "30000.50", "筹资月报"))
    handler.does(EnterFigure(2025, "I07", "carry_over", "5000", "决算"))
    handler.does(EnterFigure(2026, "I07", "carry_over", "1", "决算"))
    build(county.house, county.clock.at)
    desk = at_the_desk(county, "insp")
    address = f"/inspect/reports/fund?day={county.today}"
    cells = "//section[@aria-labelledby='t-gap']//tbody/tr/td"
    there = [cell.text_content().strip() for cell in desk.opens(address).tree.xpath(cells)]
    assert "35,000.50" in there and there[-1] in {"−35,000.50", "-35,000.50"}
    only = [
        cell.text_content().strip() for cell in desk.opens(f"{address}&township={HERE}").tree.xpath(cells)
    ]
    assert "35,000.50" not in only and only[-1] == ""
