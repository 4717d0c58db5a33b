"""Delivering the letter and paying the money, with the bank's returns (domain 2.1 steps 9 and 10, D12)."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from workflow.demo.answers import account
from workflow.errors import AnswersRefused, NotAllowed, Stale
from workflow.letters import write
from workflow.store.models import Clock, Outbox, Person

FINANCE, TOWNSHIP = "360829-finance", "360829100000"
HEAVY = {"total": Decimal(231000), "out_of_catalogue": Decimal(0), "serious_illness": Decimal(0)}
"""210,000 + 1,000 yuan stay with the patient: more than the yearly limit gives back."""
RETURNED = {"confirm_credit": {"bank": "returned", "return_reason": "number"}}


def fields(refused: pytest.ExceptionInfo[AnswersRefused]) -> set[str]:
    return {fault.field for fault in refused.value.faults}


@pytest.fixture
def approved(case_at):
    return case_at("recheck_payment")


def test_the_letter_states_every_figure_and_the_rights(approved, county):
    letter = approved.letters["approval_decision"]
    assert letter.fields["total"] == "30000.00"
    assert letter.fields["self_pay"] == "8000.00"
    assert letter.fields["deductible"] == "1500.00"
    assert letter.fields["annual_limit"] == "150000.00"
    assert letter.fields["paid_this_year"] == "0.00"
    text = str(write(county.house.rules().rulebook.letters["approval_decision"], letter.fields))
    assert "4,875.00" in text
    assert "肆仟捌佰柒拾伍元整" in text
    assert "村民代表评议" in text
    assert "行政复议" in text
    signed = letter.issued_at.date()
    assert 15 < (date.fromisoformat(letter.fields["pay_by"]) - signed).days < 30


def test_letters_are_numbered_by_kind_and_year(case_at):
    numbers = [case_at("enquire").letters["acceptance_notice"].number for _ in range(2)]
    assert numbers[0] != numbers[1]
    assert "2026" in numbers[0]


def test_the_township_delivers_within_seven_days_with_a_receipt(approved, clerk, clock):
    task = approved.open["deliver_letter"]
    assert (task.due_at - approved.clock("D10").started_at).days in range(7, 11)
    with pytest.raises(AnswersRefused) as refused:
        clerk.delivers_letter(approved, papers=())
    assert fields(refused) == {"paper_delivery_receipt"}
    clerk.delivers_letter(approved, method="person")
    letter = approved.letters["approval_decision"]
    assert (letter.delivered_at, letter.delivery) == (clock.at, "person")
    assert approved.letters["acceptance_notice"].delivered_at is None


def test_whoever_is_absent_gets_the_letter_by_the_next_way_with_the_attempts_noted(approved, clerk):
    for method, missing in (
        ("household", "attempts"),
        ("post", "tracking_number"),
        ("notice", "notice_place"),
    ):
        with pytest.raises(AnswersRefused) as refused:
            clerk.delivers_letter(approved, method=method, **{missing: ""})
        assert fields(refused) == {missing}
    clerk.delivers_letter(approved, method="post", tracking_number="XA12345678901")
    assert approved.letters["approval_decision"].delivery == "post"


def test_finance_compares_before_anything_is_ordered(approved, county, finance_checker):
    with pytest.raises(AnswersRefused):
        finance_checker.rechecks_payment(approved, account_agrees=False)
    assert approved.payments == []
    finance_checker.rechecks_payment(approved)
    (payment,) = approved.payments
    person = county.rows(Person, Person.id == approved.row.applicant_id)[0]
    assert (payment.amount, payment.status, payment.attempt) == (Decimal("4875.00"), "ordered", 1)
    assert (payment.account_number, payment.account_holder) == (person.account_number, "欧阳福根")
    assert approved.state == "PAYMENT_ORDERED"
    (order,) = county.rows(Outbox, Outbox.kind == "payment_order")
    assert order.payload == {"attempt": 1, "seq": approved.row.seq}


def test_credited_money_stands_with_the_bill(case_at, payer):
    case = case_at("confirm_credit")
    payer.confirms_credit(case, bank="credited")
    assert case.payments[-1].status == "credited"
    assert case.bills[0].aid_paid == Decimal("4875.00")
    assert case.state == "PAID"


def test_delivery_and_payment_both_end_before_the_file_is_closed(case_at, county, clerk, payer, archivist):
    case = case_at("confirm_credit", {"deliver_letter": {"method": "person"}})
    payer.confirms_credit(case)
    assert set(case.open) == {"archive_case"}
    assert (case.open["archive_case"].due_at - county.clock.at).days >= 29
    archivist.archives(case)
    assert (case.state, case.row.outcome, case.open) == ("ARCHIVED", "approved", {})
    assert case.row.closed_at == county.clock.at
    assert all(row.stopped_at for row in county.rows(Clock, Clock.case_id == case.id))
    with pytest.raises(Stale):
        archivist.archives(case)


def test_a_returned_payment_goes_to_a_corrected_account(case_at, county, clerk, finance_checker, payer):
    case = case_at("confirm_credit")
    old = case.payments[0].account_number
    payer.confirms_credit(case, bank="returned", return_reason="number")
    assert case.state == "PAYMENT_RETURNED"
    assert (case.payments[0].status, case.payments[0].return_reason) == ("returned", "number")
    assert case.clock("D12").stopped_at is None
    assert case.clock("D11").stopped_at is None
    new = account(Random(77))
    with pytest.raises(AnswersRefused) as refused:
        clerk.corrects_account(case, account_number=new, account_holder="别家的人")
    assert fields(refused) == {"account_holder"}
    clerk.corrects_account(case, account_number=new, account_holder="曾桂兰", holder_relation="household")
    finance_checker.rechecks_account(case)
    payer.pays(case)
    payer.confirms_credit(case, bank="credited")
    assert [(row.attempt, row.status) for row in case.payments] == [(1, "returned"), (2, "credited")]
    assert [row.account_number for row in case.payments] == [old, new]
    assert case.payments[1].account_holder == "曾桂兰"
    assert case.bills[0].aid_paid == Decimal("4875.00")


def test_the_corrected_account_is_looked_at_by_a_second_person(case_at, county):
    case = case_at("recheck_account", RETURNED)
    with pytest.raises(NotAllowed) as refused:
        county.second_seat("twin1", "FIN1", FINANCE).rechecks_account(case)
    assert refused.value.rule == "SD-1"


@pytest.mark.parametrize(
    ("did", "role", "step", "rule"),
    [
        ("twin1", "FIN1", "recheck_payment", "SD-1"),
        ("trev1", "FIN1", "recheck_payment", "SD-1"),
        ("chnd", "FIN1", "recheck_payment", "SD-1"),
        ("capr", "FIN1", "recheck_payment", "SD-1"),
        ("fin1", "FIN2", "pay", "SD-5"),
        ("capr", "FIN2", "confirm_credit", "SD-1"),
        ("fin1", "FIN2", "confirm_credit", "SD-1"),
    ],
)
def test_who_accepts_reviews_or_decides_does_not_pay(case_at, county, did, role, step, rule):
    case = case_at(step)
    with pytest.raises(NotAllowed) as refused:
        county.second_seat(did, role, FINANCE).completes(step, case)
    assert refused.value.rule == rule


def test_the_aid_of_this_year_counts_for_the_next_bill(case_at, county, village_liaison):
    first = case_at("end")
    person = first.row.applicant_id
    second = village_liaison.files(person, (county.bill(person, settled_on=date(2026, 2, 20)),))
    county.drive(second, "sign_opinion", {})
    assert second.row.aid == Decimal("6000.00")  # the deductible was used up by the first bill
    county.drive(second, "deliver_letter", {})
    assert second.letters["approval_decision"].fields["paid_this_year"] == "4875.00"


def test_a_bill_refused_for_the_deductible_counts_towards_it(case_at, county, village_liaison):
    """Domain 3.1 item 2, example E03: 1,000 yuan refused, then 5,000 yuan give 3,375.00."""
    small = {"total": Decimal(1000), "out_of_catalogue": Decimal(0), "basic": Decimal(0)}
    refuse = {"decide": {"decision": "refuse", "refusal_reason": "R02"}}
    first = case_at("end", refuse, serious_illness=Decimal(0), **small)
    assert first.row.outcome == "refused"
    person = first.row.applicant_id
    bill = {**small, "total": Decimal(5000), "serious_illness": Decimal(0), "settled_on": date(2026, 2, 20)}
    second = village_liaison.files(person, (county.bill(person, **bill),))
    county.drive(second, "sign_opinion", {})
    assert second.row.aid == Decimal("3375.00")


def test_two_cases_of_one_person_do_not_both_get_the_yearly_limit(case_at, county, village_liaison):
    first = case_at("recheck_payment", **HEAVY)
    assert first.row.aid == Decimal("150000.00")
    person = first.row.applicant_id
    second = village_liaison.files(person, (county.bill(person, settled_on=date(2026, 2, 20)),))
    county.drive(second, "sign_opinion", {})
    assert second.row.aid == 0
    assert second.calculations[-1].sheet[0]["warnings"] == ["CAP_EXHAUSTED"]


def test_bills_of_one_application_are_reckoned_one_after_the_other(county, village_liaison):
    person, bills = county.household()
    more = county.bill(person, settled_on=date(2026, 2, 20))
    case = village_liaison.files(person, (*bills, more))
    county.drive(case, "end", {})
    assert case.row.aid == Decimal("10875.00")
    assert [bill.aid_paid for bill in case.bills] == [Decimal("4875.00"), Decimal("6000.00")]
