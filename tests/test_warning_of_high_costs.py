"""F07: a household whose burden is above the line is visited and, if it qualifies, included (domain 2.7)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from walked import Case, unpassed

from workflow.runs import early_warning
from workflow.store.models import Case as CaseRow
from workflow.store.models import Household, Person

FLOW = "alert_high_cost"


def alert() -> Case:
    return Case(FLOW, trigger_source="cross_check")


def included() -> Case:
    case = alert().does("check_alert", alert_result="qualifies").goes("register_inclusion")
    assert case.step.ended == "end_alert_included" and case.effects == [("alert_included",)]
    return case


def known() -> Case:
    return alert().does("check_alert", alert_result="included")


def not_qualified() -> Case:
    return alert().does("check_alert", alert_result="not_qualified")


def extended_once_only() -> Case:
    case = alert().does("check_alert", alert_result="unreachable").goes("extend_alert")
    case.does("check_alert", alert_result="unreachable")
    assert case.step.ended == "end_alert_unreached"
    return case


STORIES: list[Callable[[], Case]] = [included, known, not_qualified, extended_once_only]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagram() -> None:
    assert unpassed(STORIES, {FLOW}, FLOW) == set()


@pytest.mark.parametrize(("left", "warned"), [("12400.00", 0), ("12400.01", 1)])
def test_exactly_the_line_is_no_warning(county, left, warned):
    """31,000 yuan of income: 40 % is 12,400."""
    total = Decimal(30000)
    basic = total - Decimal(left)
    county.household(
        category=None, total=total, out_of_catalogue=Decimal(0), basic=basic, serious_illness=Decimal(0)
    )
    assert early_warning(county.house, county.clock.at).opened == warned


def test_a_household_is_warned_of_once_and_included_with_its_bills(county):
    person, bills = county.household(category="DB", total=Decimal(90000))
    assert early_warning(county.house, county.clock.at).opened == 1
    assert early_warning(county.house, county.clock.at).opened == 0
    case = county.case(county.rows(CaseRow)[0].id)
    assert case.row.applicant_id == person
    county.drive(case, "end", {"check_alert": {"alert_result": "qualifies"}})
    assert case.row.outcome == "included"
    application = county.linked(case, "inclusion")
    assert [bill.id for bill in application.bills] == list(bills)
    assert application.row.flow in {"ma_basic_check_filing", "ma_ordinary_county"}


def test_a_supervisor_gives_more_time_for_the_check_once(county):
    county.household(category="DB", total=Decimal(90000))
    early_warning(county.house, county.clock.at)
    case = county.case(county.rows(CaseRow)[0].id)
    county.drive(case, "extend_alert", {"check_alert": {"alert_result": "unreachable"}})
    county.staff["sup-msb"].completes("extend_alert", case)
    assert set(case.open) == {"check_alert"}


@pytest.mark.parametrize(("dead", "warned"), [(0, 0), (1, 1)])
def test_an_income_nobody_declared_is_counted_for_the_living(county, dead, warned):
    """40 % of 60,000 a head: 72,000 for three, 48,000 for two."""
    nothing = dict.fromkeys(("out_of_catalogue", "basic", "serious_illness"), Decimal(0))
    person, _ = county.household(category=None, total=Decimal(60000), **nothing)
    home = county.rows(Person, Person.id == person)[0].household_id
    county.correct(Household, Household.id == home, income=None)
    others = [row.id for row in county.rows(Person, Person.household_id == home) if row.id != person]
    county.correct(Person, Person.id.in_(others[:dead]), died_on=date(2026, 1, 5))
    assert early_warning(county.house, county.clock.at).opened == warned


def test_a_second_warning_follows_on_new_bills_only_and_is_tied_to_the_first(county, clock):
    person, _ = county.household(category="DB", total=Decimal(90000))
    early_warning(county.house, county.clock.at)
    first = county.case(county.rows(CaseRow)[0].id)
    county.bill(person, settled_on=date(2026, 3, 2), total=Decimal(90000))
    assert early_warning(county.house, county.clock.at).opened == 0, "the first is still being looked into"
    told = {"alert_result": "not_qualified"}
    county.drive(first, "end", {"check_alert": told})
    assert early_warning(county.house, clock.forward(days=30)).opened == 0, "nothing new since"
    county.bill(person, settled_on=county.today, total=Decimal(90000))
    assert early_warning(county.house, county.clock.at).opened == 1
    assert county.linked(first, "alert_again").row.flow == FLOW
