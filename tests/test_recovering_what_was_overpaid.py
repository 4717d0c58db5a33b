"""追回: what was paid in excess comes back, to the fen, after the person was heard (domain 2.12)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from house_templates import require_sound_log
from sqlalchemy import update

from workflow.commands import OpenCase, PauseCase, ResumeCase
from workflow.errors import AnswersRefused, NotAllowed, NotFound, StepImpossible
from workflow.store import transaction
from workflow.store.models import CaseLink, Instalment, Payment, Recovery, Repayment, table

FACTS = "比对发现该户同一张发票在商业保险已经全额报销，结算时没有申报，本案按未报销计算了救助金额。"


@pytest.fixture
def staged(paid_stage, template, tmp_path):
    county, case = paid_stage.copy(template, tmp_path / "home")
    yield county, case
    require_sound_log(county)
    county.house.close()


@pytest.fixture
def county(staged):
    return staged[0]


@pytest.fixture
def paid(staged):
    """A case of which 4,875.00 yuan have reached the account."""
    return staged[1]


def finds(who, paid, **answers):
    return who.opens("recovery", paid, **{"found_by": "data_match", "cause": "double_claim", **answers})


def row_of(case):
    return case.county.rows(Recovery, Recovery.case_id == case.id)[0]


def received(case):
    return case.county.rows(Repayment, Repayment.case_id == case.id)


def plan_of(case):
    lines = case.county.rows(Instalment, Instalment.case_id == case.id)
    return [(str(line.due_on), str(line.amount)) for line in lines if line.plan == lines[-1].plan]


def until(case, node, *, due="1875.00", reviewed=None, **decision):
    """Everybody does their work until `node` is open: 3,000.00 yuan in excess unless told otherwise."""
    decided = {"recovery": "recover", "suspected_crime": False, "penalty": "none", **decision}
    plan = {
        "state_facts": {"due": due, "recovery_facts_found": FACTS},
        "review_recovery": {"due": reviewed or due},
        "decide_recovery": decided,
        "decide_own_error": decided,
    }
    return case.county.drive(case, node, plan)


def pays(payer, case, amount, **answers):
    return payer.completes("record_repayment", case, repaid=amount, **answers)


def test_the_whole_way_from_the_payment_to_the_special_account(
    paid, county, county_handler, payer, archivist
):
    original = paid
    assert [str(bill.aid_paid) for bill in original.bills] == ["4875.00"]
    case = finds(county_handler, original)
    assert (case.state, case.row.flow) == ("RECOVERY", "recovery")
    link = county.rows(CaseLink, CaseLink.case_id == case.id)[0]
    assert (link.other_id, link.kind) == (original.id, "recovery")
    assert case.entries[0]["vars"]["start"]["paid_fen"] == 487_500
    start = case.entries[0]["vars"]["start"]
    assert start["due_now_fen"] == 487_500, "as the register stands nothing is wrong"
    until(case, "agree_payback")
    letter = case.letters["recovery_decision"].fields
    assert (letter["paid"], letter["due"], letter["excess"]) == ("4875.00", "1875.00", "3000.00")
    assert letter["original_number"] == original.row.number
    assert letter["recovery_facts"] == FACTS
    assert letter["cause"] == "重复申领"
    assert [str(bill.aid_paid) for bill in original.bills] == ["1875.00"], "the year counts what was due"
    county_handler.completes("agree_payback", case, payback="at_once", pay_on=county.today)
    pays(payer, case, "3000.00")
    assert case.letters["repayment_settled"].fields["excess"] == "3000.00"
    archivist.archives(case)
    assert (case.state, case.row.outcome) == ("ARCHIVED", "recovered")
    row = row_of(case)
    assert (row.result, row.outstanding, row.excess) == ("recovered", 0, Decimal("3000.00"))
    again = finds(county_handler, original, cause="wrong_category")
    assert again.entries[0]["vars"]["start"]["paid_fen"] == 187_500, "what came back is not paid any more"


def test_it_is_opened_by_the_county_and_only_about_money_that_was_paid(
    paid, clerk, approver, county_checker, county_handler, inspector
):
    for somebody in (clerk, approver, inspector):
        with pytest.raises(NotAllowed):
            finds(somebody, paid)
    with pytest.raises(NotFound):
        county_handler.asks("recovery", paid.row.applicant_id)
    case = finds(county_checker, paid)
    with pytest.raises(StepImpossible, match=case.row.number):
        finds(county_handler, paid)


def test_a_case_of_which_nothing_was_paid_has_nothing_to_give_back(paid, county, county_handler):
    with transaction(county.house.engine) as conn:
        conn.execute(update(table(Payment)).values(status="returned"))
    with pytest.raises(StepImpossible, match="nothing to recover"):
        finds(county_handler, paid)


def test_the_bills_of_a_person_are_not_part_of_it(paid, county_handler):
    bill = paid.bills[0].id
    command = OpenCase("recovery", "plan-2026", paid.row.applicant_id, (bill,), {}, (), paid.id)
    with pytest.raises((NotFound, AnswersRefused)):
        county_handler.does(command)


def test_what_was_due_is_less_than_what_was_paid(paid, county_handler):
    case = finds(county_handler, paid)
    for due in ("4875.00", "4875.01"):
        with pytest.raises(AnswersRefused, match=r"4,875\.00 yuan paid"):
            county_handler.completes("state_facts", case, due=due)
    with pytest.raises(AnswersRefused, match="calculation"):
        county_handler.completes("state_facts", case, due="0.00", papers=())
    county_handler.completes("state_facts", case, due="4874.99")
    assert case.letters["hearing_notice"].fields["excess"] == "0.01"
    assert case.letters["hearing_notice"].fields["hearing_days"] == 5


def test_the_person_has_five_working_days_from_the_delivery_to_speak(paid, county, county_handler, clock):
    clock.to("2026-03-02")
    case = until(finds(county_handler, paid), "hear_person")
    begun = county.today
    assert case.clock("M22").due_at.date() > begun + timedelta(days=5)
    clock.forward(days=5)
    county.night()
    assert "hear_person" in case.open, "five calendar days are not five working days"
    clock.forward(days=5)
    county.night()
    assert set(case.open) == {"review_recovery"}


def test_a_statement_that_holds_ends_it_and_the_person_is_told(paid, county, county_handler, archivist):
    case = finds(county_handler, paid)
    until(case, "archive_case", reviewed="4875.00")
    assert "recovery_decision" not in case.letters
    told = case.letters["recovery_dropped"]
    assert told.delivered_at is not None
    assert told.fields["recovery_reasons"]
    archivist.archives(case)
    assert (case.row.outcome, row_of(case).result) == ("no_recovery", "no_recovery")
    assert [str(bill.aid_paid) for bill in paid.bills] == ["4875.00"]


def test_the_approver_may_decide_not_to_recover(paid, county_handler):
    case = until(finds(county_handler, paid), "archive_case", recovery="waive")
    assert "recovery_decision" not in case.letters
    assert row_of(case).excess is None


def test_the_reviewer_never_finds_more_due_than_was_paid(paid, county_handler, county_checker):
    case = until(finds(county_handler, paid), "review_recovery")
    with pytest.raises(AnswersRefused, match=r"more than the 4,875\.00 paid"):
        county_checker.completes("review_recovery", case, due="4875.01")


def test_finder_writer_reviewer_and_decider_are_different_people(paid, county, county_handler):
    """SD-1; the finder is whoever opened the case."""
    finder = county.second_seat("chnd", "CAPR", "360829-msb")
    writer_as_reviewer = county.second_seat("chnd", "CCHK", "360829-msb")
    checker_as_decider = county.second_seat("cchk", "CAPR", "360829-msb")
    case = until(finds(county_handler, paid), "review_recovery")
    with pytest.raises(NotAllowed) as refused:
        writer_as_reviewer.completes("review_recovery", case, due="1875.00")
    assert refused.value.rule == "SD-1"
    until(case, "decide_recovery")
    for somebody in (finder, checker_as_decider):
        with pytest.raises(NotAllowed) as refused:
            somebody.completes("decide_recovery", case, recovery="recover", penalty="none")
        assert refused.value.rule == "SD-1"


def test_who_only_found_it_does_not_decide_it_either(paid, county, county_checker, county_handler):
    case = finds(county_checker, paid)
    finder = county.second_seat("cchk", "CAPR", "360829-msb")
    other = county.second_seat("arch", "CCHK", "360829-msb")
    until(case, "review_recovery")
    other.completes("review_recovery", case, due="1875.00")
    with pytest.raises(NotAllowed) as refused:
        finder.completes("decide_recovery", case, recovery="recover", penalty="none")
    assert refused.value.rule == "SD-1"


def test_an_error_of_staff_is_judged_by_somebody_else_without_fine_or_interest(
    paid, county, county_handler, approver
):
    case = finds(county_handler, paid, cause="staff_error")
    until(case, "decide_own_error")
    with pytest.raises(NotAllowed) as refused:
        approver.completes("decide_own_error", case, recovery="recover", penalty="none")
    assert refused.value.rule == "SD-6", "the approver has signed the decision in question"
    other = county.second_seat("revw", "CAPR", "360829-msb")
    with pytest.raises(AnswersRefused, match="neither fine nor interest"):
        other.completes("decide_own_error", case, penalty="decided", penalty_amount="3000.00")
    other.completes("decide_own_error", case, recovery="recover", suspected_crime=False, penalty="none")
    assert case.letters["recovery_decision"].fields["own_error"] == "是"


def test_a_suspected_crime_is_handed_over_with_a_record(paid, county_handler):
    case = finds(county_handler, paid, cause="false_statement")
    until(case, "hand_over_crime", suspected_crime=True)
    with pytest.raises(AnswersRefused) as refused:
        county_handler.completes("hand_over_crime", case, papers=())
    assert [fault.field for fault in refused.value.faults] == ["paper_handover_record"]
    number = "安医保移〔2026〕1号"
    county_handler.completes("hand_over_crime", case, handed_to="police", handover_number=number)
    assert "agree_payback" in case.open


def test_instalments_add_up_and_each_receipt_is_recorded(paid, county, county_handler, payer, clock):
    case = until(finds(county_handler, paid), "agree_payback", due="1874.99")
    clock.to("2026-04-01")
    county_handler.completes(
        "agree_payback",
        case,
        payback="instalments",
        parts=3,
        every="month",
        first_on="2026-04-30",
        own_dates="",
    )
    assert plan_of(case) == [("2026-04-30", "1000.00"), ("2026-05-30", "1000.00"), ("2026-06-30", "1000.01")]
    assert case.clock("M25").started_at.astimezone(clock.at.tzinfo).date() == date(2026, 4, 30)
    with pytest.raises(AnswersRefused, match=r"more than the 3,000\.01 outstanding"):
        pays(payer, case, "3000.02")
    pays(payer, case, "1000.00")
    assert row_of(case).outstanding == Decimal("2000.01")
    assert case.clock("M25").started_at.astimezone(clock.at.tzinfo).date() == date(2026, 5, 30)
    pays(payer, case, "500.00")
    assert case.clock("M25").started_at.astimezone(clock.at.tzinfo).date() == date(2026, 5, 30)
    pays(payer, case, "1500.01")
    assert "archive_case" in case.open
    assert [str(each.amount) for each in received(case)] == ["1000.00", "500.00", "1500.01"]
    assert {each.kind for each in received(case)} == {"bank"}
    assert row_of(case).outstanding == 0


def test_instalments_of_the_family_s_own_are_taken_if_they_add_up(paid, county, county_handler):
    case = until(finds(county_handler, paid), "agree_payback")
    own = {"payback": "instalments", "parts": 2, "every": "month", "first_on": county.today}
    first, second = county.today + timedelta(days=30), county.today + timedelta(days=200)
    for lines, words in (
        (f"{first} 1000\n{second} 1999.99", r"Together 2,999\.99 yuan; 3,000\.00"),
        (f"{second} 1000\n{first} 2000", "follow each other"),
        (f"{first} 3000", "1 lines for 2"),
        (f"{first} 3000\n{second} 0.00", "more than 0"),
        (f"{first} 很多\n{second} 2000", "Line 1"),
    ):
        with pytest.raises(AnswersRefused, match=words):
            county_handler.completes("agree_payback", case, own_dates=lines, **own)
    county_handler.completes("agree_payback", case, own_dates=f"{first} 1000\n{second} 2,000.00元", **own)
    assert plan_of(case) == [(str(first), "1000.00"), (str(second), "2000.00")]


def test_money_that_does_not_come_is_pressed_for_and_may_end_without_it(
    paid, county, county_handler, payer, clock, archivist
):
    case = until(finds(county_handler, paid), "agree_payback")
    county_handler.completes("agree_payback", case, payback="at_once", pay_on=county.today)
    clock.forward(days=14)
    county.night()
    assert set(case.open) == {"press_repayment"}
    county_handler.completes(
        "press_repayment", case, pressed="remind", pay_until=county.today + timedelta(days=20)
    )
    pays(payer, case, "1000.00")
    clock.forward(days=30)
    county.night()
    assert set(case.open) == {"record_repayment"}, "the days of grace count from the day agreed last"
    clock.forward(days=10)
    county.night()
    county_handler.completes("press_repayment", case, pressed="new_plan")
    county_handler.completes("agree_payback", case, payback="refuses")
    with pytest.raises(AnswersRefused, match="periods are not over"):
        county_handler.completes("hand_over_enforcement", case, periods_over=False)
    county_handler.completes("hand_over_enforcement", case, review_on=county.today + timedelta(days=60))
    clock.forward(days=75)
    county.night()
    county_handler.completes("press_repayment", case, pressed="give_up", end_document="（2026）赣0829执1号")
    archivist.archives(case)
    assert (case.row.outcome, row_of(case).outstanding) == ("not_recovered", Decimal("2000.00"))


def test_it_rests_while_it_is_contested(paid, county_handler, approver):
    case = until(finds(county_handler, paid), "review_recovery")
    approver.does(PauseCase(case.id, {"pause_reason": "review", "pause_note": "复议申请已受理，等候结果。"}))
    assert case.state == "PAUSED_CASE"
    approver.does(ResumeCase(case.id, {"resume_note": "复议维持原决定，继续办理。"}))
    assert case.state == "RECOVERY"


def test_a_case_and_what_it_was_decided_again_in_are_one_matter(paid, county, county_handler, county_checker):
    """The bills stand in the newer case then: what is due is not nothing, and all payments count."""
    county.raise_bill(paid.bills[0].id, total=40000)
    review = county.staff["twin1"].opens("appeal", paid, remedy="review")
    county.drive(review, "end", {"review_case": {"review_result": "redo"}})
    again = county.drive(county.linked(paid, "reopening"), "end", {})
    assert not paid.bills and again.row.aid > Decimal("4875.00")
    case = finds(county_handler, paid)
    start = case.entries[0]["vars"]["start"]
    both = paid.payments[-1].amount + again.payments[-1].amount
    assert start["paid_fen"] == start["due_now_fen"] == int(both * 100) == int(again.row.aid * 100)
    with pytest.raises(StepImpossible, match=case.row.number):
        finds(county_checker, again)
    due = again.row.aid - 1
    until(case, "agree_payback", due=str(due))
    assert [bill.aid_paid for bill in again.bills] == [due], "the year counts what was due"
