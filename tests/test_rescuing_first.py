"""绿色通道: rescue first, papers later, then the settlement to the fen (domain 2.4, C-15)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from rescuing import advance, asks, checked, granted, invoice, recovery_of, until

from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, NotAllowed, StepImpossible
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case
from workflow.reading.cases import Wanted, cases
from workflow.store.models import Claim, Person

PAID = "费用已由他人付清。"
SQLITE = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture
def hospital(county):
    return county.staff["hosp"]


@pytest.fixture
def patient(county):
    """Somebody of a DB household whose settled bill is not in any case."""
    person, _ = county.household()
    return person


def test_a_guarantee_is_honoured_and_the_rest_goes_to_the_family(county, hospital, patient, clock):
    case = asks(hospital, patient)
    assert (case.state, set(case.open)) == ("SUBMITTED", {"verify_identity"})
    assert case.clock("D18").due_at == clock.at + timedelta(hours=2)
    clock.forward(minutes=40)
    granted(checked(case))
    assert case.state == "ADVANCED"
    notice = case.letters["advance_notice"].fields
    assert (notice["advance"], notice["hospital"], notice["paper_days"]) == ("3000.00", "安福县人民医院", 10)
    assert "guarantee" in notice and "payment_now" not in notice
    row = advance(case)
    assert (row.interim_aid, row.most, row.amount) == (Decimal("4875.00"), Decimal("4875.00"), 3000)
    assert row.diagnosis and row.asked_by == "360829-hospital" and row.answered_at == clock.at
    until(case, "end")
    assert (case.state, case.row.outcome) == ("ARCHIVED", "approved")
    money = [(each.purpose, str(each.amount), each.status) for each in case.payments]
    assert money == [("advance", "3000.00", "credited"), ("aid", "1875.00", "credited")]
    assert [str(bill.aid_paid) for bill in case.bills] == ["4875.00"]
    told = case.letters["approval_decision"].fields
    assert (told["advance"], told["advance_rest"]) == ("3000.00", "1875.00")
    row = advance(case)
    assert (row.paid, row.final_aid, row.recovery_id) == (3000, Decimal("4875.00"), None)
    assert [posting.number for posting in case.postings] == [2, 3], "posted afterwards, never by the village"


def test_what_was_advanced_too_much_is_recovered_by_a_case_of_its_own(county, hospital, patient, clock):
    case = granted(checked(asks(hospital, patient)), "4875.00", "payment")
    until(case, "confirm_advance", recheck_advance={"advance_paid": "4875.00"})
    assert case.state == "ADVANCED"
    until(case, "receive_full_papers")
    county.correct(Claim, Claim.person_id == patient, basic=Decimal(21000))
    until(case, "archive_case")
    assert [str(each.amount) for each in case.payments] == ["4875.00"], "nothing more is paid"
    told = case.letters["approval_decision"].fields
    assert "pay_by" not in told and (told["advance_rest"], told["advance_owed"]) == ("0.00", "750.00")
    recovery = recovery_of(case)
    assert advance(case).recovery_id == recovery.id
    start = recovery.entries[0]
    assert start["actor"]["role"] == "SYS"
    assert (start["vars"]["start"]["paid_fen"], start["vars"]["start"]["due_now_fen"]) == (487_500, 412_500)
    assert recovery.row.applicant_id == patient
    assert [str(bill.aid_paid) for bill in case.bills] == ["4125.00"]
    county.staff["chnd"].completes("state_facts", recovery, due="4125.00")
    assert recovery.letters["hearing_notice"].fields["excess"] == "750.00"


@SQLITE
def test_a_final_refusal_brings_the_whole_advance_back(county, hospital, patient):
    case = granted(checked(asks(hospital, patient)))
    until(
        case,
        "archive_case",
        give_opinion={"opinion": "not_qualified", "opinion_reason": "R06"},
        decide={"decision": "refuse"},
    )
    assert case.row.outcome == "refused"
    assert case.letters["refusal_decision"].fields["advance"] == "3000.00"
    recovery = recovery_of(case)
    assert recovery.entries[0]["vars"]["start"]["paid_fen"] == 300_000
    assert recovery.entries[0]["vars"]["start"]["due_now_fen"] == 0
    assert (advance(case).final_aid, case.bills[0].aid_paid) == (0, None)


@SQLITE
def test_papers_come_within_ten_working_days_of_the_discharge_or_the_money_comes_back(
    county, hospital, patient, clock, clerk
):
    case = granted(checked(asks(hospital, patient)), way="payment")
    until(case, "report_discharge")
    clock.to("2026-03-12")
    hospital.completes("report_discharge", case, discharged_on="2026-03-10")
    running = case.clock("D20")
    assert running.started_at.astimezone(SHANGHAI).date().isoformat() == "2026-03-10"
    assert running.due_at.astimezone(SHANGHAI).date().isoformat() == "2026-03-25", (
        "ends at midnight after the 24th"
    )
    assert advance(case).papers_due == running.due_at
    clock.to("2026-03-17")
    county.night()
    assert [alarm.level for alarm in case.alarms if alarm.clock_id == running.id] == ["warn"]
    clock.to("2026-03-24", "23:59")
    county.night()
    assert "receive_full_papers" in case.open
    clock.to("2026-03-25", "00:01")
    county.night()
    assert case.letters["papers_overdue"].fields["advance"] == "3000.00"
    until(case, "end")
    assert (case.state, case.row.outcome) == ("ARCHIVED", "expired")
    assert recovery_of(case).entries[0]["vars"]["start"]["paid_fen"] == 300_000
    assert not case.bills, "the bill is free for an ordinary application"


@SQLITE
def test_no_more_than_the_interim_bill_gives_and_than_the_county_allows(county, hospital, patient, approver):
    case = checked(asks(hospital, patient))
    with pytest.raises(AnswersRefused, match=r"4,875\.01 yuan; the most is 4,875\.00"):
        granted(case, "4875.01")
    large = checked(
        asks(hospital, county.household()[0]), interim_total="90000.00", interim_insurance="30000.00"
    )
    assert advance(large).interim_aid > 20000
    with pytest.raises(AnswersRefused, match=r"the most is 20,000\.00"):
        granted(large, "20000.01")
    granted(large, "20000.00")
    nothing = checked(asks(hospital, county.household()[0]), interim_total="22500.00")
    with pytest.raises(AnswersRefused):
        granted(nothing, "0.01")
    with pytest.raises(AnswersRefused, match="more than the total"):
        checked(asks(hospital, county.household()[0]), interim_insurance="29000.01")


@SQLITE
def test_without_a_diagnosis_certificate_nothing_is_advanced(county, hospital, patient, approver):
    case = checked(asks(hospital, patient, papers=()))
    with pytest.raises(AnswersRefused, match="diagnosis certificate"):
        granted(case)
    hospital.attaches(case, "diagnosis")
    granted(case)
    assert advance(case).diagnosis


@SQLITE
def test_who_checks_the_identity_does_not_grant_the_money(county, hospital, patient):
    case = checked(asks(hospital, patient))
    same = county.second_seat("chnd", "CAPR", "360829-msb")
    with pytest.raises(NotAllowed) as refused:
        same.completes("grant_advance", case, advance_decision="guarantee", advance="1.00")
    assert refused.value.rule == "SD-1"


@SQLITE
@pytest.mark.parametrize("step", ["identity", "advance"])
def test_no_advance_is_told_with_reasons_and_leaves_the_ordinary_way_open(
    county, hospital, patient, approver, village_liaison, step
):
    case = asks(hospital, patient)
    if step == "identity":
        checked(case, identity_confirmed=False, identity_note="登记的类别已于上月停止。")
    else:
        checked(case)
        approver.completes(
            "grant_advance", case, advance_decision="refuse", advance_reason="费用已由他人付清。"
        )
    told = case.letters["advance_refusal"]
    assert told.fields["advance_reason"] in {"登记的类别已于上月停止。", PAID}
    until(case, "end")
    assert (case.row.outcome, case.state) == ("not_advanced", "ARCHIVED")
    assert case.letters["advance_refusal"].delivered_at is not None
    bill = county.rows(Claim, Claim.person_id == patient)[0].id
    village_liaison.files(patient, (bill,))


@SQLITE
def test_who_may_ask_and_for_whom(
    county, hospital, patient, clerk, county_handler, village_liaison, reviewer
):
    for who in (clerk, county_handler, village_liaison):
        assert asks(who, patient, requested_by="family", asked_how="phone").state == "SUBMITTED"
    with pytest.raises(NotAllowed):
        asks(reviewer, patient)
    with pytest.raises(NotAllowed):
        asks(county.staff["vlia2"], patient)


@SQLITE
def test_a_hospital_sees_its_own_requests_and_no_others(county, hospital, patient, clerk, case_at):
    own = asks(hospital, patient)
    other = asks(clerk, patient, requested_by="family", asked_how="phone")
    third = case_at("check_papers")
    book = county.house.rules().rulebook
    with county.house.reader.connect() as conn:
        listed = {line.id for line in cases(conn, book, hospital.actor, Wanted()).lines}
        access = access_to(conn, hospital.actor, read_case(conn, own.id))
        assert access.grant.masked
        for hidden in (other, third):
            with pytest.raises(NotAllowed):
                access_to(conn, hospital.actor, read_case(conn, hidden.id))
    assert listed == {own.id}
    with pytest.raises(NotAllowed):
        hospital.attaches(other, "diagnosis")


@SQLITE
def test_admission_papers_count_from_the_request(county, hospital, patient, clock):
    case = asks(hospital, patient, variant="a")
    begun = clock.at
    clock.forward(hours=1)
    granted(checked(case))
    assert set(case.open) == {"complete_admission"}
    assert case.clock("D19").due_at == begun + timedelta(hours=24)
    with pytest.raises(AnswersRefused) as refused:
        hospital.completes("complete_admission", case, papers=())
    assert [fault.field for fault in refused.value.faults] == ["paper_admission_papers"]
    hospital.completes("complete_admission", case)
    assert set(case.open) == {"report_discharge"}


@SQLITE
def test_for_a_homeless_person_a_tracing_notice_is_published_within_a_day(county, hospital, patient, clock):
    case = asks(hospital, patient, variant="e", requested_by="station")
    granted(checked(case))
    assert set(case.open) == {"publish_tracing"}
    assert case.clock("D44").due_at == clock.at + timedelta(hours=24)
    county.staff["caff"].completes("publish_tracing", case, identity_known=False, notice_on=county.today)
    assert set(case.open) == {"note_discharge"}


@SQLITE
def test_special_illness_is_handled_by_the_county_directly(county, county_handler, patient):
    case = asks(county_handler, patient, variant="d", requested_by="family", asked_how="phone")
    granted(checked(case))
    assert case.letters["advance_notice"].fields["papers_to"] == "县医保局"
    until(case, "receive_papers_county")
    with pytest.raises(AnswersRefused, match="No such invoice"):
        county_handler.completes("receive_papers_county", case, invoice_numbers="A1\nB2")
    county_handler.completes("receive_papers_county", case, invoice_numbers=invoice(case))
    assert "audit_file" in case.open
    twice = granted(checked(asks(county_handler, patient, variant="d", requested_by="family")))
    until(twice, "receive_papers_county")
    with pytest.raises(AnswersRefused, match="In another application already"):
        county_handler.completes("receive_papers_county", twice, invoice_numbers=invoice(case))


@SQLITE
def test_bills_are_taken_by_the_rules_of_every_application(county, hospital, patient, county_handler, clerk):
    """A withdrawn application gives them back; a kind that the policy set does not speak of is refused."""
    bill = county.rows(Claim, Claim.person_id == patient)[0]
    clerk.withdraws(clerk.files(patient, (bill.id,)))
    case = granted(checked(asks(county_handler, patient, variant="d")))
    until(case, "receive_papers_county")
    county.correct(Claim, Claim.id == bill.id, kind="hypertension_drugs")
    with pytest.raises(AnswersRefused, match="does not speak of"):
        county_handler.completes("receive_papers_county", case, invoice_numbers=bill.invoice_number)
    county.correct(Claim, Claim.id == bill.id, kind="inpatient")
    county_handler.completes("receive_papers_county", case, invoice_numbers=bill.invoice_number)
    assert [each.id for each in case.bills] == [bill.id]


@SQLITE
def test_a_cut_of_the_deposit_is_recorded_by_the_hospital(county, hospital, patient, archivist):
    with pytest.raises(AnswersRefused, match="more than the deposit"):
        asks(hospital, patient, variant="b", deposit="2000.00", deposit_cut="2000.01")
    case = asks(
        hospital,
        patient,
        variant="b",
        deposit="2000.00",
        deposit_cut="1500.00",
        deposit_reason="家庭困难。",
    )
    checked(case)
    archivist.archives(case)
    assert (case.row.outcome, advance(case).deposit_cut) == ("deposit_cut", 1500)
    assert not case.payments


@SQLITE
def test_before_the_advance_it_may_be_taken_back_afterwards_it_is_settled(
    county, hospital, patient, village_liaison
):
    case = checked(asks(hospital, patient))
    village_liaison.withdraws(case)
    assert (case.state, case.row.outcome) == ("WITHDRAWN", "withdrawn")
    other = granted(checked(asks(hospital, patient)))
    with pytest.raises(StepImpossible):
        village_liaison.withdraws(other)


@SQLITE
def test_who_dies_after_the_advance_is_settled_all_the_same(
    county, hospital, patient, village_liaison, clerk
):
    early = asks(hospital, patient)
    village_liaison.reports_death(early)
    clerk.completes("verify_patient_death", early, died_on="2026-03-02")
    assert (early.state, early.row.outcome) == ("TERMINATED_DEATH", "died")
    case = granted(checked(asks(hospital, county.household()[0])))
    village_liaison.reports_death(case)
    assert case.state == "PAUSED_DEATH"
    clerk.completes("verify_patient_death", case, died_on="2026-03-02")
    assert (case.state, set(case.open)) == ("ADVANCED", {"report_discharge"})
    assert county.rows(Person, Person.id == case.row.applicant_id)[0].died_on is not None


@SQLITE
def test_a_returned_advance_goes_out_again_to_another_account(county, hospital, patient, payer):
    case = until(granted(checked(asks(hospital, patient)), way="payment"), "confirm_advance")
    payer.completes("confirm_advance", case, bank="returned", return_reason="number")
    until(case, "report_discharge")
    assert [(each.status, each.purpose) for each in case.payments] == [
        ("returned", "advance"),
        ("credited", "advance"),
    ]
    with pytest.raises(AnswersRefused, match=r"more than the 3,000\.00 granted"):
        other = until(granted(checked(asks(hospital, patient)), way="payment"), "recheck_advance")
        county.staff["fin1"].completes("recheck_advance", other, advance_paid="3000.01")
