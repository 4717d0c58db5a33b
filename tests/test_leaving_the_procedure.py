"""Leaving the procedure: the applicant takes the application back, or has died (domain 2.0, D35)."""

from datetime import date

import pytest

from workflow.errors import AnswersRefused, NotAllowed, StepImpossible
from workflow.store.models import Clock, Person, Timer

EARLY, LATE = ("check_papers", "record_review", "public_notice"), ("audit_file", "decide", "sign_decision")


def nothing_runs(case) -> bool:
    county = case.county
    clocks = county.rows(Clock, Clock.case_id == case.id)
    return not case.open and not county.rows(Timer) and all(clock.stopped_at for clock in clocks)


@pytest.mark.parametrize("node", EARLY + LATE)
def test_until_the_decision_is_signed_the_application_may_be_taken_back(
    case_at, village_liaison, clock, node
):
    case = case_at(node)
    village_liaison.withdraws(case)
    assert (case.state, case.row.outcome) == ("WITHDRAWN", "withdrawn")
    assert case.row.closed_at == clock.at
    assert nothing_runs(case)
    assert case.letters["withdrawal_confirmation"].fields["case_number"] == case.row.number
    assert all(posting.taken_down_at for posting in case.postings)


@pytest.mark.parametrize("node", ["receive_supplement", "register_objection", "receive_settlement"])
def test_also_while_the_clock_stands_still(case_at, county, clerk, village_liaison, node):
    plan = {
        "check_papers": {
            "acceptance": "incomplete",
            "missing": ["invoice"],
            "missing_note": "住院发票原件",
            "help_offered": "none",
        }
    }
    if node == "register_objection":
        case = case_at("public_notice")
        county.objects(case)
    else:
        case = case_at(node, plan if node == "receive_supplement" else {}, serious_illness_settled=False)
    clerk.withdraws(case)
    assert case.state == "WITHDRAWN"
    assert nothing_runs(case)
    assert all(posting.taken_down_at for posting in case.postings)


def test_only_the_applicant_s_signature_takes_it_back(case_at, village_liaison):
    case = case_at("enquire")
    with pytest.raises(AnswersRefused) as refused:
        village_liaison.withdraws(case, statement_signed=False)
    assert [fault.field for fault in refused.value.faults] == ["statement_signed"]
    assert set(case.open) == {"enquire"}


@pytest.mark.parametrize("node", ["recheck_payment", "archive_case"])
def test_after_the_decision_nothing_is_taken_back(case_at, county, village_liaison, node):
    case = case_at(node)
    opened = set(case.open)
    with pytest.raises(StepImpossible):
        village_liaison.withdraws(case)
    assert set(case.open) == opened
    county.drive(case, "end", {})
    assert case.row.outcome == "approved"


def test_who_dies_before_the_money_comes_is_not_paid(case_at, clerk, finance_checker, village_liaison):
    case = case_at("recheck_payment")
    village_liaison.reports_death(case)
    with pytest.raises(StepImpossible, match="stands still"):
        finance_checker.rechecks_payment(case)
    clerk.verifies_death(case, died_on="2026-02-28")
    assert (case.state, case.row.outcome) == ("TERMINATED_DEATH", "died")
    assert nothing_runs(case)
    assert not case.payments


def test_a_false_report_takes_nothing_from_anybody(case_at, county, clerk, reviewer, village_liaison, clock):
    case = case_at("audit_file")
    due = case.open["audit_file"].due_at
    village_liaison.reports_death(case)
    with pytest.raises(StepImpossible, match="verified already"):
        village_liaison.reports_death(case)
    assert case.open["audit_file"].paused
    clock.forward(days=7)
    clerk.verifies_death(case, death_confirmed=False)
    assert case.state == "TOWNSHIP_CHECK"
    assert not case.open["audit_file"].paused
    assert case.open["audit_file"].due_at > due
    assert county.rows(Person, Person.id == case.row.applicant_id)[0].died_on is None
    reviewer.audits_file(case)
    county.drive(case, "end", {})
    assert case.row.outcome == "approved"


def test_what_was_taken_back_is_over(case_at, clerk, village_liaison):
    case = case_at("enquire")
    village_liaison.withdraws(case)
    with pytest.raises(StepImpossible):
        clerk.withdraws(case)


def test_the_bill_may_be_handed_in_again_after_a_withdrawal(case_at, village_liaison):
    case = case_at("enquire")
    bills = tuple(bill.id for bill in case.bills)
    village_liaison.withdraws(case)
    again = village_liaison.files(case.row.applicant_id, bills)
    assert [bill.id for bill in again.bills] == list(bills)


@pytest.mark.parametrize(
    ("login", "rule"), [("trev1", "role"), ("vlia2", "area"), ("insp", "SD-8"), ("capr", "role")]
)
def test_only_village_and_window_register_it(case_at, county, login, rule):
    case = case_at("enquire")
    with pytest.raises(NotAllowed) as refused:
        county.staff[login].withdraws(case)
    assert refused.value.rule == rule
    with pytest.raises(NotAllowed):
        county.staff[login].reports_death(case)
    assert set(case.open) == {"enquire"}


@pytest.mark.parametrize("node", ["check_papers", "public_notice", "sign_decision"])
def test_a_death_is_verified_by_the_township_with_the_certificate(case_at, clerk, village_liaison, node):
    case = case_at(node)
    village_liaison.reports_death(case)
    assert "verify_death" in case.open
    assert case.state == "PAUSED_DEATH"
    with pytest.raises(AnswersRefused) as refused:
        clerk.verifies_death(case, papers=())
    assert [fault.field for fault in refused.value.faults] == ["paper_death_certificate"]
    clerk.verifies_death(case, died_on="2026-02-28")
    assert nothing_runs(case)
    assert case.state == "TERMINATED_DEATH"
    assert all(posting.taken_down_at for posting in case.postings)


def test_a_verified_death_stands_in_the_register(case_at, county, clerk, village_liaison):
    case = case_at("enquire")
    village_liaison.reports_death(case)
    clerk.verifies_death(case, died_on="2026-02-28")
    person = county.rows(Person, Person.id == case.row.applicant_id)[0]
    assert person.died_on == date(2026, 2, 28)
