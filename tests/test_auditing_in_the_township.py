"""Auditing in the township: the file, the household, the opinion (domain 2.1 steps 5 and 6)."""

import pytest
from small_county import TOWNSHIP
from sqlalchemy import insert

from workflow.errors import AnswersRefused, NotAllowed
from workflow.store import transaction
from workflow.store.models import Kin, Person

DOUBTS = "申请书上写的打工收入与村里调查的不一致。"


def test_a_clear_file_goes_straight_to_the_opinion(case_at, reviewer):
    case = case_at("audit_file")
    reviewer.audits_file(case, in_doubt=False)
    assert set(case.open) == {"give_opinion"}
    assert case.state == "TOWNSHIP_CHECK"


def test_a_doubt_leads_to_a_survey_of_the_household(case_at, reviewer, investigator):
    case = case_at("audit_file")
    reviewer.audits_file(case, in_doubt=True, doubts=DOUBTS)
    assert set(case.open) == {"survey_household"}
    with pytest.raises(AnswersRefused):
        investigator.surveys_household(case, cadre_signed=False)
    with pytest.raises(AnswersRefused):
        investigator.surveys_household(case, second_investigator="")
    investigator.surveys_household(case)
    assert set(case.open) == {"give_opinion"}


def test_papers_that_disagree_without_a_doubt_are_refused(case_at, reviewer):
    case = case_at("audit_file")
    with pytest.raises(AnswersRefused):
        reviewer.audits_file(
            case, papers_agree=False, papers_differ="发票与清单的金额不一致。", in_doubt=False
        )


@pytest.mark.parametrize("category", ["DBBY", "YBZP", None])
def test_low_income_households_are_always_checked_and_visited(case_at, category):
    case = case_at("check_economy", category=category)
    assert set(case.open) == {"check_economy"}
    case.county.drive(case, "give_opinion", {})
    done = [entry["task"]["node"] for entry in case.entries if entry["task"]]
    assert done.index("check_economy") < done.index("survey_household")


def test_the_economy_check_needs_the_authorisation(case_at, investigator):
    case = case_at("check_economy", category="DBBY")
    with pytest.raises(AnswersRefused) as refused:
        investigator.checks_economy(case, papers=())
    assert [fault.field for fault in refused.value.faults] == ["paper_authorisation"]


def test_the_opinion_comes_with_the_computed_amount(case_at, reviewer):
    case = case_at("give_opinion")
    reviewer.gives_opinion(case, opinion="qualified")
    answers = case.entries[-1]["vars"]["answers"]
    assert (answers["aid_fen"], answers["aid_category"], answers["warnings"]) == (487500, "DB", [])
    assert case.row.aid == case.calculations[-1].aid
    assert case.calculations[-1].seq == case.row.seq


def test_a_proposal_to_refuse_has_a_reason_and_is_not_posted(case_at, reviewer, township_leader):
    case = case_at("give_opinion")
    with pytest.raises(AnswersRefused):
        reviewer.gives_opinion(case, opinion="not_qualified", opinion_reason="")
    reviewer.gives_opinion(case, opinion="not_qualified", opinion_reason="R06")
    township_leader.signs_opinion(case)
    assert set(case.open) == {"examine_file"}
    assert [posting.number for posting in case.postings] == [1]


def test_a_reason_that_refuses_nothing_is_not_offered(case_at, reviewer):
    case = case_at("give_opinion")
    with pytest.raises(AnswersRefused):
        reviewer.gives_opinion(case, opinion="not_qualified", opinion_reason="R10")


@pytest.mark.parametrize(
    ("did", "role", "next_step"),
    [
        ("twin1", "TREV", "audit_file"),
        ("twin1", "TREV", "give_opinion"),
        ("trev1", "TLEAD", "sign_opinion"),
        ("twin1", "TLEAD", "sign_opinion"),
    ],
)
def test_acceptance_and_review_are_done_by_different_people(case_at, county, did, role, next_step):
    """SD-1: who took the papers in neither reviews nor signs; who reviewed does not sign."""
    case = case_at(next_step)
    with pytest.raises(NotAllowed) as refused:
        county.second_seat(did, role, TOWNSHIP).completes(next_step, case)
    assert refused.value.rule == "SD-1"
    assert set(case.open) == {next_step}


def test_who_has_a_relative_in_the_household_takes_no_part(case_at, county, reviewer):
    case = case_at("audit_file")
    spouse = county.rows(Person, Person.relation == "spouse")[-1]
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(Kin),
            {
                "account_id": reviewer.actor.account_id,
                "name": spouse.name,
                "id_number": spouse.id_number,
                "relation": "sibling",
                "filed_at": county.clock.at,
            },
        )
    with pytest.raises(NotAllowed) as refused:
        reviewer.audits_file(case)
    assert refused.value.rule == "kin"
    assert case.reads[-1]["vars"]["detail"] == "kin"


def test_the_township_has_five_working_days(case_at, clock):
    case = case_at("audit_file")
    task, started = case.open["audit_file"], case.clock("D05").started_at
    assert task.due_at == case.clock("D05").due_at
    assert 5 <= (task.due_at - started).days <= 8
