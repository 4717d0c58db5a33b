"""Deciding in the county: examination, re-check, decision, signature (domain 2.1 step 7, 3.1, C-29, F13)."""

from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import insert

from workflow.cases import asking
from workflow.commands import FileRelative
from workflow.errors import AnswersRefused, NotAllowed
from workflow.store import transaction
from workflow.store.models import Kin, Person

MSB = "360829-msb"
QUESTIONS = "请说明入户调查与申请书的收入为什么不一致。"
SMALL = {
    "total": Decimal(3000),
    "out_of_catalogue": Decimal(0),
    "basic": Decimal(2000),
    "serious_illness": Decimal(0),
}


def fields(refused: pytest.ExceptionInfo[AnswersRefused]) -> set[str]:
    return {fault.field for fault in refused.value.faults}


def test_an_approved_case_is_signed_after_the_third_posting(case_at, county, approver):
    case = case_at("decide")
    approver.decides(case, decision="approve")
    assert set(case.open) == {"post_decision_proposal"}
    county.drive(case, "sign_decision", {})
    assert [posting.number for posting in case.postings] == [1, 2, 3]
    approver.signs_decision(case)
    assert case.row.outcome == "approved"
    assert case.state == "APPROVED"
    letter = case.letters["approval_decision"]
    assert letter.fields["aid"] == "4875.00"
    assert {"deliver_letter", "recheck_payment"} == set(case.open)


def test_zero_is_a_refusal_not_an_approval(case_at, approver):
    case = case_at("decide", **SMALL)
    assert case.row.aid == 0
    with pytest.raises(AnswersRefused) as refused:
        approver.decides(case, decision="approve")
    assert fields(refused) == {"decision"}
    assert case.calculations[-1].sheet[0]["warnings"] == ["BELOW_DEDUCTIBLE"]
    approver.decides(case, decision="refuse", refusal_reason="R02")
    assert case.row.outcome == "refused"


def test_a_limit_that_is_not_configured_approves_nothing(case_at, approver, monkeypatch):
    monkeypatch.setitem(
        asking.PROVIDERS,
        "calculation",
        lambda work, variables: {"aid_fen": 100, "aid_category": "DB", "warnings": ["CAP_NOT_CONFIGURED"]},
    )
    case = case_at("decide")
    with pytest.raises(AnswersRefused) as refused:
        approver.decides(case, decision="approve")
    assert fields(refused) == {"decision"}


@pytest.mark.parametrize("left_out", ["refusal_reason", "refusal_facts", "legal_basis", "article"])
def test_a_refusal_names_reason_facts_and_basis(case_at, approver, left_out):
    case = case_at("decide")
    with pytest.raises(AnswersRefused) as refused:
        approver.decides(case, **{"decision": "refuse", left_out: ""})
    assert fields(refused) == {left_out}


def test_a_refusal_goes_out_with_reasons_and_rights_and_no_money(case_at, county, approver):
    case = case_at("decide")
    approver.decides(case, decision="refuse", refusal_reason="R06")
    assert set(case.open) == {"sign_decision"}  # a refusal is not posted
    approver.signs_decision(case)
    assert set(case.open) == {"deliver_letter"}
    letter = case.letters["refusal_decision"]
    assert letter.fields["reason_code"] == "R06"
    assert letter.fields["legal_basis"] == "2026年医疗救助服务工作计划"
    assert letter.fields["county_government"]
    county.drive(case, "end", {})
    assert (case.state, case.row.outcome, case.payments) == ("ARCHIVED", "refused", [])


def test_the_county_asks_the_township_once(case_at, county, county_checker, reviewer, clock):
    case = case_at("recheck_file")
    county_checker.rechecks_file(case, recheck="questions", questions=QUESTIONS)
    assert set(case.open) == {"answer_questions"}
    assert case.state == "TOWNSHIP_CHECK"
    assert case.clock("D09").stopped_at is None  # the county's days run on
    assert not case.clock("D09").pauses
    reviewer.answers_questions(case)
    with pytest.raises(AnswersRefused) as refused:
        county_checker.rechecks_file(case, recheck="questions", questions=QUESTIONS)
    assert "recheck" in fields(refused)
    county_checker.rechecks_file(case, recheck="pass")
    assert set(case.open) == {"decide"}


def test_an_open_serious_illness_claim_is_settled_first_and_the_aid_computed_anew(
    case_at, county, county_handler, clerk, clock
):
    case = case_at("examine_file", serious_illness=Decimal(0), serious_illness_settled=False)
    clock.forward(days=1)
    county_handler.examines_file(case)
    assert case.calculations[-1].aid == Decimal("5625.00")
    assert case.calculations[-1].sheet[0]["warnings"] == ["SERIOUS_ILLNESS_OPEN"]
    county.drive(case, "receive_settlement", {})
    assert case.state == "PAUSED_SERIOUS_ILLNESS"
    assert case.clock("D09").pauses[-1][1] is None
    assert case.clock("D09").next_alarm_at is None
    assert "serious_illness_return" in case.letters
    before = case.clock("D09").due_at
    clock.forward(days=7)
    with pytest.raises(AnswersRefused) as refused:
        clerk.receives_settlement(case, serious_illness_amount="9000.01")
    assert fields(refused) == {"serious_illness_amount"}
    clerk.receives_settlement(case, serious_illness_amount="1234.56")
    assert set(case.open) == {"examine_file"}
    assert case.clock("D09").pauses[-1][1] is not None
    assert case.clock("D09").due_at > before
    county_handler.examines_file(case)
    assert case.calculations[-1].aid == Decimal("4699.08")  # (9000 − 1234.56 − 1500) × 75 %
    assert case.bills[0].serious_illness_settled


@pytest.mark.parametrize(
    ("did", "role", "step"),
    [
        ("twin1", "CHND", "examine_file"),
        ("trev1", "CHND", "examine_file"),
        ("chnd", "CCHK", "recheck_file"),
        ("trev1", "CCHK", "recheck_file"),
        ("twin1", "CAPR", "decide"),
        ("trev1", "CAPR", "decide"),
        ("tlead1", "CAPR", "decide"),
        ("chnd", "CAPR", "decide"),
        ("cchk", "CAPR", "decide"),
        ("chnd", "CAPR", "sign_decision"),
    ],
)
def test_nobody_decides_on_work_of_his_own(case_at, county, did, role, step):
    """SD-1: acceptance, review and decision of one case are done by different people."""
    case = case_at(step)
    with pytest.raises(NotAllowed) as refused:
        county.second_seat(did, role, MSB).completes(step, case)
    assert refused.value.rule == "SD-1"
    assert case.reads[-1]["type"] == "attempt_refused"
    assert case.reads[-1]["vars"]["detail"] == "SD-1"


def kin_of_the_case(county, login: str) -> None:
    child = county.rows(Person, Person.relation == "child")[-1]
    actor = county.staff[login].actor
    row = {
        "account_id": actor.account_id,
        "name": child.name,
        "id_number": child.id_number,
        "relation": "child",
    }
    with transaction(county.house.engine) as conn:
        conn.execute(insert(Kin), {**row, "filed_at": county.clock.at})


def test_the_county_visits_every_household_with_a_relative_on_duty(county, village_head):
    household = county.household()
    kin_of_the_case(county, "vhead2")
    case = county.staff["vlia1"].files(*household)
    assert case.row.relative
    county.drive(case, "county_visit", {})
    assert set(case.open) == {"county_visit"}
    county.drive(case, "decide", {})


def test_a_relative_filed_after_the_application_is_found_by_the_township(case_at, county, reviewer):
    case = case_at("give_opinion")
    kin_of_the_case(county, "vhead2")
    reviewer.gives_opinion(case)
    assert case.entries[-1]["vars"]["answers"]["relative_case"] is True
    county.drive(case, "county_visit", {})


def test_filing_a_relative_marks_the_open_case_at_once(case_at, county, approver):
    case = case_at("decide")
    child = county.rows(Person, Person.relation == "child")[-1]
    approver.does(FileRelative(approver.actor.account_id, child.name, child.id_number, "child"))
    assert case.row.relative
    with pytest.raises(NotAllowed) as refused:
        approver.decides(case)
    assert refused.value.rule == "kin"


def test_the_decision_and_the_sheet_cannot_part(case_at, approver, county):
    """The amount in the letter is the one of the sheet that lies behind the decision."""
    case = case_at("sign_decision")
    approver.signs_decision(case)
    assert case.letters["approval_decision"].fields["aid"] == f"{case.calculations[-1].aid:.2f}"
    assert case.row.aid == case.calculations[-1].aid


def test_the_days_of_the_third_posting_are_not_the_county_s(case_at):
    clock = case_at("sign_decision").clock("D09")
    assert len(clock.pauses) == 1
    started, ended = (datetime.fromisoformat(moment) for moment in clock.pauses[0][:2])
    assert (ended - started).days == 7
