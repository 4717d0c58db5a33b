"""抵扣: with written consent later aid goes first towards what the person owes, to the fen (domain 2.12)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from departments import FEDERATION, departments_decide, the_person_lets_it_be
from rule_changes import released
from sqlalchemy import select

from workflow.actor import SYSTEM
from workflow.cases.recoveries import paid_out
from workflow.commands import SetOff
from workflow.errors import NotFound, StepImpossible
from workflow.handle import handle
from workflow.replay import replay
from workflow.runs import apply_free
from workflow.store.models import Case, Outbox, Recovery, Repayment

SETS_OFF = {"payback": "set_off"}


@pytest.fixture
def recovery(case_at):
    """`recovery(due)`: a case that paid 4,875.00 yuan of which only `due` was due; consent is recorded."""

    def opened(due="1875.00", until="record_repayment", **answers):
        paid = case_at("archive_case")
        county = paid.county
        case = county.staff["chnd"].opens("recovery", paid, found_by="data_match", cause="double_claim")
        plan = {
            "state_facts": {"due": due},
            "review_recovery": {"due": due},
            "decide_recovery": {"recovery": "recover", "suspected_crime": False, "penalty": "none"},
            "agree_payback": SETS_OFF,
            "record_consent": {"review_on": county.today + timedelta(days=400)},
        }
        return county.drive(case, until, {**plan, **answers})

    return opened


def applies_again(case, until="pay", bill=None):
    """The same person comes with another bill: 8,000 yuan stay, of which 75 % are aided: 6,000.00."""
    county, person = case.county, case.row.applicant_id
    number = county.bill(person, **(bill or {}))
    return county.drive(county.staff["vlia1"].files(person, (number,)), until, {})


def row_of(case):
    return case.county.rows(Recovery, Recovery.case_id == case.id)[0]


def taken(case):
    return case.county.rows(Repayment, Repayment.from_case == case.id)


def replays(case):
    with case.county.house.reader.connect() as conn:
        return replay(case.county.house, conn, case.id).difference is None


def test_a_later_payment_is_reduced_by_what_is_owed_and_both_cases_tell_it(recovery):
    owed = recovery()
    later = applies_again(owed)
    assert [str(each.amount) for each in later.payments] == ["3000.00"], "6,000.00 less 3,000.00"
    notice = later.letters["set_off_notice"].fields
    assert notice["set_off_to"] == owed.row.number
    assert (notice["aid_due"], notice["set_off"], notice["paid_out"], notice["still_owed"]) == (
        "6000.00", "3000.00", "3000.00", "0.00",
    )  # fmt: skip
    receipt = owed.letters["set_off_receipt"].fields
    assert (receipt["set_off_from"], receipt["set_off"]) == (later.row.number, "3000.00")
    settled = owed.letters["repayment_settled"].fields
    assert (settled["excess"], settled["set_off_whole"]) == ("3000.00", "3000.00")
    heard = next(entry for entry in owed.entries if entry["type"] == "set_off_made")
    assert heard["vars"]["answers"] == {"set_off_made_fen": 300_000}
    told = next(entry for entry in later.entries if "set_off" in entry["vars"])
    assert told["vars"]["set_off"] == [{"case": owed.row.number, "fen": 300_000}]
    assert "archive_case" in owed.open
    later.county.drive(later, "archive_case", {})
    assert str(later.bills[0].aid_paid) == "6000.00", "the year counts the whole aid"
    assert replays(owed) and replays(later)


def test_aid_that_is_less_than_what_is_owed_is_set_off_whole_and_nothing_is_paid(recovery):
    owed = recovery(due="0.00")
    small = {"total": Decimal("22345.67"), "basic": Decimal("20000.00"), "serious_illness": Decimal("0.00")}
    later = applies_again(owed, "archive_case", small)
    aid = later.row.aid
    assert aid == Decimal("1009.25"), "75 % of 1,345.67"
    assert not later.payments
    assert str(later.bills[0].aid_paid) == "1009.25"
    assert later.letters["set_off_notice"].fields["paid_out"] == "0.00"
    assert row_of(owed).outstanding == Decimal("3865.75")
    assert owed.letters["set_off_receipt"].fields["still_owed"] == "3865.75"
    assert "record_repayment" in owed.open and "repayment_settled" not in owed.letters
    with later.county.house.reader.connect() as conn:
        kinds = set(conn.scalars(select(Outbox.kind).where(Outbox.case_id == later.id)))
        assert paid_out(conn, [later.id]) == aid, "it reached the person, though not the account"
    assert "payment_order" not in kinds
    assert replays(owed) and replays(later)


def test_the_day_agreed_for_talking_it_over_stays_after_a_part_was_set_off(recovery, clock):
    """A plan that was replaced has no say any more."""
    parts = {"payback": "instalments", "parts": 2, "every": "month", "own_dates": ""}
    parts["first_on"] = "2026-04-30"
    owed = recovery(due="0.00", until="record_repayment", agree_payback=parts)
    county = owed.county
    clock.to("2026-05-25")
    county.night()
    county.staff["chnd"].completes("press_repayment", owed, pressed="new_plan")
    county.staff["chnd"].completes("agree_payback", owed, **SETS_OFF)
    county.staff["chnd"].completes("record_consent", owed, review_on="2027-06-30")
    applies_again(owed, "pay", {"settled_on": date(2026, 5, 1)})
    assert owed.clock("M25").started_at.astimezone(clock.at.tzinfo).date() == date(2027, 6, 30)


@pytest.mark.parametrize("until", ["record_consent", "agree_payback", "decide_recovery"])
def test_nothing_is_set_off_before_the_consent_is_recorded(recovery, until):
    owed = recovery(until=until)
    later = applies_again(owed)
    assert [str(each.amount) for each in later.payments] == ["6000.00"]
    assert not taken(later) and "set_off_notice" not in later.letters


def test_nothing_is_set_off_where_the_person_pays_back_another_way(recovery):
    owed = recovery(agree_payback={"payback": "at_once", "pay_on": date(2026, 5, 20)})
    later = applies_again(owed)
    assert [str(each.amount) for each in later.payments] == ["6000.00"]


def test_nothing_is_set_off_of_somebody_else_s_aid(recovery, case_at):
    recovery()
    assert [str(each.amount) for each in case_at("pay").payments] == ["4875.00"]


def test_of_a_payment_of_several_departments_only_medical_assistance_pays_the_debt(recovery, county):
    """4,000 yuan are owed. Of the later aid the federation gives 4,000, medical assistance 3,000."""
    owed = recovery(due="875.00")
    released(county, {**county.house.rules().rulebook.files, **FEDERATION})
    county.bill(owed.row.applicant_id)
    assert apply_free(county.house, county.clock.at).opened == 1
    (later,) = (county.case(row.id) for row in county.rows(Case, Case.flow == "ma_auto_parallel"))
    departments_decide(later, msb="approve", disabled="approve")
    the_person_lets_it_be(later)
    county.drive(later, "pay", {})
    assert (later.row.aid, row_of(owed).outstanding) == (Decimal("7000.00"), Decimal("1000.00"))
    assert [str(each.amount) for each in later.payments] == ["4000.00"], "the federation's part is paid"


def test_a_payment_that_the_bank_returns_is_ordered_again_without_setting_off_twice(recovery):
    owed = recovery()
    later = applies_again(owed, "confirm_credit")
    county = later.county
    county.staff["fin2"].completes("confirm_credit", later, bank="returned", return_reason="other")
    county.drive(later, "pay", {})
    assert [str(each.amount) for each in later.payments] == ["3000.00", "3000.00"]
    assert [str(each.amount) for each in taken(later)] == ["3000.00"]


def test_two_debts_are_set_off_the_older_one_first(recovery, county):
    first = recovery()
    paid = applies_again(first, "archive_case")
    second = county.staff["chnd"].opens("recovery", paid, found_by="data_match", cause="wrong_category")
    assert second.entries[0]["vars"]["start"]["paid_fen"] == 600_000, "what was set off counts as paid"
    county.drive(
        second,
        "record_repayment",
        {
            "state_facts": {"due": "0.01"},
            "review_recovery": {"due": "0.01"},
            "decide_recovery": {"recovery": "recover", "suspected_crime": False, "penalty": "none"},
            "agree_payback": SETS_OFF,
            "record_consent": {"review_on": county.today + timedelta(days=400)},
        },
    )
    last = applies_again(first)
    assert [(str(each.amount), each.case_id) for each in taken(last)] == [("5999.99", second.id)]
    assert [str(each.amount) for each in last.payments] == ["0.01"]


def test_only_the_program_tells_a_recovery_that_aid_was_set_off(recovery, county, county_handler):
    owed = recovery()
    command = SetOff(owed.id, 100, owed.id)
    with pytest.raises(NotFound):
        county_handler.does(command)
    assert row_of(owed).outstanding == Decimal("3000.00")


def test_a_recovery_that_does_not_wait_for_it_refuses(recovery, county):
    owed = recovery(until="agree_payback")
    with pytest.raises(StepImpossible):
        handle(county.house, SYSTEM, SetOff(owed.id, 100, owed.id), at=county.clock.at, request_id="x")
    with county.house.reader.connect() as conn:
        assert conn.scalar(select(Case.seq).where(Case.id == owed.id)) == owed.row.seq
    assert row_of(owed).outstanding == Decimal("3000.00")
