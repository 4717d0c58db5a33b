"""F19: temporary assistance with the paper rules of Fugu (domain 2.19, 3.6)."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from rule_changes import released
from walked import Case, unpassed

from workflow.errors import AnswersRefused

FLOW = "ta_temporary"
ASKED = {"grant_kind": "living", "requested_fen": 350_000, "persons": 4, "cadre_signed": True}
REVIEWED = ["check_papers", "enquire", "record_review", "sign_review"]
POSTED = ["post_review_result", "D04", "confirm_posting_village"]
OPINION = {
    "opinion": "qualified",
    "aid_fen": 280_000,
    "warnings": [],
    "relative_case": False,
    "delegated": False,
}
TO_COUNTY = ["sign_temporary_opinion", "deliver_village_files"]
AFTER = ["deliver_letter", "recheck_payment", "pay", "confirm_credit", "archive_case"]


def asked(**given: object) -> Case:
    return Case(FLOW, **ASKED | given)


def granted() -> Case:
    case = asked().goes(*REVIEWED, *POSTED).does("give_temporary_opinion", **OPINION).goes(*TO_COUNTY)
    case.does("approve_temporary", temporary_approval="approve").goes(*AFTER)
    assert case.step.ended == "end_archived_temporary" and "temporary_grant" in case.letters
    return case


def granted_by_the_township() -> Case:
    case = asked().goes(*REVIEWED, *POSTED).does("give_temporary_opinion", **{**OPINION, "delegated": True})
    assert case.open == ["approve_delegated"]
    return case.does("approve_delegated", temporary_approval="approve").goes(*AFTER)


def refused() -> Case:
    case = asked(posting_review=False).goes(*REVIEWED).does("give_temporary_opinion", **OPINION)
    case.goes(*TO_COUNTY).does("approve_temporary", temporary_approval="refuse")
    return case.goes("deliver_letter", "archive_case")


def not_accepted() -> Case:
    return asked().does("check_papers", acceptance="refuse").goes("deliver_letter", "archive_case")


def objection_founded() -> Case:
    case = asked().goes(*REVIEWED, "post_review_result").hears("objection_received")
    case.goes("register_objection").does("recheck_objection", objection_result="founded")
    assert case.open == ["enquire"]
    return case.hears("withdrawn")


def gives_up_after_the_review() -> Case:
    case = asked().goes("check_papers", "enquire").does("record_review", votes_yes=2)
    return case.goes("sign_review").does("tell_review_result", after_review="withdraw")


def rests_and_a_death_is_false() -> Case:
    case = asked().goes(*REVIEWED).signals("case_paused").signals("case_resumed").hears("applicant_died")
    case.does("verify_death", death_confirmed=False).goes(*POSTED)
    case.does("give_temporary_opinion", **OPINION).goes(*TO_COUNTY)
    case.does("approve_temporary", temporary_approval="approve")
    case.signals("case_paused").signals("case_resumed")
    return case.hears("applicant_died").goes("verify_death")


STORIES: list[Callable[[], Case]] = [
    granted, granted_by_the_township, refused, not_accepted, objection_founded, gives_up_after_the_review,
    rests_and_a_death_is_false,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, {FLOW, "ta_examination"}, FLOW) == set()


@pytest.fixture
def temporary(county):
    def driven(node: str, person: int = 0, **answers):
        person = person or county.household()[0]
        typed = {"grant_kind": "living", "requested": "3500.00", "persons": 4, **answers}
        case = county.staff["vlia1"].asks(FLOW, person, policy="fugu-temporary", **typed)
        plan = {"deliver_village_files": {"copies": 2, "passbook_copies": 3}}
        return county.drive(case, node, plan)

    return driven


def test_seven_hundred_for_each_of_four_is_paid_in_figures_and_capital_characters(temporary, county):
    case = temporary("approve_temporary")
    assert case.row.aid == Decimal("2800.00"), "E27"
    assert case.seals_its_sheets()
    plan = {"approve_temporary": {"temporary_approval": "approve"}}
    county.drive(case, "end", plan)
    assert case.payments[-1].amount == Decimal("2800.00")
    assert case.letters["temporary_grant"].fields["aid"] == "2800.00"


@pytest.mark.parametrize(("asked_for", "decides"), [("3000.00", "approve_delegated"), ("3000.01", "sign")])
@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_county_may_leave_small_grants_to_its_townships(temporary, county, asked_for, decides):
    """C-28: up to the limit, which Fugu sets to nothing and the county here to 3,000 yuan."""
    files = dict(county.house.rules().rulebook.files)
    path = "policies/fugu-temporary/policy.toml"
    changed = files[path].replace(b"value = 0\n", b"value = 3000\n")
    files[path] = changed.replace(b'version = "1"', b'version = "2"')
    released(county, files)
    node = {"sign": "sign_temporary_opinion"}.get(decides, decides)
    case = temporary(node, grant_kind="other", requested=asked_for)
    if node == "approve_delegated":
        leader = county.staff["tlead1"]
        assert case.open[node].org == leader.actor.org
        leader.completes(node, case, temporary_approval="approve")
        county.drive(case, "end", {})
        assert case.letters["temporary_grant"].fields["legal_basis"]
        assert [str(each.amount) for each in case.payments] == [asked_for]


def test_a_grant_of_the_first_hour_of_january_counts_as_one_of_the_new_year(temporary, county):
    """Two grants a year: half past midnight in Shanghai still lies in December in UTC."""
    person, _ = county.household()
    approve = {"approve_temporary": {"temporary_approval": "approve"}}
    for day, hour in (("2026-06-01", "09:00"), ("2027-01-01", "00:30"), ("2027-06-01", "09:00")):
        county.clock.to(day, hour)
        case = county.drive(temporary("approve_temporary", person), "end", approve)
        assert case.row.aid == Decimal("2800.00"), day
    assert temporary("approve_temporary", person).row.aid == 0


def test_the_files_go_up_in_two_sets_with_three_passbook_copies(temporary, clerk):
    case = temporary("deliver_village_files", grant_kind="other", requested="3500.01")
    assert case.row.aid == Decimal("3500.00"), "E29"
    with pytest.raises(AnswersRefused) as refused:
        clerk.completes("deliver_village_files", case, copies=1, passbook_copies=2, same_order=False)
    assert {fault.field for fault in refused.value.faults} == {"copies", "passbook_copies", "same_order"}
