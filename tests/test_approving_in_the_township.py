"""F03: the township approves, the county works out the aid, finance checks again and pays (domain 2.3)."""

from collections.abc import Callable

import pytest
from walked import Case, unpassed

FLOW = "ma_township_approval"
SETTLED = {"aid_fen": 487_500, "warnings": [], "serious_illness_settled": True, "duplicate_found": False}
RIGHT = {"calculation_check": "right", "aid_fen": 487_500, "warnings": []}
AFTER = ["deliver_letter", "recheck_payment", "pay", "confirm_credit", "archive_case"]
POSTED = ["post_audit_opinion", "D04", "confirm_posting_township"]


def surveyed() -> Case:
    return Case(FLOW).goes("check_papers", "survey_household")


def approved() -> Case:
    return surveyed().does("approve_in_township", township_approval="approve").goes(*POSTED)


def paid() -> Case:
    case = approved().does("calculate_aid", **SETTLED).does("check_calculation", **RIGHT).goes(*AFTER)
    assert case.step.ended == "end_archived_township"
    assert case.letters.count("approval_decision") == 1
    return case


def refused_by_the_township() -> Case:
    case = surveyed().does("approve_in_township", township_approval="refuse")
    assert case.letters[-1] == "refusal_decision"
    return case.goes("deliver_letter", "archive_case")


def nothing_comes_out() -> Case:
    case = approved().does("calculate_aid", **SETTLED).does("check_calculation", **RIGHT | {"aid_fen": 0})
    assert case.letters[-1] == "refusal_decision"
    return case.goes("deliver_letter", "archive_case")


def calculated_again() -> Case:
    case = approved().does("calculate_aid", **SETTLED).does("check_calculation", calculation_check="wrong")
    return case.does("calculate_aid", **SETTLED).does("check_calculation", **RIGHT).goes(*AFTER)


def insurance_still_open() -> Case:
    case = approved().does("calculate_aid", **SETTLED | {"serious_illness_settled": False})
    case.goes("receive_settlement").does("calculate_aid", **SETTLED).does("check_calculation", **RIGHT)
    return case.goes(*AFTER)


def objection_founded() -> Case:
    case = surveyed().does("approve_in_township", township_approval="approve").goes("post_audit_opinion")
    case.hears("objection_received").goes("register_objection")
    case.does("recheck_objection", objection_result="founded")
    assert case.open == ["approve_in_township"]
    return case.hears("withdrawn")


def not_accepted() -> Case:
    return Case(FLOW).does("check_papers", acceptance="refuse").goes("deliver_letter", "archive_case")


def dies_or_not() -> Case:
    case = surveyed().hears("applicant_died").does("verify_death", death_confirmed=False)
    case.signals("case_paused").signals("case_resumed")
    case.does("approve_in_township", township_approval="approve").goes(*POSTED)
    case.does("calculate_aid", **SETTLED).does("check_calculation", **RIGHT)
    case.signals("case_paused").signals("case_resumed").hears("applicant_died").goes("verify_death")
    assert case.step.ended == "end_died_township"
    return case


STORIES: list[Callable[[], Case]] = [
    paid, refused_by_the_township, nothing_comes_out, calculated_again, insurance_still_open,
    objection_founded, not_accepted, dies_or_not,
]  # fmt: skip
OWN = ("ma_township_approval", "ma_township_examination", "sub_calculation")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, OWN, FLOW) == set()


def test_three_organisations_approve_calculate_and_pay(county, village_liaison):
    """SD-3, from the application to the money, on the set of Ji'an and Anfu."""
    case = village_liaison.files(*county.household(), flow=FLOW, policy="jian-anfu")
    county.drive(case, "end", {"approve_in_township": {"township_approval": "approve"}})
    assert case.row.outcome == "approved"
    assert case.payments[-1].amount == case.row.aid > 0
    doers = {entry["task"]["node"]: entry["actor"]["org"] for entry in case.entries if entry["task"]}
    offices = {doers[node] for node in ("approve_in_township", "calculate_aid", "recheck_payment")}
    assert len(offices) == 3
