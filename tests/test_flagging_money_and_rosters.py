"""Red flags of money and rosters, each with a case that raises it and one just on the other side."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from facts_by_hand import CASE, OTHER, Facts
from flagged import flagged, severities, working_day
from small_county import CaseFile, SmallCounty
from sqlalchemy import insert

from workflow.store import transaction
from workflow.store.models import Category, Claim, Payment, Person

ONE = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
"""The rules are asked of the facts, which are SQLite on either database; test_building_the_facts has both."""
CaseAt = Callable[..., CaseFile]
CENT = Decimal("0.01")
ADMITTED = date(2026, 1, 20)


def gives(county: SmallCounty, person: int, code: str, since: date, **more: Any) -> None:
    """Civil affairs enter a category in the register; without `recorded_at` as before it was kept."""
    row = {"person_id": person, "code": code, "source_department": "民政局", "valid_from": since, **more}
    with transaction(county.house.engine) as conn:
        conn.execute(insert(Category), row)


@ONE
@pytest.mark.parametrize(
    ("days", "bill", "found"),
    [
        (31, {}, ["H"]),
        (30, {}, []),
        (31, {"basic": Decimal(26500)}, []),  # self-pay is the deductible
        (31, {"basic": Decimal("26499.99")}, ["H"]),
        (31, {"serious_illness_settled": False}, []),
    ],
)
def test_a_bill_of_somebody_on_a_roster_that_nobody_took_up(
    county: SmallCounty, days: int, bill: dict[str, Any], found: list[str]
) -> None:
    county.household(settled_on=county.today, **bill)
    county.clock.to(working_day(county, county.today, days))
    assert severities(county, "RF-05", "left_out") == found


@ONE
def test_a_bill_that_a_case_takes_up_is_not_left_out(county: SmallCounty) -> None:
    person, bills = county.household(settled_on=county.today)
    county.staff["twin1"].files(person, bills)
    county.clock.to(working_day(county, county.today, 31))
    assert flagged(county, "RF-05") == []


@ONE
@pytest.mark.parametrize(("short", "flags"), [(CENT, 0), (2 * CENT, 1)])
def test_less_money_than_was_computed(
    county: SmallCounty, case_at: CaseAt, short: Decimal, flags: int
) -> None:
    case = case_at("archive_case")
    assert flagged(county, "RF-05") == []
    county.correct(Payment, Payment.case_id == case.id, amount=case.row.aid - short)
    assert [one.evidence["short_fen"] for one in flagged(county, "RF-05", "underpaid")] == [2] * flags


@ONE
@pytest.mark.parametrize(("above", "flags"), [(CENT, 0), (2 * CENT, 1)])
def test_aid_above_the_self_pay_of_a_bill(
    county: SmallCounty, case_at: CaseAt, above: Decimal, flags: int
) -> None:
    case = case_at("archive_case")
    assert flagged(county, "RF-13") == []
    [bill] = case.bills
    more = Decimal(8000) - case.row.aid + above
    county.correct(Claim, Claim.id == bill.id, basic=bill.basic + more)
    assert [one.evidence["excess_fen"] for one in flagged(county, "RF-13")] == [2] * flags


@ONE
def test_one_invoice_aided_twice_counts_together(county: SmallCounty, case_at: CaseAt) -> None:
    case = case_at("archive_case")
    [bill] = case.bills
    twin = county.bill(
        county.household()[0], invoice_number=bill.invoice_number, settled_on=date(2026, 2, 11)
    )
    assert flagged(county, "RF-13") == []
    county.correct(Claim, Claim.id == twin, aid_paid=bill.aid_paid)
    assert [one.evidence["number_of"] for one in flagged(county, "RF-13")] == [2]


@ONE
def test_a_kind_of_bill_the_plan_does_not_list(county: SmallCounty, case_at: CaseAt) -> None:
    case = case_at("archive_case")
    assert flagged(county, "RF-14") == []
    county.correct(Claim, Claim.case_id == case.id.hex, kind="spectacles")
    assert severities(county, "RF-14", "kind") == ["H"]


@ONE
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("购买生活用品和陪护费一并计入。", ["H"]),
        ("单据中不含生活用品、交通费等非医疗支出。", []),
    ],
)
def test_an_office_that_writes_of_daily_goods_and_approves(
    county: SmallCounty, case_at: CaseAt, words: str, found: list[str]
) -> None:
    text = f"经审核，该户符合条件，自付费用负担重，{words}"
    case = case_at("sign_decision", {"give_opinion": {"opinion_text": text}})
    assert flagged(county, "RF-14") == []  # nothing is approved yet
    county.drive(case, "deliver_letter", {})
    assert severities(county, "RF-14", "words") == found


def test_an_applicant_who_tells_of_travel_is_a_lesser_hint(county: SmallCounty) -> None:
    person, bills = county.household()
    reason = "患病住院治疗，家里收入低，借款交医疗费，往返交通费也花了不少，请求给予医疗救助。"
    case = county.staff["twin1"].files(person, bills, main_reason=reason)
    county.drive(case, "deliver_letter", {})
    assert severities(county, "RF-14") == ["M"]


def grant(county: SmallCounty, person: int, kind: str, asked: str) -> CaseFile:
    answers = {"grant_kind": kind, "requested": asked, "persons": 1}
    case = county.staff["vlia1"].asks("ta_temporary", person, policy="fugu-temporary", **answers)
    plan = {
        "deliver_village_files": {"copies": 2, "passbook_copies": 3},
        "approve_temporary": {"temporary_approval": "approve"},
    }
    return county.drive(case, "archive_case", plan)


@ONE
@pytest.mark.parametrize(("asked", "flags"), [("20.00", 0), ("20.01", 1)])
def test_cash_to_a_homeless_person(county: SmallCounty, asked: str, flags: int) -> None:
    person, _ = county.household(category="LLRY")
    grant(county, person, "other", asked)
    assert len(flagged(county, "RF-14", "homeless")) == flags


@ONE
@pytest.mark.parametrize(("paid", "flags"), [("1000.00", 0), ("999.99", 1), ("3000.00", 0), ("3000.01", 1)])
def test_an_education_grant_outside_the_standard(county: SmallCounty, paid: str, flags: int) -> None:
    case = grant(county, county.household()[0], "education", "2000.00")
    county.correct(Payment, Payment.case_id == case.id, amount=Decimal(paid))
    assert len(flagged(county, "RF-14", "education")) == flags


@ONE
@pytest.mark.parametrize(("days", "found"), [(30, []), (31, ["H"])])
def test_a_category_that_outlives_its_holder(county: SmallCounty, days: int, found: list[str]) -> None:
    person, _ = county.household()
    county.correct(Person, Person.id == person, died_on=county.today - timedelta(days=days))
    assert severities(county, "RF-16", "roster") == found
    county.correct(Category, Category.person_id == person, valid_to=county.today - timedelta(days=1))
    assert flagged(county, "RF-16") == []


@ONE
@pytest.mark.parametrize(("before", "flags"), [(0, 0), (1, 1)])
def test_aid_for_an_admission_after_death(
    county: SmallCounty, case_at: CaseAt, before: int, flags: int
) -> None:
    case = case_at("archive_case")
    died = ADMITTED - timedelta(days=before)
    county.correct(Person, Person.id == case.row.applicant_id, died_on=died)
    assert len(flagged(county, "RF-16", "paid")) == flags


@ONE
@pytest.mark.parametrize(("after", "flags"), [(0, 0), (1, 1)])
def test_aid_without_a_category_on_the_day_of_admission(
    county: SmallCounty, case_at: CaseAt, after: int, flags: int
) -> None:
    case = case_at("archive_case")
    since = ADMITTED + timedelta(days=after)
    county.correct(Category, Category.person_id == case.row.applicant_id, valid_from=since)
    assert len(flagged(county, "RF-17", "not_valid")) == flags


@ONE
@pytest.mark.parametrize(("back", "flags"), [(30, 0), (31, 1)])
def test_a_category_entered_during_the_case_and_dated_back(
    county: SmallCounty, back: int, flags: int
) -> None:
    stay = {
        "admitted_on": date(2026, 2, 24),
        "discharged_on": date(2026, 2, 25),
        "settled_on": date(2026, 2, 26),
    }
    person, bills = county.household(category=None, **stay)
    case = county.staff["twin1"].files(person, bills)
    county.drive(case, "examine_file", {})
    known = case.calculations[-1].at.date()
    gives(county, person, "DB", known - timedelta(days=back))
    county.drive(case, "recheck_payment", {})
    found = flagged(county, "RF-17", "entered")
    assert [one.evidence["back_dated"] for one in found] == [31] * flags


@ONE
@pytest.mark.parametrize(("back", "flags"), [(30, 0), (31, 1)])
def test_a_category_that_came_into_the_register_long_after_it_began(
    county: SmallCounty, case_at: CaseAt, back: int, flags: int
) -> None:
    case_at("archive_case")  # the county has begun
    yesterday = county.today - timedelta(days=1)
    stay = dict.fromkeys(("admitted_on", "discharged_on", "settled_on"), yesterday)
    person, bills = county.household(category=None, **stay)
    gives(county, person, "DB", county.today - timedelta(days=back), recorded_at=county.clock.at)
    case = county.staff["twin1"].files(person, bills)
    unknown, _ = county.household(category=None)
    gives(county, unknown, "DB", county.today - timedelta(days=back))
    assert [one.case_id for one in flagged(county, "RF-17", "back_dated")] == [None] * flags
    county.drive(case, "recheck_payment", {})
    found = flagged(county, "RF-17", "back_dated")
    assert [one.case_id for one in found] == [case.id] * flags
    assert [one.evidence["dated_back"] for one in found] == [31] * flags


@ONE
@pytest.mark.parametrize(
    ("earlier", "flags"), [({"valid_from": date(2025, 1, 1)}, 0), ({"valid_from": date(2026, 3, 1)}, 1)]
)
def test_a_renewal_or_the_first_loading_of_a_roster_is_no_back_dating(
    county: SmallCounty, case_at: CaseAt, earlier: dict[str, date], flags: int
) -> None:
    person, _ = county.household(category=None)
    before = county.clock.at - timedelta(days=1)
    gives(county, person, "DB", earlier["valid_from"], recorded_at=before)  # nobody has applied yet
    case_at("archive_case")
    gives(county, person, "DB", date(2026, 2, 1), recorded_at=county.clock.at + timedelta(days=60))
    assert len(flagged(county, "RF-17", "back_dated")) == flags


@pytest.mark.parametrize(("recorded", "flags"), [("08", 1), ("07", 0), ("11", 0)])
def test_a_category_that_came_into_the_register_just_before_the_approval(
    tmp_path: Path, recorded: str, flags: int
) -> None:
    facts = Facts(tmp_path)
    facts.add("cases", case_id=OTHER, opened_at="2026-01-05 09:00:00")
    facts.add(
        "cases", case_id=CASE, applicant_id=1, opened_at="2026-08-31 09:00:00",
        approved_at="2026-09-10 10:00:00", approved_seq=9,
    )  # fmt: skip
    at = f"2026-09-{recorded} 15:00:00"
    facts.add("category", category_id=1, person_id=1, code="DB", valid_from_on="2026-08-20", recorded_at=at)
    facts.add(
        "claim", claim_id=1, case_id=CASE, person_id=1, admitted_on="2026-08-21", settled_on="2026-08-29"
    )
    facts.add("calc", calc_id=1, case_id=CASE, seq=7, at="2026-09-09 09:00:00", aid_fen=5000, newest=1)
    facts.add("calc_bill", calc_id=1, case_id=CASE, place=1, aid_fen=5000, category="DB")
    assert len(facts.flags("RF-17", "fresh")) == flags
    assert facts.flags("RF-17", "back_dated") == []


@pytest.mark.parametrize(("calculated", "flags"), [("08", 1), ("07", 0)])
def test_a_category_entered_just_before_the_approval(tmp_path: Path, calculated: str, flags: int) -> None:
    """By hand: with the posting of the plan no approval follows a calculation so soon."""
    facts = Facts(tmp_path)
    facts.add("cases", case_id=CASE, applicant_id=1, approved_at="2026-09-10 10:00:00", approved_seq=9)
    facts.add("category", category_id=1, person_id=1, code="DB", valid_from_on="2026-09-01")
    for number, (day, category, aid) in enumerate(((calculated, None, 0), ("10", "DB", 5000)), start=1):
        at, newest = f"2026-09-{day} 09:00:00", int(number == 2)
        facts.add("calc", calc_id=number, case_id=CASE, seq=number, at=at, aid_fen=aid, newest=newest)
        facts.add("calc_bill", calc_id=number, case_id=CASE, place=1, aid_fen=aid, category=category)
    assert len(facts.flags("RF-17", "entered")) == flags
