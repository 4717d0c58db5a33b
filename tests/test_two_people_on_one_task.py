"""Two people on one task: one wins, the other is told who and when; a repeated request has one effect."""

from uuid import UUID, uuid4

import pytest
from at_once import at_once
from house_templates import another_process
from small_county import OBJECTION, paper

from workflow.actor import PUBLIC
from workflow.commands import AttachPaper, CompleteTask, ReceiveObjection
from workflow.errors import AnswersRefused, NotFound, RequestReused, Stale
from workflow.handle import Outcome, handle
from workflow.store.models import Case, Paper, Request

IN_DOUBT = {"audit_file": {"in_doubt": True, "doubts": "申请书上写的打工收入与村里调查的不一致。"}}


def test_one_wins_and_the_other_is_told_who_and_when(case_at, county, investigator, second_investigator):
    case = case_at("survey_household", IN_DOUBT)
    first = county.completion(case, "survey_household", {"second_investigator": "曾明"})
    second = county.completion(case, "survey_household", {"second_investigator": "罗华"})
    with another_process(county) as elsewhere:
        done = at_once(
            lambda: investigator.does(first),
            lambda: handle(
                elsewhere, second_investigator.actor, second, at=county.clock.at, request_id=uuid4().hex
            ),
        )
    won, lost = sorted(done, key=lambda one: isinstance(one, Stale))
    assert isinstance(won, Outcome) and isinstance(lost, Stale)
    winner = investigator if isinstance(done[0], Outcome) else second_investigator
    assert lost.happened.by == winner.actor.name
    assert lost.happened.at == county.clock.at
    assert lost.happened.seq == won.seq == case.row.seq
    assert lost.happened.number == case.row.number
    assert lost.happened.task == "调查申请人家庭"
    assert set(case.open) == {"give_opinion"}


def test_who_opens_an_old_page_later_is_told_the_same(case_at, county, investigator, second_investigator):
    case = case_at("survey_household", IN_DOUBT)
    page = county.completion(case, "survey_household", {})
    investigator.surveys_household(case)
    county.clock.forward(hours=3)
    with pytest.raises(Stale) as stale:
        second_investigator.does(page)
    assert stale.value.happened.by == investigator.actor.name
    assert stale.value.happened.at < county.clock.at


def test_a_step_that_time_has_closed_is_stale_by_nobody(case_at, county, clerk):
    missing = {
        "acceptance": "incomplete",
        "missing": ["invoice"],
        "missing_note": "发票原件",
        "help_offered": "none",
    }
    case = case_at("receive_supplement", {"check_papers": missing})
    page = county.completion(case, "receive_supplement", {})
    county.clock.at = case.open["receive_supplement"].due_at
    county.night()
    with pytest.raises(Stale) as stale:
        clerk.does(page)
    assert stale.value.happened.by == ""


def test_twenty_identical_requests_at_once_complete_a_step_once(case_at, county, clerk):
    case = case_at("check_papers")
    command, before = county.completion(case, "check_papers", {}), case.row.seq
    outcomes = at_once(*[lambda: clerk.does(command, "one-click")] * 20)
    assert {type(one) for one in outcomes} == {Outcome}
    assert len({(one.case_id, one.number, one.seq) for one in outcomes}) == 1
    assert [one.repeated for one in outcomes].count(False) == 1
    assert case.row.seq == before + 1


def test_twenty_identical_applications_at_once_open_one_case(county, clerk):
    person, bills = county.household()
    cases = at_once(*[lambda: clerk.files(person, bills, "one-click").id] * 20)
    assert {type(one) for one in cases} == {UUID}, cases
    assert len(set(cases)) == 1
    assert len(county.rows(Case)) == 1


def test_twenty_identical_objections_at_once_are_one(case_at, county):
    case = case_at("public_notice")
    command = ReceiveObjection(case.postings[-1].id, OBJECTION, "web")
    at = county.clock.at
    outcomes = at_once(*[lambda: handle(county.house, PUBLIC, command, at=at, request_id="one-click")] * 20)
    assert {type(one) for one in outcomes} == {Outcome}, outcomes
    assert len(case.objections) == 1


def test_a_repeated_request_gets_the_answer_of_the_first(case_at, county, clerk):
    case = case_at("check_papers")
    command = county.completion(case, "check_papers", {})
    first = clerk.does(command, "page-17")
    county.staff["vlia1"].enquires(case)
    again = clerk.does(command, "page-17")
    assert (again.case_id, again.number, again.seq) == (first.case_id, first.number, first.seq)
    assert (first.repeated, again.repeated) == (False, True)


def test_the_same_key_with_another_body_is_refused(case_at, county, clerk):
    case = case_at("check_papers")
    clerk.does(county.completion(case, "check_papers", {"acceptance": "accept"}), "page-17")
    with pytest.raises(RequestReused):
        clerk.does(AttachPaper(case.id, paper("other")), "page-17")
    assert not county.rows(Paper, Paper.kind == "other")


def test_two_people_may_happen_to_use_the_same_key(case_at, county, clerk, village_liaison):
    case = case_at("check_papers")
    clerk.checks_papers(case, request="1")
    village_liaison.enquires(case, request="1")
    assert len(county.rows(Request, Request.key == "1")) == 2


def test_a_refused_request_may_be_mended_and_sent_again_with_its_key(case_at, county, village_liaison):
    case = case_at("record_review")
    with pytest.raises(AnswersRefused):
        village_liaison.records_review(case, signatures=9, request="page-5")
    village_liaison.records_review(case, signatures=17, request="page-5")
    assert set(case.open) == {"sign_review"}


def test_different_people_on_different_cases_do_not_hinder_each_other(county, clerk):
    households = [county.household() for _ in range(12)]
    cases = at_once(*[lambda household=household: clerk.files(*household) for household in households])
    numbers = sorted(case.row.number for case in cases)
    assert numbers == [f"2026-{number:04d}" for number in range(1, 13)]


def test_the_step_of_another_case_is_not_found(case_at, county, clerk):
    one, other = case_at("check_papers"), case_at("record_review")
    command = county.completion(one, "check_papers", {})
    for case_id, task_id in ((other.id, 9999), (uuid4(), command.task_id)):
        with pytest.raises(NotFound):
            clerk.does(CompleteTask(case_id, task_id, command.answers))
