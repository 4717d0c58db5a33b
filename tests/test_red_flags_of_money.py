"""Red flags of money: withheld, claimed falsely, above the limit, before the insurance, in advance."""

from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import CASE, OTHER, Facts

THIRD = "e" * 32


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return Facts(tmp_path)


def cases_of(facts: Facts, rule: str, part: str) -> list[str]:
    return sorted(one.case_id.hex for one in facts.flags(rule, part) if one.case_id)


def paid(facts: Facts, case: str, amount: int = 100, attempt: int = 1, **more: Any) -> None:
    row = {"purpose": "aid", "status": "credited", "order_seq": 30, "settled_seq": 33, **more}
    facts.add("payment", case_id=case, attempt=attempt, amount_fen=amount, **row)


def rechecked(facts: Facts, case: str, rest: int) -> None:
    facts.add("event", case_id=case, seq=30, act="finance", answers=f'{{"rest_fen":{rest},"set_off_fen":0}}')


def test_an_order_of_another_amount_than_finance_has_rechecked(facts: Facts) -> None:
    for case, rest in ((CASE, 101), (OTHER, 100)):
        rechecked(facts, case, rest)
        paid(facts, case)
    assert cases_of(facts, "RF-19", "amount") == [CASE]


def test_money_that_no_entry_of_the_log_has_ordered_or_acknowledged(facts: Facts) -> None:
    paid(facts, CASE, order_seq=None)
    paid(facts, OTHER, settled_seq=None)
    paid(facts, THIRD, status="sent", settled_seq=None)
    assert cases_of(facts, "RF-19", "no_order") == [CASE]
    assert cases_of(facts, "RF-19", "no_receipt") == [OTHER]


def test_aid_credited_twice_and_sent_again_after_a_return(facts: Facts) -> None:
    paid(facts, CASE)
    paid(facts, CASE, attempt=2)
    paid(facts, OTHER, status="returned")
    paid(facts, OTHER, attempt=2)
    paid(facts, THIRD, purpose="advance")
    paid(facts, THIRD, attempt=2)
    assert cases_of(facts, "RF-19", "twice") == [CASE]


def test_a_payee_who_is_on_the_staff(facts: Facts) -> None:
    paid(facts, CASE, holder_is="staff")
    paid(facts, OTHER, holder_is="household")
    assert cases_of(facts, "RF-19", "staff") == [CASE]


def bill(facts: Facts, number: int, case: str | None, **more: Any) -> None:
    row = {"hospital": "县医院", "kind": "inpatient", "inpatient": 1, "person_id": 1, "household_id": 1,
           "total_fen": 1000, "basic_fen": 1, "serious_fen": 0, "settled_on": "2026-03-20",
           "admitted_on": "2026-03-01", "discharged_on": "2026-03-10",
           "serious_settled": 1, **more}  # fmt: skip
    facts.add("claim", claim_id=number, case_id=case, **row)


def test_a_stay_the_insurance_paid_nothing_for(facts: Facts) -> None:
    bill(facts, 1, CASE, basic_fen=0)
    bill(facts, 2, OTHER)
    bill(facts, 3, THIRD, basic_fen=0, kind="outpatient_chronic", inpatient=0)
    assert cases_of(facts, "RF-20", "no_insurance") == [CASE]


def test_treated_while_in_hospital_and_on_the_day_of_discharge(facts: Facts) -> None:
    bill(facts, 1, None)
    bill(facts, 2, CASE, inpatient=0, kind="outpatient_chronic", admitted_on="2026-03-09", discharged_on=None)
    bill(facts, 3, OTHER, inpatient=0, kind="outpatient_chronic", admitted_on="2026-03-10")
    bill(facts, 4, THIRD, inpatient=0, kind="outpatient_chronic", admitted_on="2026-03-09", person_id=2)
    assert cases_of(facts, "RF-20", "during_stay") == [CASE]


@pytest.mark.parametrize(("days", "flagged"), [("01 03 05 07", 4), ("01 03 05 08", 0), ("01 03 05", 0)])
def test_more_than_three_bills_of_a_household_within_a_week(facts: Facts, days: str, flagged: int) -> None:
    for number, day in enumerate(days.split()):
        bill(facts, number, f"{number:032x}", person_id=number, admitted_on=f"2026-03-{day}")
    assert len(facts.flags("RF-20", "many")) == flagged


def decided(facts: Facts, case: str, aid: int, given: int | None = None, **figures: Any) -> None:
    """An approved case with one bill that was worked out with these figures."""
    number = int(case[:2], 16)
    facts.add("cases", case_id=case, flow="ma_ordinary_county", approved_at="2026-04-01 10:00:00",
              approved_seq=20, aid_fen=aid)  # fmt: skip
    facts.add("calc", calc_id=number, case_id=case, seq=15, policy="p", aid_fen=aid, newest=1)
    row = {"pool": "year", "limit_fen": 1000, "merged": 0, "serious_fen": 0, **figures}
    facts.add("calc_bill", calc_id=number, case_id=case, place=1, aid_fen=aid, **row)
    bill(facts, number, case, aid_paid_fen=given)


@pytest.mark.parametrize(("second", "flagged"), [(401, [CASE, OTHER]), (400, [])])
def test_what_a_person_was_given_in_a_year_against_the_limit(
    facts: Facts, second: int, flagged: list[str]
) -> None:
    decided(facts, CASE, 600, given=600)
    decided(facts, OTHER, second)  # approved, and on its way
    assert cases_of(facts, "RF-26", "pool") == flagged


def test_each_pool_and_each_year_has_a_limit_of_its_own(facts: Facts) -> None:
    decided(facts, CASE, 600)
    decided(facts, OTHER, 900, pool="rare_drug")
    decided(facts, THIRD, 900, limit_fen=None)
    assert cases_of(facts, "RF-26", "pool") == [CASE, THIRD]
    assert cases_of(facts, "RF-26", "together") == []


@pytest.mark.parametrize(("outpatient", "flagged"), [(301, [CASE, OTHER]), (300, [])])
def test_outpatient_and_inpatient_together_stay_below_the_inpatient_limit(
    facts: Facts, outpatient: int, flagged: list[str]
) -> None:
    decided(facts, CASE, 700)
    decided(facts, OTHER, outpatient, pool="outpatient", limit_fen=300, merged=1, limit_all_fen=1000)
    assert cases_of(facts, "RF-26", "pool") == []
    assert cases_of(facts, "RF-26", "together") == flagged


def test_approved_while_serious_illness_insurance_is_open(facts: Facts) -> None:
    decided(facts, CASE, 600, warnings=" CAP_CUT SERIOUS_ILLNESS_OPEN ")
    decided(facts, OTHER, 600, warnings=" CAP_CUT ")
    assert cases_of(facts, "RF-27", "open") == [CASE]


def test_a_calculation_before_the_last_one_does_not_count(facts: Facts) -> None:
    decided(facts, CASE, 600)
    facts.add("calc", calc_id=1, case_id=CASE, seq=9, newest=0)
    facts.add("calc_bill", calc_id=1, case_id=CASE, place=1, warnings=" SERIOUS_ILLNESS_OPEN ")
    assert cases_of(facts, "RF-27", "open") == []


def test_paid_although_serious_illness_insurance_is_open(facts: Facts) -> None:
    bill(facts, 1, CASE, serious_settled=0)
    paid(facts, CASE)
    bill(facts, 2, OTHER)
    paid(facts, OTHER)
    bill(facts, 3, THIRD, serious_settled=0)
    paid(facts, THIRD, status="returned")
    assert cases_of(facts, "RF-27", "paid_open") == [CASE]


def test_insurance_that_paid_afterwards_wants_a_new_calculation_or_a_recovery(facts: Facts) -> None:
    for case, computed_with in ((CASE, -1), (OTHER, 0), (THIRD, -1)):
        decided(facts, case, 600, serious_fen=computed_with)
    facts.add("recovery", case_id="f" * 32, original_id=THIRD)
    assert cases_of(facts, "RF-27", "not_again") == [CASE]


def advance(facts: Facts, case: str, township: str = "360829100000", **more: Any) -> None:
    row = {"variant": "c", "hospital": "县医院", "diagnosis": 1, "amount_fen": 100, "paid_fen": 100, **more}
    state = row.pop("decided_state", "APPROVED")
    facts.add("cases", case_id=case, flow="ma_green_channel", township=township, decided_state=state,
              decided_at=row.pop("decided_at", None), last_seq=9)  # fmt: skip
    facts.add("advance", case_id=case, **row)


def test_an_advance_without_a_diagnosis(facts: Facts) -> None:
    advance(facts, CASE, diagnosis=0)
    advance(facts, OTHER, diagnosis=0, amount_fen=None)
    advance(facts, THIRD)
    assert cases_of(facts, "RF-28", "no_diagnosis") == [CASE]


def test_papers_that_never_come_are_high_and_late_ones_are_not(facts: Facts) -> None:
    advance(facts, CASE, papers_due_at="2026-11-20 00:00:00")
    advance(facts, OTHER, papers_due_at="2026-11-20 00:00:00", papers_at="2026-11-20 09:00:00")
    advance(facts, THIRD, papers_due_at="2026-11-20 00:00:00", papers_at="2026-11-19 16:00:00")
    advance(facts, "f" * 32, papers_due_at="2026-11-24 00:00:00")
    found = facts.flags("RF-28", "no_papers")
    assert {(one.case_id and one.case_id.hex, one.severity) for one in found} == {(CASE, "H"), (OTHER, "M")}


@pytest.mark.parametrize(("refused", "flagged"), [("2026-10-23", [CASE]), ("2026-10-26", [])])
def test_an_advance_refused_in_the_end_is_recovered_within_twenty_working_days(
    facts: Facts, refused: str, flagged: list[str]
) -> None:
    advance(facts, CASE, decided_state="REFUSED", decided_at=f"{refused} 10:00:00")
    advance(facts, OTHER, decided_state="REFUSED", decided_at=f"{refused} 10:00:00", recovery_id=THIRD)
    advance(facts, THIRD, decided_at=f"{refused} 10:00:00", final_fen=100)
    assert cases_of(facts, "RF-28", "not_recovered") == flagged


@pytest.mark.parametrize(("advances", "of", "flagged"), [(4, 20, 1), (3, 20, 0), (4, 19, 0)])
def test_a_hospital_and_a_township_with_many_advances(
    facts: Facts, advances: int, of: int, flagged: int
) -> None:
    for number in range(of):
        case = f"{number:032x}"
        if number < advances:
            advance(facts, case)
        else:
            facts.add("cases", case_id=case, flow="ma_ordinary_county", township="360829100000")
            bill(facts, number, case)
    assert len(facts.flags("RF-28", "hospital_share")) == flagged
    assert len(facts.flags("RF-28", "township_share")) == flagged


def test_the_aid_of_a_case_is_the_one_worked_out(facts: Facts) -> None:
    decided(facts, CASE, 600)
    decided(facts, OTHER, 600)
    facts.add("calc", calc_id=999, case_id=CASE, seq=30, aid_fen=599, newest=1)
    found = facts.flags("RF-39", "case")
    assert [(one.case_id and one.case_id.hex, one.evidence["computed_fen"]) for one in found] == [(CASE, 599)]


@pytest.mark.parametrize(
    ("answers", "flagged"),
    [
        ('{"aid_fen":601,"aid_merged_fen":601}', [CASE]),
        ('{"aid_fen":600,"aid_merged_fen":700,"limits_merged":false}', []),
        ('{"aid_fen":500,"aid_merged_fen":600,"limits_merged":true}', []),
        ('{"aid_fen":500,"aid_merged_fen":600,"limits_merged":false}', [CASE]),
    ],
)
def test_the_amount_decided_on_is_the_one_worked_out(facts: Facts, answers: str, flagged: list[str]) -> None:
    decided(facts, CASE, 600)
    facts.add("event", case_id=CASE, seq=15, act="decide", answers=answers)
    assert cases_of(facts, "RF-39", "decision") == flagged


@pytest.mark.parametrize(("other", "flagged"), [(199, [CASE]), (200, []), (None, [])])
def test_the_departments_parts_add_up_to_the_aid(facts: Facts, other: int | None, flagged: list[str]) -> None:
    decided(facts, CASE, 600)
    facts.add("department_part", case_id=CASE, place=0, granted_fen=400)
    facts.add("department_part", case_id=CASE, place=1, granted_fen=other)
    assert cases_of(facts, "RF-39", "parts") == flagged
