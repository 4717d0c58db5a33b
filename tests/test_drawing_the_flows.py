"""Flow F01 as drawn: every branch is walked from end to end through the engine (domain 2.1, 2.10, 2.13)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from walked import Case, model, nodes_of

from workflow.engine import StepRefused, Tick, step

ACCEPTED = ["check_papers"]
REVIEWED = ["enquire", "record_review", "sign_review"]
POSTED_1 = ["post_review_result", "D04", "confirm_posting_village"]
AUDITED = ["audit_file", "give_opinion", "sign_opinion"]
POSTED_2 = ["post_audit_opinion", "D04", "confirm_posting_township"]
DECIDED = ["examine_file", "recheck_file", "decide"]
POSTED_3 = ["post_decision_proposal", "D04", "confirm_posting_county"]
PAID = ["recheck_payment", "pay", "confirm_credit"]
TO_TOWNSHIP = [*ACCEPTED, *REVIEWED, *POSTED_1]
TO_COUNTY = [*TO_TOWNSHIP, *AUDITED, *POSTED_2]
TO_SIGNING = [*TO_COUNTY, *DECIDED, *POSTED_3]
AFTER_SIGNING = ["sign_decision", "deliver_letter", *PAID, "archive_case"]


# Every branch of the flow, as a story that ends.


def approved() -> Case:
    case = Case().goes(*TO_SIGNING, *AFTER_SIGNING)
    assert case.step.ended == "end_archived"
    assert case.effects == [
        ("issue_letter", "acceptance_notice"),
        ("publish_posting", "1"),
        ("end_posting", "1"),
        ("publish_posting", "2"),
        ("end_posting", "2"),
        ("publish_posting", "3"),
        ("end_posting", "3"),
        ("issue_letter", "approval_decision"),
        ("letter_delivered",),
        ("order_payment",),
        ("payment_credited",),
        ("case_archived",),
    ]
    return case


def handed_in_at_the_village() -> Case:
    case = Case(filed_by="village")
    assert case.open == ["pass_on_papers"] and case.states == {"SUBMITTED"}
    return case.goes("pass_on_papers", *TO_SIGNING, *AFTER_SIGNING)


def papers_supplemented() -> Case:
    case = Case().does("check_papers", acceptance="incomplete")
    assert case.letters == ["supplement_notice"] and case.states == {"RETURNED_FOR_PAPERS"}
    assert case.step.open[0].properties["pauses"] == "D01" and case.dues == ["D02"]
    case.goes("receive_supplement")
    assert case.open == ["check_papers"] and case.known("supplemented")
    assert not case.known("supplement_expired")
    return case.goes(*TO_SIGNING, *AFTER_SIGNING)


def papers_never_supplemented() -> Case:
    case = Case().does("check_papers", acceptance="incomplete").goes("D02")
    assert case.open == ["check_papers"] and case.known("supplement_expired") and case.known("supplemented")
    return case.does("check_papers", acceptance="not_accept").goes("deliver_letter", "archive_case")


def not_accepted() -> Case:
    case = Case().does("check_papers", acceptance="not_accept")
    assert case.letters == ["refusal_to_accept"] and case.states == {"NOT_ACCEPTED"}
    case.goes("deliver_letter")
    assert case.states == {"NOT_ACCEPTED"}
    case.goes("archive_case")
    assert case.step.ended == "end_not_accepted"
    return case


def review_not_passed_but_township_asked() -> Case:
    case = Case().goes("check_papers", "enquire").does("record_review", votes_yes=8, votes_no=8)
    case.goes("sign_review")
    assert case.open == ["tell_review_result"] and case.letters[-1] == "review_note"
    case.goes("tell_review_result")
    assert case.open == ["audit_file"], "no posting of a review that was not passed"
    return case.goes(*AUDITED, *POSTED_2, *DECIDED, *POSTED_3, *AFTER_SIGNING)


def withdrawn_after_the_review() -> Case:
    case = Case().goes("check_papers", "enquire").does("record_review", votes_yes=0, votes_no=16)
    case.goes("sign_review").does("tell_review_result", after_review="withdraw")
    assert case.step.ended == "end_withdrawn" and case.letters[-1] == "withdrawal_confirmation"
    return case


def only_the_second_posting() -> Case:
    case = Case(posting_review=False, posting_decision=False)
    case.goes(*ACCEPTED, *REVIEWED, *AUDITED, *POSTED_2, *DECIDED, *AFTER_SIGNING)
    assert [effect for effect in case.effects if effect[0] == "publish_posting"] == [("publish_posting", "2")]
    return case


def township_proposes_a_refusal() -> Case:
    case = Case().goes(*TO_TOWNSHIP, "audit_file").does("give_opinion", opinion="not_qualified")
    case.goes("sign_opinion")
    assert case.open == ["examine_file"], "a refusal is not posted, and the county decides all the same"
    case.goes("examine_file", "recheck_file").does("decide", decision="refuse")
    assert case.open == ["sign_decision"]
    case.goes("sign_decision")
    assert case.letters[-1] == "refusal_decision" and case.states == {"REFUSED"}
    case.goes("deliver_letter", "archive_case")
    assert case.step.ended == "end_refused" and ("order_payment",) not in case.effects
    return case


def low_income_family() -> Case:
    case = Case(low_income=True).goes(*TO_TOWNSHIP, "audit_file", "check_economy", "survey_household")
    return case.goes("give_opinion", "sign_opinion", *POSTED_2, *DECIDED, *POSTED_3, *AFTER_SIGNING)


def township_in_doubt() -> Case:
    case = Case().goes(*TO_TOWNSHIP).does("audit_file", in_doubt=True)
    case.goes("survey_household", "give_opinion", "sign_opinion")
    return case.goes(*POSTED_2, *DECIDED, *POSTED_3, *AFTER_SIGNING)


def relative_of_an_official() -> Case:
    case = Case(relative_case=True).goes(*TO_TOWNSHIP, "audit_file", "survey_household")
    case.does("give_opinion", relative_case=True)
    case.goes("sign_opinion", *POSTED_2, "examine_file", "county_visit")
    case.does("recheck_file", serious_illness_settled=False).goes("receive_settlement", "examine_file")
    assert case.open == ["recheck_file"], "the county visits once"
    return case.goes("recheck_file", "decide", *POSTED_3, *AFTER_SIGNING)


def serious_illness_insurance_open() -> Case:
    case = Case().goes(*TO_COUNTY, "examine_file").does("recheck_file", serious_illness_settled=False)
    assert case.open == ["receive_settlement"] and case.states == {"PAUSED_SERIOUS_ILLNESS"}
    assert case.letters[-1] == "serious_illness_return" and case.step.open[0].properties["pauses"] == "D09"
    case.goes("receive_settlement")
    assert case.open == ["examine_file"]
    return case.goes(*DECIDED, *POSTED_3, *AFTER_SIGNING)


def serious_illness_insurance_waited_for() -> Case:
    case = Case().goes(*TO_COUNTY, "examine_file")
    case.ends["M36"] = case.now + timedelta(days=12)
    case.does("recheck_file", serious_illness_settled=False).waits()
    assert case.letters[-1] == "serious_illness_reminder" and case.open == ["receive_settlement"]
    case.waits()
    assert case.open == ["decide_claim"] and case.states == {"PAUSED_SERIOUS_ILLNESS"}
    case.ends["M36"] = case.now + timedelta(days=12)
    case.does("decide_claim", claim_for_person="no")
    assert case.open == ["receive_settlement"]
    case.waits().waits().does("decide_claim", claim_for_person="yes")
    return case.goes("claim_settlement", *DECIDED, *POSTED_3, *AFTER_SIGNING)


def questions_asked_once() -> Case:
    case = Case().goes(*TO_COUNTY, "examine_file").does("recheck_file", recheck="questions")
    assert case.open == ["answer_questions"] and case.states == {"TOWNSHIP_CHECK"}
    assert case.step.open[0].properties["runs_on"] == "D09"
    case.goes("answer_questions").does("recheck_file", recheck="questions")
    assert case.open == ["decide"], "a second return is not possible"
    return case.goes("decide", *POSTED_3, *AFTER_SIGNING)


def county_refuses() -> Case:
    case = Case().goes(*TO_COUNTY, "examine_file", "recheck_file").does("decide", decision="refuse")
    return case.goes("sign_decision", "deliver_letter", "archive_case")


def objection_unfounded() -> Case:
    case = Case().goes(*ACCEPTED, *REVIEWED, "post_review_result").hears("objection_received")
    assert case.open == ["register_objection"] and case.states == {"PAUSED_OBJECTION"}
    assert not case.step.timers and "D04" in case.step.open[0].properties["pauses"]
    case.goes("register_objection", "recheck_objection")
    assert case.open == ["public_notice"] and case.letters[-1] == "objection_answer"
    assert case.dues.count("D04") == 2, "the remaining days are asked for again"
    assert [effect for effect in case.effects if effect[0] == "publish_posting"] == [("publish_posting", "1")]
    case.goes("D04", "confirm_posting_village")
    return case.goes(*AUDITED, *POSTED_2, *DECIDED, *POSTED_3, *AFTER_SIGNING)


def objection(case: Case, result: str) -> Case:
    case.hears("objection_received").does("register_objection", objection_named=False)
    return case.does("recheck_objection", objection_result=result)


def objection_to_the_review_founded() -> Case:
    case = objection(Case().goes(*ACCEPTED, *REVIEWED, "post_review_result"), "founded")
    assert case.open == ["enquire"] and case.effects[-1] == ("end_posting", "1")
    assert "objection_answer" not in case.letters, "nobody to answer"
    return case.goes(*REVIEWED, *POSTED_1, *AUDITED, *POSTED_2, *DECIDED, *POSTED_3, *AFTER_SIGNING)


def objection_to_the_opinion_founded() -> Case:
    case = objection(Case().goes(*TO_TOWNSHIP, *AUDITED, "post_audit_opinion"), "founded")
    assert case.open == ["audit_file"]
    return case.goes(*AUDITED, *POSTED_2, *DECIDED, *POSTED_3, *AFTER_SIGNING)


def objection_to_the_decision_founded() -> Case:
    case = objection(Case().goes(*TO_COUNTY, *DECIDED, "post_decision_proposal"), "founded")
    assert case.open == ["examine_file"]
    return case.goes(*DECIDED, *POSTED_3, *AFTER_SIGNING)


def objection_unclear() -> Case:
    case = objection(Case().goes(*TO_TOWNSHIP, *AUDITED, "post_audit_opinion"), "unclear")
    assert case.open == ["public_notice"] and case.known("objection_unclear")
    return case.goes("D04", "confirm_posting_township", *DECIDED, *POSTED_3, *AFTER_SIGNING)


def objection_to_the_decision_unclear() -> Case:
    case = objection(Case().goes(*TO_COUNTY, *DECIDED, "post_decision_proposal"), "unclear")
    case.goes("D04", "confirm_posting_county")
    assert case.open == ["examine_file"], "the county decides"
    return case.goes(*DECIDED, *POSTED_3, *AFTER_SIGNING)


def bank_returns_the_money() -> Case:
    case = Case().goes(*TO_SIGNING, "sign_decision", "recheck_payment", "pay")
    case.does("confirm_credit", bank="returned")
    assert case.effects[-1] == ("payment_returned",) and "PAYMENT_RETURNED" in case.states
    case.goes("correct_account", "recheck_account")
    assert case.effects[-1] == ("order_payment",)
    case.goes("pay", "confirm_credit", "deliver_letter", "archive_case")
    assert case.step.ended == "end_archived"
    return case


def part_of_the_money_is_set_off() -> Case:
    case = Case().goes(*TO_SIGNING, "sign_decision").does("recheck_payment", set_off_fen=100, rest_fen=1)
    assert case.effects[-3:] == [("set_off",), ("issue_letter", "set_off_notice"), ("order_payment",)]
    return case.goes("pay", "confirm_credit", "deliver_letter", "archive_case")


def all_of_the_money_is_set_off() -> Case:
    case = Case().goes(*TO_SIGNING, "sign_decision").does("recheck_payment", set_off_fen=100, rest_fen=0)
    assert case.effects[-1] == ("issue_letter", "set_off_notice")
    return case.goes("deliver_letter", "archive_case")


def withdrawn_during_a_posting() -> Case:
    case = Case().goes(*TO_TOWNSHIP, *AUDITED, "post_audit_opinion").hears("withdrawn")
    assert case.effects[-2:] == [("end_posting",), ("issue_letter", "withdrawal_confirmation")]
    assert case.step.ended == "end_withdrawn" and not case.step.timers
    return case


def applicant_dies() -> Case:
    case = Case().goes(*TO_COUNTY, "examine_file").hears("applicant_died")
    assert case.open == ["recheck_file", "verify_death"] and "PAUSED_DEATH" in case.states
    case.goes("verify_death")
    assert case.step.ended == "end_died" and ("order_payment",) not in case.effects
    return case


def applicant_dies_before_the_money_comes() -> Case:
    case = Case().goes(*TO_SIGNING, "sign_decision", "recheck_payment").hears("applicant_died")
    assert case.open == ["deliver_letter", "pay", "verify_death"]
    case.goes("verify_death")
    assert case.step.ended == "end_died" and ("payment_credited",) not in case.effects
    return case


def report_of_a_death_is_false() -> Case:
    case = Case().goes(*TO_COUNTY).hears("applicant_died").does("verify_death", death_confirmed=False)
    assert case.open == ["examine_file"]
    case.goes(*DECIDED, *POSTED_3, "sign_decision").hears("applicant_died")
    case.does("verify_death", death_confirmed=False)
    assert case.goes(*AFTER_SIGNING[1:]).step.ended == "end_archived"
    return case


def rests_twice_and_goes_on() -> Case:
    case = Case().goes(*TO_COUNTY).signals("case_paused")
    assert case.open == ["case_goes_on", "examine_file"] and "PAUSED_CASE" in case.states
    case.signals("case_resumed").goes(*DECIDED, *POSTED_3, "sign_decision").signals("case_paused")
    case.signals("case_resumed").goes(*AFTER_SIGNING[1:])
    assert case.step.ended == "end_archived"
    return case


def withdrawn_while_it_rests() -> Case:
    case = Case().goes(*TO_COUNTY).signals("case_paused").hears("withdrawn")
    assert case.step.ended == "end_withdrawn"
    return case


STORIES: list[Callable[[], Case]] = [
    approved, handed_in_at_the_village, papers_supplemented, papers_never_supplemented, not_accepted,
    review_not_passed_but_township_asked, withdrawn_after_the_review, only_the_second_posting,
    township_proposes_a_refusal, low_income_family, township_in_doubt, relative_of_an_official,
    serious_illness_insurance_open, serious_illness_insurance_waited_for, questions_asked_once,
    county_refuses, objection_unfounded,
    objection_to_the_review_founded, objection_to_the_opinion_founded, objection_to_the_decision_founded,
    objection_unclear, objection_to_the_decision_unclear, bank_returns_the_money,
    part_of_the_money_is_set_off, all_of_the_money_is_set_off, withdrawn_during_a_posting,
    applicant_dies, applicant_dies_before_the_money_comes, report_of_a_death_is_false,
    rests_twice_and_goes_on, withdrawn_while_it_rests,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_every_story_ends(story: Callable[[], Case]) -> None:
    case = story()
    assert case.step.ended is not None and not case.step.open and not case.step.timers


def test_the_stories_pass_every_node_of_every_diagram() -> None:
    passed = {node for story in STORIES for node in story().passed}
    assert nodes_of("ma_ordinary_county") - passed == set()


def test_outcome_of_each_end() -> None:
    ends = {
        node.id: (node.properties["outcome"], node.properties["state"])
        for node in model().flows["ma_ordinary_county"].nodes.values()
        if node.kind == "endEvent" and node.properties
    }
    assert ends == {
        "end_archived": ("approved", "ARCHIVED"),
        "end_refused": ("refused", "ARCHIVED"),
        "end_not_accepted": ("not_accepted", "ARCHIVED"),
        "end_withdrawn": ("withdrawn", "WITHDRAWN"),
        "end_died": ("died", "TERMINATED_DEATH"),
    }


@pytest.mark.parametrize(
    ("votes_yes", "present", "withdrawn", "passed"),
    [(9, 17, 0, True), (8, 16, 0, False), (8, 17, 0, False), (8, 17, 2, True), (10, 20, 0, False)],
)
def test_a_review_is_passed_by_more_than_half_of_those_who_may_vote(
    votes_yes: int, present: int, withdrawn: int, passed: bool
) -> None:
    """C-20; who withdraws for kinship does not count (domain 4.5)."""
    case = Case().goes("check_papers", "enquire")
    case.does("record_review", votes_yes=votes_yes, voters_present=present, voters_withdrawn=withdrawn)
    case.goes("sign_review")
    assert case.open == (["post_review_result"] if passed else ["tell_review_result"])


def test_letter_and_money_run_side_by_side() -> None:
    case = Case().goes(*TO_SIGNING, "sign_decision")
    assert case.open == ["deliver_letter", "recheck_payment"]
    case.goes(*PAID)
    assert case.open == ["deliver_letter"], "a case is archived when both are done"
    assert case.goes("deliver_letter").open == ["archive_case"]


def test_a_second_supplement_is_not_asked_for() -> None:
    case = Case().does("check_papers", acceptance="incomplete").goes("receive_supplement")
    case.does("check_papers", acceptance="incomplete")
    assert case.letters.count("supplement_notice") == 1


def test_no_objection_without_a_posting() -> None:
    case = Case()
    with pytest.raises(StepRefused):
        case.hears("objection_received")


def test_a_posting_ends_when_its_time_has_come_and_not_before() -> None:
    case = Case().goes(*ACCEPTED, *REVIEWED, "post_review_result")
    case.now += timedelta(days=6)
    case._took(step(model(), case.step.state, Tick(), case.now, case._due))
    assert case.open == ["public_notice"]
    assert case.waits().open == ["confirm_posting_village"]


def test_a_refusal_is_never_paid() -> None:
    for story in STORIES:
        case = story()
        if case.known("outcome") != "approved":
            assert ("order_payment",) not in case.effects, story.__name__
