"""F11: review, reconsideration, lawsuit, petition (domain 2.11); nobody reviews his own case (SD-6)."""

from collections.abc import Callable

import pytest
from walked import Case, unpassed

from workflow.errors import NotAllowed, NotFound, StepImpossible
from workflow.store.models import Case as CaseRow
from workflow.store.models import CaseLink

GIVEN = {"paid_before_fen": 0}
APPEAL = {"appellant": "applicant", "grounds": "认为家庭收入核算有误，请求重新核对。"}


def appeal(remedy: str = "review") -> Case:
    return Case("appeal", **GIVEN, remedy=remedy)


def reviewed(result: str = "uphold", rest: bool = False) -> Case:
    case = appeal().does("accept_appeal", appeal_acceptance="accept", rest_case=rest)
    case.does("review_case", review_result=result).goes("sign_review_result", "deliver_letter")
    return case


def upheld() -> Case:
    case = reviewed()
    assert case.step.ended == "end_appeal_upheld" and case.letters == ["appeal_decision"]
    return case


def set_aside() -> Case:
    case = reviewed("redo", rest=True)
    assert case.step.ended == "end_appeal_changed"
    assert ("decision_reopened", "redo") in case.effects
    return case


def too_late() -> Case:
    case = appeal().does("accept_appeal", appeal_acceptance="late", rest_case=False).goes("deliver_letter")
    assert case.step.ended == "end_appeal_rejected" and case.letters == ["appeal_rejection"]
    return case


def lost_in_court() -> Case:
    case = appeal("lawsuit").goes("file_answer").does("record_external_result", external_result="redo")
    assert case.step.ended == "end_appeal_changed"
    return case


def reconsideration_upholds() -> Case:
    case = appeal("reconsideration").goes("file_answer")
    return case.does("record_external_result", external_result="uphold")


def petition_changes_nothing() -> Case:
    case = appeal("petition").goes("answer_petition", "deliver_letter")
    assert case.step.ended == "end_appeal_upheld"
    assert not any(effect[0] == "decision_reopened" for effect in case.effects)
    return case


STORIES: list[Callable[[], Case]] = [
    upheld, set_aside, too_late, lost_in_court, reconsideration_upholds, petition_changes_nothing,
]  # fmt: skip
OWN = {"appeal", "sub_internal_review", "sub_external_remedy", "sub_petition"}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_its_own_diagrams() -> None:
    assert unpassed(STORIES, OWN, "appeal") == set()


def reopened(**given: object) -> Case:
    case = Case("ma_reopened", **GIVEN | given, reopened_because="review")
    case.goes("examine_file", "recheck_file").does("decide", decision=given.get("decision", "approve"))
    return case


def test_what_is_set_aside_is_decided_again_and_only_the_difference_is_paid() -> None:
    posted = ["post_decision_proposal", "D04", "confirm_posting_county", "sign_decision"]
    paid = ["deliver_letter", "recheck_payment", "pay", "confirm_credit", "archive_case"]
    assert reopened().goes(*posted, *paid).step.ended == "end_reopened_paid"
    assert reopened(paid_before_fen=1_519_960).goes(*posted).step.ended == "end_reopened_nothing"
    refused = reopened(decision="refuse").goes("sign_decision", "deliver_letter", "archive_case")
    assert refused.step.ended == "end_reopened_refused"


# Through the services.


@pytest.fixture
def refused(case_at, county):
    """A case that the county has refused, closed and archived."""
    return county.drive(case_at("decide"), "end", {"decide": {"decision": "refuse"}})


def appeals(county, case, **answers):
    return county.staff["twin1"].opens("appeal", case, remedy="review", **answers)


def test_a_review_sets_a_refusal_aside_and_the_case_is_decided_again(refused, county):
    review = appeals(county, refused)
    county.drive(review, "end", {"review_case": {"review_result": "redo"}})
    assert review.row.outcome == "changed"
    again = county.linked(refused, "reopening")
    assert again.row.flow == "ma_reopened"
    county.drive(again, "end", {})
    assert (again.row.outcome, again.payments[-1].status) == ("approved", "credited")
    assert refused.row.outcome == "refused", "the first case keeps its history"


def test_a_difference_is_paid_and_nothing_twice(case_at, county):
    case = county.drive(case_at("archive_case"), "archive_case", {})
    first = case.payments[-1].amount
    review = appeals(county, case)
    bill = case.bills[0].id
    county.raise_bill(bill, total=40000)
    county.drive(review, "end", {"review_case": {"review_result": "redo"}})
    again = county.linked(case, "reopening")
    county.drive(again, "end", {})
    assert again.payments[-1].amount == again.row.aid - first > 0


def test_nobody_reviews_a_case_he_has_acted_in(refused, county):
    review = appeals(county, refused)
    for login in ("chnd", "capr", "cchk"):
        second = county.second_seat(login, "REVW", f"{review.row.county[:6]}-msb")
        with pytest.raises(NotAllowed) as forbidden:
            second.completes("accept_appeal", review, appeal_acceptance="accept", rest_case=False)
        assert forbidden.value.rule in {"SD-6", "SD-1"}
    assert set(review.open) == {"accept_appeal"}


def test_a_case_may_rest_while_it_is_reviewed(case_at, county):
    case = county.drive(case_at("sign_decision"), "recheck_payment", {})
    review = appeals(county, case)
    reviewer = county.staff["revw"]
    reviewer.completes("accept_appeal", review, appeal_acceptance="accept", rest_case=True)
    assert case.state == "PAUSED_CASE"
    county.drive(review, "end", {"review_case": {"review_result": "uphold"}})
    assert case.state != "PAUSED_CASE" and not case.open["recheck_payment"].paused


def test_money_on_its_way_is_settled_before_a_decision_is_taken_again(case_at, county):
    case = county.drive(case_at("sign_decision"), "recheck_payment", {})
    review = county.drive(appeals(county, case), "deliver_letter", {"review_case": {"review_result": "redo"}})
    with pytest.raises(StepImpossible, match="on its way"):
        county.staff["twin1"].completes("deliver_letter", review)
    assert not county.rows(CaseLink, CaseLink.kind == "reopening")


def test_there_is_no_appeal_before_a_decision(case_at, county):
    case = case_at("audit_file")
    with pytest.raises(StepImpossible):
        appeals(county, case)
    with pytest.raises(NotFound):
        county.staff["twin1"].opens("appeal", None, person=case.row.applicant_id, remedy="review")
    assert len(county.rows(CaseRow)) == 1
