"""A bill of an earlier month was wrong: the whole year is computed again and compared with what was paid."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.amounts import (
    Bill,
    ClaimRefused,
    Earlier,
    SettledClaim,
    compute,
    corrected,
    read_folder,
    recompute_year,
)
from workflow.amounts.vocabulary import DATA

PLAN = read_folder(DATA / "policies" / "plan-2026")
BIRTH = date(1960, 5, 4)
NEW_YEAR = datetime(2026, 1, 5, 2, tzinfo=UTC)
ZERO = Decimal(0)


def a_bill(total: Decimal | str, settled: date) -> Bill:
    return Bill(Decimal(total), ZERO, ZERO, ZERO, ZERO, ZERO, "inpatient", date(2026, 1, 2), settled)


def a_claim(
    number: int,
    total: Decimal | str,
    *,
    days: int = 0,
    minutes: int = 0,
    category: str = "DB",
    paid: str = "0",
) -> SettledClaim:
    at = NEW_YEAR + timedelta(days=days, minutes=minutes)
    return SettledClaim(str(number), a_bill(total, at.date()), (category,), at, Decimal(paid))


def as_settled(claims: list[SettledClaim]) -> list[Decimal]:
    """What the office would pay, one claim after the other as they come."""
    history: list[Earlier] = []
    amounts = []
    for claim in claims:
        result = compute(PLAN, claim.bill, claim.categories, BIRTH, history)
        history.append(Earlier(result.self_pay, result.aid, claim.bill.kind))
        amounts.append(result.aid)
    return amounts


def test_a_correction_shows_what_is_owed_and_what_was_overpaid():
    """The first bill was 3,000 too high: it had used up the deductible, so the second is affected too."""
    claims = [
        a_claim(1, "4000.00", days=1, paid="1875.00"),
        a_claim(2, "2000.00", days=9, paid="1500.00"),
    ]
    year = recompute_year(PLAN, corrected(claims, "1", a_bill("1000.00", date(2026, 1, 6))), BIRTH)
    assert [(each.id, each.result.aid, each.difference) for each in year.lines] == [
        ("1", Decimal("0.00"), Decimal("-1875.00")),
        ("2", Decimal("1125.00"), Decimal("-375.00")),
    ]
    assert (year.due, year.paid, year.difference) == (
        Decimal("1125.00"),
        Decimal("3375.00"),
        Decimal("-2250.00"),
    )


def test_two_claims_on_one_day_follow_each_other_by_the_time_of_settlement():
    late, soon = a_claim(1, "1500.00", minutes=90), a_claim(2, "2000.00", minutes=5)
    year = recompute_year(PLAN, [late, soon], BIRTH)
    assert [(each.id, each.result.aid) for each in year.lines] == [
        ("2", Decimal("375.00")),
        ("1", Decimal("1125.00")),
    ]


def test_a_category_change_within_the_year():
    """E12: the margin household's first bill gives nothing but uses up the later allowance's deductible."""
    year = recompute_year(
        PLAN, [a_claim(1, "2000.00", category="DBBY"), a_claim(2, "4000.00", days=30)], BIRTH
    )
    assert [each.result.aid for each in year.lines] == [Decimal("0.00"), Decimal("3000.00")]


def test_reading_income_and_open_insurance_are_passed_on():
    claim = SettledClaim("1", a_bill("36000", date(2026, 1, 5)), ("YBZP",), NEW_YEAR, ZERO, False)
    (line,) = recompute_year(PLAN, [claim], BIRTH, income=Decimal(60000), reading="R2").lines
    assert (line.result.aid, line.result.warnings) == (Decimal("15000.00"), ("SERIOUS_ILLNESS_OPEN",))


def test_claims_of_two_years_are_not_one_year():
    with pytest.raises(ClaimRefused, match="one calendar year"):
        recompute_year(PLAN, [a_claim(1, "1"), a_claim(2, "1", days=400)], BIRTH)


def test_a_year_without_claims_is_empty():
    assert recompute_year(PLAN, [], BIRTH).due == 0


def test_only_a_known_claim_can_be_corrected():
    with pytest.raises(ClaimRefused, match="no claim 9"):
        corrected([a_claim(1, "1")], "9", a_bill("2", date(2026, 1, 5)))


cents = st.integers(0, 12_000_000).map(lambda each: Decimal(each) / 100)
totals = st.lists(cents, min_size=1, max_size=6)
categories = st.sampled_from(["TK", "DB", "DBBY", "YBZP"])


@given(totals, cents, st.integers(0, 5), categories)
def test_a_correction_gives_what_computing_from_scratch_gives(amounts, right, which, category):
    which %= len(amounts)
    wrong = [a_claim(number, total, days=number, category=category) for number, total in enumerate(amounts)]
    paid = [
        SettledClaim(claim.id, claim.bill, claim.categories, claim.settled_at, amount)
        for claim, amount in zip(wrong, as_settled(wrong), strict=True)
    ]
    fixed = corrected(paid, str(which), a_bill(right, wrong[which].bill.settled))
    year = recompute_year(PLAN, fixed, BIRTH)
    scratch = as_settled(list(fixed))
    assert [each.result.aid for each in year.lines] == scratch
    assert year.due == sum(scratch)
    assert year.paid + year.difference == year.due
    assert all(each.difference == 0 for each in year.lines[:which])  # nothing before the correction moves


@given(totals, st.randoms(use_true_random=False), categories)
def test_the_order_of_claims_moves_the_yearly_sum_by_no_more_than_the_rounding(amounts, chance, category):
    shuffled = list(amounts)
    chance.shuffle(shuffled)
    sums = []
    for order in (amounts, shuffled):
        claims = [
            a_claim(number, total, days=number, category=category) for number, total in enumerate(order)
        ]
        sums.append(recompute_year(PLAN, claims, BIRTH).due)
    assert abs(sums[0] - sums[1]) <= Decimal("0.01") * len(amounts)


@given(totals, categories)
def test_many_bills_give_what_one_bill_would(amounts, category):
    """Step 3 makes the deductible and the bands yearly: splitting a bill gains nothing but rounding."""
    claims = [a_claim(number, total, days=number, category=category) for number, total in enumerate(amounts)]
    whole = recompute_year(PLAN, [a_claim(1, sum(amounts, ZERO), category=category)], BIRTH).due
    assert abs(recompute_year(PLAN, claims, BIRTH).due - whole) <= Decimal("0.01") * (len(amounts) + 1)


def test_the_sheet_of_a_year_shows_each_difference_with_its_sign():
    claims = [a_claim(1, "5000", days=1), a_claim(2, "3000", days=2)]
    paid = [
        SettledClaim(each.id, each.bill, each.categories, each.settled_at, amount)
        for each, amount in zip(claims, (Decimal("2000.00"), Decimal("3000.00")), strict=True)
    ]
    told = recompute_year(PLAN, paid, BIRTH).as_json()
    assert [(line["due"], line["difference"]) for line in told["lines"]] == [  # type: ignore[union-attr]
        ("2625.00", "+625.00"), ("2250.00", "-750.00"),
    ]  # fmt: skip
    assert (told["difference"], told["overpaid"], told["owed"]) == ("-125.00", "750.00", "625.00")


def test_a_claim_may_have_been_judged_by_another_set_within_the_year():
    """What another programme paid concerns no pool of this one, and is shown beside it."""
    fugu = read_folder(DATA / "policies" / "fugu-temporary")
    plan_claim = a_claim(1, "5000", days=1)
    grant = SettledClaim(
        "grant", Bill(Decimal(900), *[Decimal(0)] * 5, kind="living", admitted=date(2026, 1, 4),
        settled=date(2026, 1, 4)), ("DB",), plan_claim.settled_at, Decimal(900), policy=fugu,
    )  # fmt: skip
    year = recompute_year(PLAN, [grant, plan_claim], BIRTH)
    assert [(line.id, line.result.sheet["policy"], line.result.aid) for line in year.lines] == [
        ("grant", "fugu-temporary", Decimal("700.00")), (plan_claim.id, "plan-2026", Decimal("2625.00")),
    ]  # fmt: skip
