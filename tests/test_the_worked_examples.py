"""Every worked example of domain 3.10, E01 to E30, on the policy sets as they are packaged."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from workflow.amounts import (
    Bill,
    ClaimRefused,
    Earlier,
    Result,
    compute,
    in_words,
    money,
    packaged,
    read_folder,
)
from workflow.amounts.vocabulary import DATA

SETS = {name: read_folder(DATA / "policies" / name) for name in packaged()}
ADMITTED, SETTLED = date(2026, 3, 1), date(2026, 3, 20)
ADULT, CHILD_OF_NINE = date(1960, 5, 4), date(2016, 8, 1)


@dataclass(frozen=True)
class Example:
    """One row of the table: the claim, what is paid, in capital characters, with which warnings."""

    number: str
    policy: str
    categories: str
    P: str
    aid: str
    words: str
    warnings: str = ""
    kind: str = "inpatient"
    earlier: tuple[tuple[str, str, str], ...] = ()  # P, paid, kind
    parts: dict[str, str] = field(default_factory=dict)
    birth: date = ADULT
    reading: str | None = None
    merged: bool = False
    persons: int = 1
    category: str | None = None

    def result(self) -> Result:
        parts = {symbol: Decimal(self.parts.get(symbol, "0")) for symbol in "TOBSMR"}
        parts["T"] = parts["T"] or Decimal(self.P)
        return compute(
            SETS[self.policy],
            Bill(**parts, kind=self.kind, admitted=ADMITTED, settled=SETTLED),
            self.categories.split(),
            self.birth,
            [Earlier(Decimal(p), Decimal(paid), kind) for p, paid, kind in self.earlier],
            reading=self.reading,
            merged=self.merged,
            persons=self.persons,
        )


def plan(number: str, categories: str, P: str, aid: str, words: str, warnings: str = "", **more: object):
    return Example(number, "plan-2026", categories, P, aid, words, warnings, **more)  # type: ignore[arg-type]


def anfu(number: str, categories: str, P: str, aid: str, words: str, warnings: str = "", **more: object):
    return Example(number, "jian-anfu", categories, P, aid, words, warnings, **more)  # type: ignore[arg-type]


ZERO = "人民币零元整"
OUTPATIENT = ("4500", "2700", "outpatient_chronic")
USED_UP = ("210000", "150000", "inpatient")
CUT, MOST, OPEN = "CAP_CUT", "GRANT_CUT", "CAP_NOT_CONFIGURED"
FUGU, HEBEI = "fugu-temporary", "hebei-two-diseases"
RARE = ("380000", "266000", "rare_drug")

EXAMPLES = [
    plan("E01", "TK", "12345.67", "11111.10", "人民币壹万壹仟壹佰壹拾壹元壹角"),
    plan("E02a", "DB", "1500.00", "0.00", ZERO, "BELOW_DEDUCTIBLE"),
    plan("E02b", "DB", "1500.01", "0.01", "人民币壹分"),
    plan("E02c", "DB", "1500.02", "0.02", "人民币贰分"),
    plan("E03a", "DB", "1000.00", "0.00", ZERO, "BELOW_DEDUCTIBLE"),
    plan("E03b", "DB", "5000.00", "3375.00", "人民币叁仟叁佰柒拾伍元整",
         earlier=(("1000", "0", "inpatient"),)),
    plan("E04", "DB", "20154.00", "13990.50", "人民币壹万叁仟玖佰玖拾元伍角",
         parts={"T": "80000.00", "O": "12345.60", "B": "41000.00", "S": "6500.40"}),
    plan("E05", "DBBY", "28888.88", "16827.77", "人民币壹万陆仟捌佰贰拾柒元柒角柒分"),
    plan("E06a", "YBZP", "6000.00", "0.00", ZERO, "BELOW_DEDUCTIBLE"),
    plan("E06a R2", "YBZP", "6000.00", "0.00", ZERO, "BELOW_DEDUCTIBLE", reading="R2"),
    plan("E06a R3", "YBZP", "6000.00", "0.00", ZERO, "BELOW_DEDUCTIBLE", reading="R3"),
    plan("E06b", "YBZP", "16000.00", "0.00", ZERO, "BAND_UNDEFINED"),
    plan("E06b R2", "YBZP", "16000.00", "5000.00", "人民币伍仟元整", reading="R2"),
    plan("E06b R3", "YBZP", "16000.00", "3000.00", "人民币叁仟元整", reading="R3"),
    plan("E06c", "YBZP", "16000.02", "0.01", "人民币壹分"),
    plan("E06c R2", "YBZP", "16000.02", "5000.01", "人民币伍仟元零壹分", reading="R2"),
    plan("E06c R3", "YBZP", "16000.02", "3000.01", "人民币叁仟元零壹分", reading="R3"),
    plan("E06d", "YBZP", "36000.00", "10000.00", "人民币壹万元整"),
    plan("E06d R2", "YBZP", "36000.00", "15000.00", "人民币壹万伍仟元整", reading="R2"),
    plan("E06d R3", "YBZP", "36000.00", "13600.00", "人民币壹万叁仟陆佰元整", reading="R3"),
    plan("E06e", "YBZP", "36000.01", "10000.01", "人民币壹万元零壹分"),
    plan("E06e R2", "YBZP", "36000.01", "15000.01", "人民币壹万伍仟元零壹分", reading="R2"),
    plan("E06e R3", "YBZP", "36000.01", "13600.01", "人民币壹万叁仟陆佰元零壹分", reading="R3"),
    plan("E06f", "YBZP", "86000.00", "40000.00", "人民币肆万元整"),
    plan("E06f R2", "YBZP", "86000.00", "45000.00", "人民币肆万伍仟元整", reading="R2"),
    plan("E06f R3", "YBZP", "86000.00", "43600.00", "人民币肆万叁仟陆佰元整", reading="R3"),
    plan("E07", "TK", "5000.00", "1000.00", "人民币壹仟元整", CUT,
         earlier=(("165555.56", "149000", "inpatient"),)),
    plan("E08", "DB", "50000.00", "0.00", ZERO, "CAP_EXHAUSTED", earlier=(USED_UP,)),
    plan("E09a", "TK", "380000.00", "266000.00", "人民币贰拾陆万陆仟元整", kind="rare_drug"),
    plan("E09b", "TK", "500000.00", "300000.00", "人民币叁拾万元整", CUT, kind="rare_drug"),
    plan("E09c", "TK", "60000.00", "34000.00", "人民币叁万肆仟元整", CUT, kind="rare_drug",
         earlier=(RARE,)),
    plan("E09d", "DB", "10000.00", "6375.00", "人民币陆仟叁佰柒拾伍元整", earlier=(RARE,)),
    plan("E10", "DBBY YBZP", "200000.00", "128050.00", "人民币壹拾贰万捌仟零伍拾元整", category="DBBY"),
    plan("E11", "DBBY YBZP", "2500.00", "0.00", ZERO, "BELOW_DEDUCTIBLE", category="DBBY"),
    plan("E12", "DB", "4000.00", "3000.00", "人民币叁仟元整", earlier=(("2000", "0", "inpatient"),)),
    anfu("E13", "TK", "65000.00", "60000.00", "人民币陆万元整", CUT),
    anfu("E14", "DB", "18765.43", "13135.80", "人民币壹万叁仟壹佰叁拾伍元捌角"),
    anfu("E15", "DB", "18765.43", "15012.34", "人民币壹万伍仟零壹拾贰元叁角肆分", birth=CHILD_OF_NINE),
    anfu("E16", "DB", "70000.00", "50000.00", "人民币伍万元整", CUT, birth=CHILD_OF_NINE),
    anfu("E17a", "ZCX", "20000.00", "0.00", ZERO, "BELOW_DEDUCTIBLE"),
    anfu("E17b", "ZCX", "20000.01", "0.01", "人民币壹分"),
    anfu("E17c", "ZCX", "34567.89", "7283.95", "人民币柒仟贰佰捌拾叁元玖角伍分"),
    anfu("E17d", "ZCX", "40000.00", "10000.00", "人民币壹万元整"),
    anfu("E17e", "ZCX", "45000.00", "10000.00", "人民币壹万元整", CUT),
    anfu("E18", "ZCX", "45000.00", "15000.00", "人民币壹万伍仟元整", birth=CHILD_OF_NINE),
    anfu("E19a", "DB", "1000.00", "300.00", "人民币叁佰元整", CUT, kind="outpatient_chronic",
         earlier=(OUTPATIENT,)),
    anfu("E19b", "DB", "1000.00", "600.00", "人民币陆佰元整", kind="outpatient_chronic",
         earlier=(OUTPATIENT,), merged=True),
    anfu("E20", "DB", "2000.00", "500.00", "人民币伍佰元整", CUT, kind="outpatient_chronic",
         merged=True, earlier=(("5000", "3000", "outpatient_chronic"), ("37857.15", "26500", "inpatient"))),
    Example("E21", "ningguo", "DB", "8642.10", "6049.47", "人民币陆仟零肆拾玖元肆角柒分", OPEN),
    Example("E22", "ningguo", "TK", "8642.10", "6913.68", "人民币陆仟玖佰壹拾叁元陆角捌分", OPEN),
    Example("E23", "county-x", "DB", "10500.00", "7350.00", "人民币柒仟叁佰伍拾元整",
            parts={"T": "30000.00", "O": "4000.00", "B": "15500.00"}),
    Example("E24", "county-x", "DB", "10500.00", "2000.00", "人民币贰仟元整", CUT,
            earlier=(("25714.29", "18000", "inpatient"),)),
    Example("E25", "county-440", "DB", "1234.56", "864.19", "人民币捌佰陆拾肆元壹角玖分", OPEN,
            kind="outpatient_chronic"),
    Example("E26a", HEBEI, "YBJM", "500.00", "225.00", "人民币贰佰贰拾伍元整", CUT,
            kind="hypertension_drugs"),
    Example("E26b, hypertension", HEBEI, "YBJM", "300.00", "150.00", "人民币壹佰伍拾元整",
            kind="hypertension_drugs"),
    Example("E26b, then diabetes", HEBEI, "YBJM", "900.00", "375.00", "人民币叁佰柒拾伍元整",
            CUT, kind="diabetes_drugs", earlier=(("300", "150", "hypertension_drugs"),)),
    Example("E27", FUGU, "DB", "3500.00", "2800.00", "人民币贰仟捌佰元整", MOST, kind="living",
            persons=4),
    Example("E28", FUGU, "DB", "25000.00", "20000.00", "人民币贰万元整", MOST, kind="medical"),
    Example("E29", FUGU, "DB", "3500.01", "3500.00", "人民币叁仟伍佰元整", MOST, kind="other"),
    Example("E30", "county-440", "DB", "250.00", "100.00", "人民币壹佰元整", MOST, kind="premium"),
]  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.number)
def test_the_examples_come_out_to_the_cent(example: Example):
    result = example.result()
    assert (money(result.aid), result.in_words) == (example.aid, example.words)
    assert result.in_words == in_words(result.aid)
    assert result.warnings == tuple(example.warnings.split())
    assert money(result.self_pay) == money(Decimal(example.P))
    assert result.category == (example.category or example.categories)
    assert result.may_be_paid is (result.aid > 0 and "CAP_NOT_CONFIGURED" not in result.warnings)


def test_no_example_of_the_table_is_missing():
    numbers = {example.number[:3] for example in EXAMPLES}
    assert numbers == {f"E{number:02}" for number in range(1, 31)}


def figure_of(number: str, symbol: str) -> str | None:
    """A figure on the sheet of an example."""
    (example,) = [each for each in EXAMPLES if each.number == number]
    found = [line for line in example.result().lines if line.symbol == symbol]
    return None if not found or found[0].amount is None else money(found[0].amount)


def test_the_sheets_show_what_the_table_remarks():
    assert figure_of("E07", "A1") == "4500.00" and figure_of("E09b", "A1") == "350000.00"
    assert figure_of("E16", "raw") == "56000.00" and figure_of("E19a", "raw") == "600.00"
    assert figure_of("E19b", "LT") == "30000.00" and figure_of("E19b", "LM") == "3000.00"
    assert figure_of("E20", "raw") == "1200.00" and figure_of("E20", "LT0") == "500.00"
    assert figure_of("E23", "P") == "10500.00"
    assert figure_of("E30", "Z") == "150.00"


def test_e10_and_the_other_category_stand_on_one_sheet():
    (example,) = [each for each in EXAMPLES if each.number == "E10"]
    amounts = [(each.category, each.aid) for each in example.result().alternatives]
    assert amounts == [("DBBY", Decimal("128050.00")), ("YBZP", Decimal("108400.00"))]


def test_e26_both_diseases_together_give_525():
    both = [each for each in EXAMPLES if each.number.startswith("E26b")]
    assert sum(each.result().aid for each in both) == Decimal("525.00")


# What the tables of 3.3 and 3.6 say beyond the examples


def fugu(kind: str, P: str, *paid: str, persons: int = 1) -> Result:
    earlier = tuple((each, each, "living") for each in paid)
    return Example("", FUGU, "DB", P, "", "", kind=kind, earlier=earlier, persons=persons).result()


def test_a_third_grant_in_a_year_is_refused_with_its_reason():
    assert money(fugu("living", "700", "700").aid) == "700.00"
    third = fugu("sudden", "5000", "700", "300")
    assert (money(third.aid), third.warnings) == ("0.00", ("TIMES_EXHAUSTED",))
    assert not third.needs_a_person
    assert money(fugu("sudden", "5000", "700", "0").aid) == "5000.00"  # a refusal is no grant
    subsidised = (("250", "100", "premium"),)
    twice = Example("", "county-440", "DB", "250", "", "", kind="premium", earlier=subsidised)
    assert twice.result().warnings == ("GRANT_CUT", "TIMES_EXHAUSTED")  # nobody is subsidised twice (RF-33)


def test_below_the_least_grant_there_is_no_rule_and_a_person_decides():
    small = fugu("education", "999.99")
    assert (money(small.aid), small.category, small.warnings) == ("0.00", None, ("BELOW_LEAST",))
    assert small.needs_a_person and not small.may_be_paid
    assert [line.symbol for line in small.alternatives[0].lines][-3:] == ["G", "G1", "G0"]
    assert money(fugu("education", "1000").aid) == "1000.00"
    assert money(fugu("education", "5000").aid) == "3000.00"


def test_a_household_on_no_roster_may_ask_for_temporary_assistance():
    result = Example("", FUGU, "", "600", "", "", kind="living").result()
    assert (money(result.aid), result.category) == ("600.00", "YBJM")


def test_anfu_s_registered_poor_are_computed_with_an_assumed_limit_and_not_paid():
    """A-12: 30,000 unless configured."""
    result = anfu("", "JDLK", "70000", "", "").result()
    assert (money(result.aid), result.warnings) == ("30000.00", ("CAP_CUT", "CAP_NOT_CONFIGURED"))
    assert not result.may_be_paid


def test_anfu_s_spending_poor_reach_the_threshold_before_serious_illness_pays():
    """A-25: the 20,000 is tested on T − O − B; C-08 then bounds what is paid."""
    parts = {"T": "60000", "O": "5000", "B": "20000", "S": "30000"}
    result = anfu("", "ZCX", "35000", "", "", parts=parts).result()
    assert money(result.self_pay) == "35000.00"
    assert (money(result.aid), result.warnings) == ("7500.00", ())
    more = anfu("", "ZCX", "35000", "", "", parts={**parts, "S": "38000"}).result()
    assert (money(more.aid), more.warnings) == ("2000.00", ("PAYABLE_CUT",))


def test_the_day_of_the_fifteenth_birthday_ends_the_child_s_rate():
    """C-09: born 2012-03-10; admitted on 2027-03-09 still fourteen."""
    day_before, day = date(2027, 3, 9), date(2027, 3, 10)
    ratios = {}
    for admitted in (day_before, day):
        bill = Bill(Decimal(1000), *[Decimal(0)] * 5, kind="inpatient", admitted=admitted, settled=day)
        ratios[admitted] = money(compute(SETS["jian-anfu"], bill, ["DB"], date(2012, 3, 10), []).aid)
    assert ratios == {day_before: "800.00", day: "700.00"}


def test_what_a_person_has_to_check_stands_on_the_sheet():
    (outpatient,) = [each for each in EXAMPLES if each.number == "E19a"]
    (alternative,) = outpatient.result().as_json()["sheet"]["alternatives"]  # type: ignore[index]
    assert "仅限低保常补对象" in alternative["condition"]


@pytest.mark.parametrize("persons", [0, 100])
def test_a_household_has_between_one_and_ninety_nine_members(persons):
    with pytest.raises(ClaimRefused, match="persons must be 1 to 99"):
        fugu("living", "700", persons=persons)
