"""Working out the amount of aid: the worked examples of domain 3.10 and what must hold for all claims."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, getcontext, localcontext
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.amounts import (
    WARNINGS,
    Bill,
    ClaimRefused,
    Earlier,
    Policy,
    Result,
    compute,
    in_words,
    money,
    read_folder,
)
from workflow.amounts.figures import figure
from workflow.amounts.model import EVERY_AGE, PoolLimit
from workflow.amounts.vocabulary import DATA

PLAN = read_folder(DATA / "policies" / "plan-2026")
GENERAL = ("inpatient", "outpatient_chronic", "day_surgery", "home_bed")
ADMITTED, SETTLED, BIRTH = date(2026, 3, 1), date(2026, 3, 20), date(1960, 5, 4)


def bill(total: str, kind: str = "inpatient", **parts: str) -> Bill:
    """A bill; what is not named is zero, so the total is the self-pay."""
    amounts = {symbol: Decimal(parts.pop(symbol, "0")) for symbol in "OBSMR"}
    return Bill(T=Decimal(total), **amounts, kind=kind, admitted=ADMITTED, settled=SETTLED)


def earlier(self_pay: str, paid: str = "0", kind: str = "inpatient") -> Earlier:
    return Earlier(Decimal(self_pay), Decimal(paid), kind)


def aid(
    categories: str,
    self_pay: str,
    *before: Earlier,
    kind: str = "inpatient",
    reading: str | None = None,
    policy: Policy = PLAN,
) -> Result:
    return compute(policy, bill(self_pay, kind), categories.split("+"), BIRTH, before, reading=reading)


# The rows of domain 3.10. Each: number, categories, self-pay, earlier claims, aid, words, warnings.
EXAMPLES = [
    ("E01", "TK", "12345.67", [], "11111.10", "壹万壹仟壹佰壹拾壹元壹角", ()),
    ("E02a", "DB", "1500.00", [], "0.00", "零元整", ("BELOW_DEDUCTIBLE",)),
    ("E02b", "DB", "1500.01", [], "0.01", "壹分", ()),
    ("E02c", "DB", "1500.02", [], "0.02", "贰分", ()),
    ("E03a", "DB", "1000.00", [], "0.00", "零元整", ("BELOW_DEDUCTIBLE",)),
    ("E03b", "DB", "5000.00", [earlier("1000.00")], "3375.00", "叁仟叁佰柒拾伍元整", ()),
    ("E05", "DBBY", "28888.88", [], "16827.77", "壹万陆仟捌佰贰拾柒元柒角柒分", ()),
    ("E07", "TK", "5000.00", [earlier("0", "149000.00")], "1000.00", "壹仟元整", ("CAP_CUT",)),
    ("E08", "DB", "50000.00", [earlier("210000", "150000")], "0.00", "零元整", ("CAP_EXHAUSTED",)),
    ("E10", "DBBY+YBZP", "200000.00", [], "128050.00", "壹拾贰万捌仟零伍拾元整", ()),
    ("E11", "DBBY+YBZP", "2500.00", [], "0.00", "零元整", ("BELOW_DEDUCTIBLE",)),
    ("E12", "DB", "4000.00", [earlier("2000.00", "0.00")], "3000.00", "叁仟元整", ()),
]


@pytest.mark.parametrize(
    ("categories", "self_pay", "before", "expected", "words", "warnings"),
    [row[1:] for row in EXAMPLES],
    ids=[row[0] for row in EXAMPLES],
)
def test_the_worked_examples(categories, self_pay, before, expected, words, warnings):
    result = aid(categories, self_pay, *before)
    assert money(result.aid) == expected
    assert result.in_words == f"人民币{words}"
    assert result.warnings == warnings


def test_e04_the_whole_chain_from_the_bill():
    result = compute(PLAN, bill("80000.00", O="12345.60", B="41000.00", S="6500.40"), ["DB"], BIRTH, [])
    assert (money(result.aid), result.in_words) == ("13990.50", "人民币壹万叁仟玖佰玖拾元伍角")
    assert result.self_pay == Decimal("20154.00")


# E06: self-pay, then the aid under R1 (in capitals too), R2 and R3, and what R1 warns of.
TIERS = [
    ("E06a", "6000.00", "0.00", "零元整", "0.00", "0.00", ("BELOW_DEDUCTIBLE",)),
    ("E06b", "16000.00", "0.00", "零元整", "5000.00", "3000.00", ("BAND_UNDEFINED",)),
    ("E06c", "16000.02", "0.01", "壹分", "5000.01", "3000.01", ()),
    ("E06d", "36000.00", "10000.00", "壹万元整", "15000.00", "13600.00", ()),
    ("E06e", "36000.01", "10000.01", "壹万元零壹分", "15000.01", "13600.01", ()),
    ("E06f", "86000.00", "40000.00", "肆万元整", "45000.00", "43600.00", ()),
]


@pytest.mark.parametrize(
    ("self_pay", "r1", "words", "r2", "r3", "warnings"),
    [row[1:] for row in TIERS],
    ids=[row[0] for row in TIERS],
)
def test_the_tiers_of_ybzp_under_each_reading(self_pay, r1, words, r2, r3, warnings):
    chosen = aid("YBZP", self_pay)
    assert (money(chosen.aid), chosen.in_words, chosen.warnings) == (r1, f"人民币{words}", warnings)
    assert chosen.sheet["reading"] == "R1"
    assert money(aid("YBZP", self_pay, reading="R1").aid) == r1
    assert money(aid("YBZP", self_pay, reading="R2").aid) == r2
    assert money(aid("YBZP", self_pay, reading="R3").aid) == r3


def test_e09_rare_disease_drugs_have_a_pool_of_their_own():
    first = aid("DB", "380000.00", kind="rare_drug")
    assert (money(first.aid), first.in_words) == ("266000.00", "人民币贰拾陆万陆仟元整")
    over = aid("DB", "500000.00", kind="rare_drug")
    assert (money(over.aid), over.warnings) == ("300000.00", ("CAP_CUT",))
    assert over.in_words == "人民币叁拾万元整"
    drug = earlier("380000.00", "266000.00", kind="rare_drug")
    second = aid("DB", "60000.00", drug, kind="rare_drug")
    assert (money(second.aid), second.in_words) == ("34000.00", "人民币叁万肆仟元整")
    ordinary = aid("DB", "10000.00", drug)
    assert (money(ordinary.aid), ordinary.in_words) == ("6375.00", "人民币陆仟叁佰柒拾伍元整")


def test_e10_the_highest_ratio_is_not_always_the_largest_amount():
    """YBZP reaches 60 %, yet the category with 65 % above a smaller deductible pays more; both are shown."""
    result = aid("YBZP+DBBY", "200000.00")
    assert result.category == "DBBY"
    assert {each.category: money(each.aid) for each in result.alternatives} == {
        "DBBY": "128050.00",
        "YBZP": "108400.00",
    }


def test_e11_equal_amounts_go_to_the_category_that_stands_first():
    assert aid("YBZP+DBBY", "2500.00").category == "DBBY"


def test_e12_earlier_self_pay_counts_under_whatever_category():
    first = aid("DBBY", "2000.00")
    assert (money(first.aid), first.warnings) == ("0.00", ("BELOW_DEDUCTIBLE",))
    assert money(aid("DB", "4000.00", Earlier(first.self_pay, first.aid, "inpatient")).aid) == "3000.00"


@pytest.mark.parametrize("kind", ["outpatient_chronic", "day_surgery", "home_bed"])
def test_day_surgery_home_bed_and_chronic_outpatient_share_the_general_pool(kind):
    assert money(aid("TK", "5000", earlier("0", "149000", kind="inpatient"), kind=kind).aid) == "1000.00"
    assert money(aid("TK", "5000", earlier("0", "149000", kind=kind)).aid) == "1000.00"


# What the sheet shows


def test_the_sheet_shows_every_intermediate_figure():
    claim = bill("80000.00", O="12345.60", B="41000.00", S="6500.40")
    result = compute(
        PLAN, claim, ["DBBY"], BIRTH, [earlier("1000.00", "0.00"), earlier("9", "9", "rare_drug")]
    )
    figures = {
        each.symbol: (each.formula, None if each.amount is None else figure(each.amount))
        for each in result.lines
    }
    assert figures == {
        "T": ("", "80000.00"),
        "O": ("", "12345.60"),
        "B": ("", "41000.00"),
        "S": ("", "6500.40"),
        "M": ("", "0.00"),
        "R": ("", "0.00"),
        "P": ("max(0, 80000.00 − 12345.60 − 41000.00 − 6500.40 − 0.00 − 0.00)", "20154.00"),
        "P0": ("1000.00", "1000.00"),
        "I": ("", "60000.00"),
        "K": ("5% × 60000.00", "3000.00"),
        "F1": ("f(1000.00 + 20154.00) = 18154.00 × 65%", "11800.10"),
        "F0": ("f(1000.00) = 0.00 × 65%", "0.00"),
        "raw": ("11800.10 − 0.00", "11800.10"),
        "A1": ("11800.10", "11800.10"),
        "L": ("", "150000.00"),
        "A0": ("0.00", "0.00"),
        "L0": ("max(0, 150000.00 − 0.00)", "150000.00"),
        "A2": ("min(11800.10, 150000.00)", "11800.10"),
        "Y": ("max(0, 80000.00 − 41000.00 − 6500.40 − 0.00 − 0.00)", "32499.60"),
        "aid": ("min(11800.10, 32499.60)", "11800.10"),
        "Z": ("32499.60 − 11800.10", "20699.50"),
    }


def test_the_sheet_is_plain_data_and_names_policy_version_and_reading():
    result = aid("YBZP", "86000")
    sheet = json.loads(json.dumps(result.sheet, ensure_ascii=False))
    assert (sheet["policy"], sheet["version"], sheet["year"], sheet["age"]) == (
        "plan-2026",
        "2026.1",
        2026,
        65,
    )
    assert sheet["reading_title"]["zh"].startswith("按字面")
    assert sheet["rule"] == "ybzp_r1"
    by_symbol = {each["symbol"]: each for each in sheet["lines"]}
    assert by_symbol["U"]["amount"] == "10000.00"
    assert by_symbol["F1"]["formula"] == "f(0.00 + 86000.00) = 10000.00 × — + 20000.00 × 50% + 50000.00 × 60%"
    assert "A-08 R1" in sheet["alternatives"][0]["source"]


def test_raw_figures_are_shown_before_rounding():
    """E01 and E05 are computed to the thousandth and rounded once."""
    lines = {each.symbol: each.as_json()["amount"] for each in aid("TK", "12345.67").lines}
    assert (lines["raw"], lines["A1"]) == ("11111.103", "11111.10")
    assert next(each for each in aid("DBBY", "28888.88").lines if each.symbol == "raw").amount == Decimal(
        "16827.772"
    )


def test_warnings_stand_on_the_sheet_in_words():
    (warning,) = aid("DB", "10").sheet["warnings"]
    assert warning == {
        "code": "BELOW_DEDUCTIBLE",
        "zh": "本年度累计自付未超过起付线。",
        "en": "This year's self-pay does not exceed the deductible.",
    }


# Where no rule says anything


def test_a_category_without_a_stated_rate_goes_to_a_person_and_is_not_zero():
    result = aid("FFP", "50000")
    assert (result.category, result.warnings, money(result.aid)) == (None, ("NO_RULE",), "0.00")
    assert result.needs_a_person and not result.may_be_paid
    assert result.alternatives[0].aid is None
    assert result.sheet["alternatives"][0]["aid"] is None
    assert result.self_pay == Decimal(50000)  # it still uses up the year's deductible
    assert [each.symbol for each in result.lines] == [*"TOBSMR", "P"]


def test_a_category_outside_the_policy_has_no_rule_either():
    assert aid("ZCX", "50000").warnings == ("NO_RULE",)


def test_another_category_with_a_rule_pays_and_the_sheet_still_shows_the_open_one():
    result = aid("FFP+TK", "50000")
    assert (result.category, result.warnings) == ("TK", ())
    assert [(each.category, each.warnings) for each in result.alternatives] == [
        ("TK", ()),
        ("FFP", ("NO_RULE",)),
    ]


def test_a_zero_beside_an_open_category_is_not_a_refusal():
    """The allowance gives nothing, but nobody knows what the other category would give."""
    result = aid("DB+FFP", "1000")
    assert (result.category, result.warnings) == ("DB", ("BELOW_DEDUCTIBLE", "NO_RULE"))
    assert result.needs_a_person


def test_an_undefined_band_is_never_refused_automatically():
    result = aid("YBZP", "10000")
    assert result.warnings == ("BAND_UNDEFINED",)
    assert result.needs_a_person
    assert not aid("YBZP", "6000").needs_a_person


def test_an_undefined_band_is_also_met_by_a_later_claim_of_the_year():
    assert aid("YBZP", "1000", earlier("7000")).warnings == ("BAND_UNDEFINED",)
    assert money(aid("YBZP", "2000", earlier("15000")).aid) == "500.00"


def test_without_any_category_there_is_nothing_to_compute():
    result = compute(PLAN, bill("50000"), [], BIRTH, [])
    assert (result.category, result.warnings, result.alternatives) == (None, ("NO_CATEGORY",), ())


def test_nothing_left_to_pay_is_said_so():
    result = compute(PLAN, bill("100", B="80", S="30"), ["TK"], BIRTH, [])
    assert (result.self_pay, result.warnings) == (Decimal("0.00"), ("NO_SELF_PAY",))


def test_an_open_serious_illness_insurance_forbids_payment():
    result = compute(PLAN, bill("50000"), ["TK"], BIRTH, [], serious_illness_settled=False)
    assert result.warnings == ("SERIOUS_ILLNESS_OPEN",)
    assert money(result.aid) == "45000.00"
    assert not result.may_be_paid and aid("TK", "50000").may_be_paid


# Other policy sets of the same form


def changed_rule(rule_id: str, **changes: object) -> Policy:
    rules = tuple(replace(rule, **changes) if rule.id == rule_id else rule for rule in PLAN.rules)
    return replace(PLAN, rules=rules)


def changed_pool(limit: Decimal | None) -> Policy:
    everybody = PoolLimit(PLAN.categories, EVERY_AGE, limit, stated=limit is not None)
    pool = replace(PLAN.pools["general"], limits=(everybody,))
    return replace(PLAN, pools=MappingProxyType({**PLAN.pools, "general": pool}))


def test_without_a_limit_the_amount_is_a_trial_only():
    """Ningguo's text gives no limit (domain 3.4)."""
    result = aid("TK", "900000", policy=changed_pool(None))
    assert (money(result.aid), result.warnings) == ("810000.00", ("CAP_NOT_CONFIGURED",))
    assert not result.may_be_paid
    (limit,) = [each for each in result.lines if each.symbol == "L"]
    assert limit.as_json()["amount"] is None


def test_a_limit_of_nothing_is_used_up_from_the_start():
    assert aid("TK", "100", policy=changed_pool(Decimal(0))).warnings == ("CAP_EXHAUSTED",)


def test_aid_never_exceeds_what_the_person_still_pays():
    """Where not every payer is deducted, less may be left to pay than the rate gives [C-08]."""
    policy = changed_rule("tk", deducted=("O", "B"))
    result = compute(policy, bill("10000", B="4000", M="3000", R="1000"), ["TK"], BIRTH, [])
    assert result.self_pay == Decimal(6000)
    assert (money(result.aid), result.warnings) == ("2000.00", ("PAYABLE_CUT",))


def test_an_amount_below_half_a_cent_is_zero_with_its_reason():
    policy = changed_rule("tk", ratio=Decimal("0.40"))
    assert aid("TK", "0.01", policy=policy).warnings == ("ROUNDED_TO_ZERO",)


def test_bands_on_the_whole_amount_lose_what_lies_below_a_larger_deductible():
    """R3 with an income of 200,000: the deductible of 20,000 swallows the first band and half the second."""
    claim = bill("36000")
    result = compute(PLAN, claim, ["YBZP"], BIRTH, [], income=Decimal(200000), reading="R3")
    assert money(result.aid) == "8600.00"  # 10,000 at 50 % and 6,000 at 60 %


def test_the_claims_own_income_replaces_the_policys():
    result = compute(PLAN, bill("10000"), ["DBBY"], BIRTH, [], income=Decimal("80000"))
    assert money(result.aid) == "3900.00"


def test_the_deductible_is_not_rounded_on_the_way():
    """5 % of 61,234.57 is 3,061.7285; rounding it first would give 4,510.04."""
    result = compute(PLAN, bill("10000.26"), ["DBBY"], BIRTH, [], income=Decimal("61234.57"))
    assert money(result.aid) == "4510.05"


@pytest.mark.parametrize(("year", "used"), [(2025, "60000.00"), (2027, "60000.00")])
def test_the_income_of_another_year_is_used_with_a_warning(year, used):
    claim = replace(bill("10000"), admitted=date(year, 3, 1), settled=date(year, 3, 2))
    result = compute(PLAN, claim, ["DBBY"], BIRTH, [])
    assert "INCOME_OF_ANOTHER_YEAR" in result.warnings
    assert next(each.as_json()["amount"] for each in result.lines if each.symbol == "I") == used


def test_the_income_figure_of_the_nearest_earlier_year_is_taken():
    parameter = replace(
        PLAN.parameters["residents_income"],
        by_year={2026: Decimal(60000), 2027: Decimal(64000), 2030: Decimal(1)},
    )
    assert parameter.of_year(2027) == (2027, Decimal(64000))
    assert parameter.of_year(2029) == (2027, Decimal(64000))


def test_outside_its_validity_a_policy_only_gives_a_trial():
    """What would last year have cost under this plan? May be asked, may not be paid."""
    claim = replace(bill("10000"), admitted=date(2025, 3, 1), settled=date(2025, 3, 2))
    result = compute(PLAN, claim, ["TK"], BIRTH, [])
    assert (money(result.aid), result.warnings) == ("9000.00", ("OUTSIDE_VALIDITY",))
    assert not result.may_be_paid
    ended = replace(PLAN, valid_to=date(2026, 3, 19))
    assert aid("TK", "10000", policy=ended).warnings == ("OUTSIDE_VALIDITY",)
    assert aid("TK", "10000", policy=replace(PLAN, valid_to=SETTLED)).warnings == ()


def test_a_policy_without_readings_needs_none():
    rules = tuple(replace(rule, readings=frozenset({None})) for rule in PLAN.rules if rule.id == "tk")
    policy = replace(PLAN, reading=None, readings=MappingProxyType({}), rules=rules)
    assert aid("TK", "100", policy=policy).sheet["reading_title"] is None


# What is refused


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(ClaimRefused) as caught:
        act()
    assert caught.value.message.en and caught.value.status == 422
    return caught.value.message.zh


def test_unknown_categories_kinds_and_readings_are_refused():
    assert refused(lambda: aid("XX", "1")) == "没有“XX”这类人员"
    assert refused(lambda: aid("TK", "1", kind="outpatient")).startswith(
        "政策plan-2026没有“outpatient”这类费用"
    )
    assert "dental" in refused(lambda: aid("TK", "1", earlier("1", kind="dental")))
    assert refused(lambda: aid("TK", "1", reading="R9")) == "政策plan-2026没有“R9”这种理解"


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity", "10000000000.00"])
def test_what_is_no_amount_is_refused(amount):
    assert "应为0到" in refused(lambda: bill(amount))


def test_more_than_two_decimals_are_refused_not_cut():
    assert refused(lambda: bill("1.239")) == "T 最多两位小数，现为1.239"
    assert "paid" in refused(lambda: earlier("1", "0.001"))
    assert "income" in refused(lambda: compute(PLAN, bill("1"), ["TK"], BIRTH, [], income=Decimal("0.001")))


def test_floats_are_no_money():
    with pytest.raises(TypeError, match="must be a Decimal"):
        Bill(1.5, *[Decimal(0)] * 5, "inpatient", ADMITTED, SETTLED)  # type: ignore[arg-type]


def test_dates_that_contradict_each_other_are_refused():
    assert "早于入院日" in refused(lambda: replace(bill("1"), settled=date(2026, 2, 1)))
    assert "出生日期" in refused(lambda: compute(PLAN, bill("1"), ["TK"], date(2026, 3, 2), []))


@pytest.mark.parametrize(
    ("born", "admitted", "age"),
    [
        (date(2012, 3, 10), date(2027, 3, 9), 14),
        (date(2012, 3, 10), date(2027, 3, 10), 15),
        (date(2012, 2, 29), date(2026, 2, 28), 13),
        (date(2012, 2, 29), date(2026, 3, 1), 14),
        (date(2026, 3, 1), date(2026, 3, 1), 0),
    ],
)
def test_age_is_counted_in_completed_years_on_admission(born, admitted, age):
    claim = replace(bill("1"), admitted=admitted, settled=admitted)
    assert compute(PLAN, claim, ["TK"], born, []).sheet["age"] == age


# Capital characters


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("15000.05", "壹万伍仟元零伍分"),
        ("10", "壹拾元整"),
        ("305.60", "叁佰零伍元陆角"),
        ("1020304.56", "壹佰零贰万零叁佰零肆元伍角陆分"),
        ("1E+5", "壹拾万元整"),
        ("1.239", "壹元贰角肆分"),
    ],
)
def test_capital_characters_follow_the_banks_rules(amount, words):
    assert in_words(Decimal(amount)) == f"人民币{words}"


def test_no_negative_amount_is_ever_written():
    with pytest.raises(ValueError, match="negative"):
        in_words(Decimal("-0.01"))


# What holds for every claim

cents = st.integers(0, 60_000_000).map(lambda each: Decimal(each) / 100)
small = st.integers(0, 3_000_000).map(lambda each: Decimal(each) / 100)
covered = st.sampled_from(["TK", "DB", "DBBY", "YBZP"])
categories_of_one = st.lists(covered, min_size=1, max_size=4, unique=True)
readings = st.sampled_from(["R1", "R2", "R3"])
kinds = st.sampled_from(list(PLAN.kinds))
histories = st.lists(st.builds(Earlier, P=small, paid=small, kind=kinds), max_size=4)


def result_for(total: Decimal, codes, history, kind, reading, **parts: Decimal) -> Result:
    zero = Decimal(0)
    amounts = {symbol: parts.get(symbol, zero) for symbol in "OBSMR"}
    claim = Bill(T=total, **amounts, kind=kind, admitted=ADMITTED, settled=SETTLED)
    return compute(PLAN, claim, codes, BIRTH, history, reading=reading)


@given(cents, cents, categories_of_one, histories, kinds, readings)
def test_a_larger_self_pay_never_gives_less(one, other, codes, history, kind, reading):
    low, high = sorted([one, other])
    less = result_for(low, codes, history, kind, reading)
    assert less.aid <= result_for(high, codes, history, kind, reading).aid


@given(cents, small, small, small, small, small, categories_of_one, histories, kinds, readings)
def test_aid_stays_within_the_limit_and_what_the_person_pays(t, o, b, s, m, r, codes, history, kind, reading):
    result = result_for(t, codes, history, kind, reading, O=o, B=b, S=s, M=m, R=r)
    limit, pool = (300_000, ("rare_drug",)) if kind == "rare_drug" else (150_000, GENERAL)
    paid = sum((each.paid for each in history if each.kind in pool), Decimal(0))
    assert 0 <= result.aid <= max(Decimal(0), limit - paid)
    assert result.aid <= max(Decimal(0), t - b - s - m - r)
    assert result.aid <= result.self_pay
    assert result.aid == result.aid.quantize(Decimal("0.01"))
    assert result.aid > 0 or result.warnings  # a zero always has its reason
    assert set(result.warnings) <= set(WARNINGS)


@given(cents, categories_of_one, histories, kinds, readings)
def test_the_largest_amount_is_paid_once(total, codes, history, kind, reading):
    result = result_for(total, codes, history, kind, reading)
    alone = {code: result_for(total, [code], history, kind, reading).aid for code in codes}
    assert result.aid == max(alone.values()) == alone[result.category]
    assert {each.category: each.aid for each in result.alternatives} == alone


@given(cents, covered, readings)
def test_the_callers_decimal_context_changes_nothing(total, code, reading):
    expected = result_for(total, [code], [], "inpatient", reading)
    with localcontext() as context:
        context.prec, context.rounding = 3, "ROUND_UP"
        assert result_for(total, [code], [], "inpatient", reading) == expected
    assert getcontext().prec == 28


def rate_of_yuan(code: str, reading: str, yuan: int) -> int:
    """Which percentage the sentence of the plan gives to the yuan from `yuan` to `yuan + 1` of the year."""
    if code == "TK":
        return 90
    if code == "DB":
        return 75 if yuan >= 1500 else 0
    if code == "DBBY":
        return 65 if yuan >= 3000 else 0
    if yuan < 6000:
        return 0
    place = yuan if reading == "R3" else yuan - 6000
    if place < 10000:
        return 50 if reading == "R2" else 0
    return 50 if place < 30000 else 60


@settings(deadline=None)
@given(st.integers(0, 9_000_000), st.integers(0, 3_000_000), covered, readings)
def test_each_function_agrees_with_counting_yuan_by_yuan(now, before, code, reading):
    """An own count, one yuan after the other, in whole ten-thousandths of a yuan."""
    total = 0
    first, last = before // 100, (before + now) // 100
    for yuan in range(first, last + 1):
        part = min(before + now, 100 * yuan + 100) - max(before, 100 * yuan)
        total += part * rate_of_yuan(code, reading, yuan)
    expected = (Decimal(total) / 10000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    history = [Earlier(Decimal(before) / 100, Decimal(0), "inpatient")]
    assert result_for(Decimal(now) / 100, [code], history, "inpatient", reading).aid == expected
