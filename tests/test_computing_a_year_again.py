"""A person's year from the register, computed from scratch beside what was paid (domain 2.12, 3.10)."""

import json
from datetime import date
from decimal import Decimal

import pytest
from rule_changes import changed, released
from sqlalchemy import insert, update

from workflow.cases.recomputing import year_again
from workflow.errors import NotFound
from workflow.store import transaction
from workflow.store.models import Category, Claim

PLAN = "plan-2026"
NOBODY_PAID = {"out_of_catalogue": Decimal(0), "basic": Decimal(0), "serious_illness": Decimal(0)}


def again(county, person: int, year: int = 2026):
    with county.house.reader.connect() as conn:
        policy = county.house.rules().policies[PLAN]
        return year_again(county.house, conn, person, year, otherwise=policy)


def correct(county, bill: int, **values) -> None:
    with transaction(county.house.engine) as conn:
        conn.execute(update(Claim).where(Claim.id == bill).values(**values))


def test_a_year_as_it_was_paid_shows_no_difference(case_at, county):
    case = case_at("end")
    year = again(county, case.row.applicant_id)
    assert [(line.id, line.paid, line.difference) for line in year.lines] == [
        (str(case.bills[0].id), Decimal("4875.00"), Decimal(0))
    ]


def test_a_corrected_earlier_bill_moves_the_claims_after_it(case_at, county):
    """An imported first bill has used up 1,000 of the deductible; then the hospital corrects it to 500."""
    person, (bill,) = county.household(category="DB")
    first = county.bill(
        person, total=Decimal(1000), **NOBODY_PAID,
        admitted_on=date(2026, 1, 5), discharged_on=date(2026, 1, 7), settled_on=date(2026, 1, 8),
    )  # fmt: skip
    correct(county, first, aid_paid=Decimal(0))
    case = county.drive(county.staff["vlia1"].files(person, (bill,)), "end", {})
    assert case.row.aid == Decimal("5625.00")  # (1,000 + 8,000 − 1,500) × 75 %
    correct(county, first, total=Decimal(500))
    year = again(county, person)
    told = json.loads(json.dumps(year.as_json(), ensure_ascii=False))
    assert [(line["id"], line["paid"], line["due"], line["difference"]) for line in told["lines"]] == [
        (str(first), "0.00", "0.00", "0.00"),
        (str(bill), "5625.00", "5250.00", "-375.00"),
    ]
    assert (told["paid"], told["due"], told["difference"]) == ("5625.00", "5250.00", "-375.00")
    assert (told["overpaid"], told["owed"]) == ("375.00", "0.00")
    assert told["lines"][1]["sheet"]["policy"] == PLAN and told["lines"][1]["settled"] == "2026-02-10"


def test_what_a_category_held_later_would_give_is_told_as_owed(case_at, county):
    case = case_at("end", category="DBBY")
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(Category),
            {"person_id": case.row.applicant_id, "code": "TK", "source_department": "民政局",
             "valid_from": date(2026, 1, 1)},
        )  # fmt: skip
    year = again(county, case.row.applicant_id)
    assert year.owed == Decimal("7200.00") - Decimal("3250.00") and year.overpaid == 0
    assert year.lines[0].result.category == "TK"


def test_each_claim_is_judged_by_the_rules_of_its_own_case(case_at, county):
    case = case_at("end")
    rate = (f"policies/{PLAN}/tariff.dmn", b"<text>0.75</text>", b"<text>0.50</text>")
    version = (f"policies/{PLAN}/policy.toml", b'version = "2026.1"', b'version = "2026.2"')
    released(county, changed(county, rate, version))
    year = again(county, case.row.applicant_id)
    assert year.difference == 0


def test_a_refusal_because_nothing_came_out_still_counts_with_its_self_pay(case_at, county, approver):
    case = case_at("decide", total=Decimal(1400), **NOBODY_PAID)
    approver.decides(case, decision="refuse", refusal_reason="R02")
    county.drive(case, "end", {})
    (line,) = again(county, case.row.applicant_id).lines
    assert (line.paid, line.difference, line.result.self_pay) == (0, 0, Decimal("1400.00"))


def test_other_years_and_open_cases_stay_out(case_at, county):
    case = case_at("decide")
    assert again(county, case.row.applicant_id).lines == ()
    assert again(county, case.row.applicant_id, 2025).lines == ()
    with pytest.raises(NotFound):
        again(county, 999_999)
