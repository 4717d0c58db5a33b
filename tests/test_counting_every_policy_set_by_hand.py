"""Every packaged policy set against a calculation by hand, and what must hold for all of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from counting_by_hand import Hand, year, yearly
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.amounts import (
    Bill,
    Earlier,
    Policy,
    Result,
    SettledClaim,
    compute,
    corrected,
    packaged,
    read_folder,
    recompute_year,
)
from workflow.amounts.vocabulary import DATA

SETS = {name: read_folder(DATA / "policies" / name) for name in packaged()}
SILENT = ("xinjin", "qiannan-chronic")  # no rate is printed anywhere
STATED = tuple(name for name in SETS if name not in SILENT)
FIRST_DAY = date(2026, 1, 10)
BORN = {age: date(2026 - age, 1, 1) for age in (9, 14, 15, 60)}  # ages on every day of 2026


def yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100


def fen(amount: Decimal) -> int:
    return int(amount * 100)


def bill(claim: Hand, day: date) -> Bill:
    parts = {symbol: yuan(getattr(claim, symbol)) for symbol in "TOBSMR"}
    return Bill(**parts, kind=claim.kind, admitted=day, settled=day)


def computed(policy: Policy, categories: tuple[str, ...], claims: list[Hand], age: int, reading: str | None):
    """The year's results, each claim with the ones before it."""
    before: list[Earlier] = []
    results: list[Result] = []
    for number, claim in enumerate(claims):
        paper = bill(claim, FIRST_DAY + timedelta(days=number))
        result = compute(
            policy, paper, categories, BORN[age], before,
            reading=reading, merged=claim.merged, persons=claim.persons,
        )  # fmt: skip
        results.append(result)
        before.append(Earlier(result.self_pay, result.aid, claim.kind, paper))
    return results


# Sums of every size, with the borders of the tariffs among them.
borders = st.sampled_from(
    [0, 1, 50_000, 75_000, 100_000, 150_000, 150_001, 150_002, 300_000, 600_000, 1_000_000, 1_600_002,
     2_000_000, 2_000_001, 3_600_001, 6_500_000, 20_000_000]
)  # fmt: skip
sums = st.one_of(borders, st.integers(0, 400_000), st.integers(0, 60_000_000))
paid = st.one_of(st.just(0), st.integers(0, 2_000_000))


def hands(policy: Policy) -> st.SearchStrategy[Hand]:
    return st.builds(
        Hand, kind=st.sampled_from(sorted(policy.kinds)), T=sums, O=paid, B=paid, S=paid, M=paid, R=paid,
        merged=st.booleans(), persons=st.integers(1, 6),
    )  # fmt: skip


@st.composite
def years(draw: st.DrawFn, name: str) -> tuple[tuple[str, ...], list[Hand], int, str]:
    """Somebody's year under one set: categories, claims, age, reading."""
    policy = SETS[name]
    categories = draw(
        st.lists(st.sampled_from(sorted(policy.categories)), min_size=1, max_size=2, unique=True)
    )
    claims = draw(st.lists(hands(policy), min_size=1, max_size=5))
    reading = draw(st.sampled_from(sorted(policy.readings))) if policy.readings else "R1"
    return tuple(categories), claims, draw(st.sampled_from(sorted(BORN))), reading


def for_every_set(names: tuple[str, ...], examples: int = 30) -> Callable[[Callable[..., None]], object]:
    """Run a property for each of these sets by itself."""

    def wrap(check: Callable[..., None]) -> object:
        def run(name: str) -> None:
            settings(deadline=None, max_examples=examples)(
                given(years(name))(lambda drawn: check(name, drawn))
            )()

        run.__name__, run.__doc__ = check.__name__, check.__doc__
        return pytest.mark.parametrize("name", names)(run)

    return wrap


LADDER = (1, 99, 50_000, 100_001, 175_000, 2_000_001, 3_600_001, 7_000_000, 30_000_000, 90_000_000)


@pytest.mark.parametrize("name", STATED)
def test_every_category_kind_and_age_on_a_ladder_of_bills(name):
    """Each rung beyond all deductibles, bands and limits is met by somebody."""
    policy = SETS[name]
    for category in sorted(policy.categories):
        for kind in policy.kinds:
            for age in BORN:
                for reading in sorted(policy.readings) or [None]:
                    for total in LADDER:
                        claim = Hand(kind, total, B=total // 7)
                        (result,) = computed(policy, (category,), [claim], age, reading)
                        expected = year(name, (category,), [claim], age, reading or "R1")
                        assert [fen(result.aid)] == expected, (category, kind, age, total)


@for_every_set(STATED, 50)
def test_every_year_comes_out_as_counted_by_hand(name, drawn):
    categories, claims, age, reading = drawn
    policy = SETS[name]
    results = computed(policy, categories, claims, age, reading if policy.readings else None)
    assert [fen(result.aid) for result in results] == year(name, categories, claims, age, reading)


@for_every_set(STATED)
def test_a_larger_bill_never_gives_less(name, drawn):
    categories, claims, age, reading = drawn
    policy = SETS[name]
    said = reading if policy.readings else None
    larger = [*claims[:-1], replace(claims[-1], T=claims[-1].T + 12_345)]
    less, more = (computed(policy, categories, each, age, said)[-1] for each in (claims, larger))
    assert less.aid <= more.aid


@for_every_set(STATED)
def test_no_year_goes_above_its_limits_and_no_claim_above_what_is_left_to_pay(name, drawn):
    categories, claims, age, reading = drawn
    policy = SETS[name]
    results = computed(policy, categories, claims, age, reading if policy.readings else None)
    for claim, result in zip(claims, results, strict=True):
        assert 0 <= fen(result.aid) <= claim.without("BSMR")
        assert result.aid > 0 or result.warnings  # a zero always has its reason
    for claim in claims:
        for kinds, _ in yearly(name, "", claim, age <= 14):
            # whichever category paid: never more than the highest limit any of them has
            most = max(
                limit
                for category in categories
                for each, limit in yearly(name, category, claim, age <= 14)
                if each == kinds
            )
            drawn_on = sum(
                fen(result.aid) for each, result in zip(claims, results, strict=True)
                if each.kind in kinds and not (each.merged and kinds == (claim.kind,))
            )  # fmt: skip
            assert drawn_on <= most * 100


@for_every_set(STATED)
def test_the_order_of_a_year_s_claims_moves_the_sum_by_no_more_than_the_rounding(name, drawn):
    categories, claims, age, reading = drawn
    policy = SETS[name]
    said = reading if policy.readings else None
    # one category, one kind, whole bills: else a limit or a grant's bounds bite one claim and not the other
    alike = [Hand(claims[0].kind, each.T, merged=claims[0].merged) for each in claims]
    if any(rule.most or rule.least for rule in policy.rules if claims[0].kind in rule.kinds):
        alike = [replace(each, T=claims[0].T) for each in alike]
    there = computed(policy, categories[:1], alike, age, said)
    back = computed(policy, categories[:1], alike[::-1], age, said)
    difference = sum(result.aid for result in there) - sum(result.aid for result in back)
    assert abs(difference) <= Decimal("0.01") * len(alike)


@for_every_set(STATED)
def test_a_corrected_bill_gives_the_year_as_computed_from_scratch(name, drawn):
    categories, claims, age, reading = drawn
    policy = SETS[name]
    said = reading if policy.readings else None
    wrong = computed(policy, categories, claims, age, said)
    settled = [
        SettledClaim(
            id=str(number), bill=bill(claim, FIRST_DAY + timedelta(days=number)), categories=categories,
            settled_at=datetime(2026, 1, 10) + timedelta(days=number), paid=result.aid,
            merged=claim.merged, persons=claim.persons,
        )
        for number, (claim, result) in enumerate(zip(claims, wrong, strict=True))
    ]  # fmt: skip
    right = replace(claims[0], T=claims[-1].T, O=0)
    mended = corrected(settled, "0", bill(right, FIRST_DAY))
    again = recompute_year(policy, mended, BORN[age], reading=said)
    by_hand = year(name, categories, [right, *claims[1:]], age, reading)
    assert [fen(line.result.aid) for line in again.lines] == by_hand
    assert [line.difference for line in again.lines] == [
        yuan(due) - result.aid for due, result in zip(by_hand, wrong, strict=True)
    ]


@for_every_set(SILENT, 20)
def test_where_no_rate_is_printed_a_person_decides(name, drawn):
    categories, claims, age, _ = drawn
    for result in computed(SETS[name], categories, claims, age, None):
        assert result.aid == 0 and "NO_RULE" in result.warnings
        assert result.needs_a_person and not result.may_be_paid
