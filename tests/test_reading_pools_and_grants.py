"""Pools inside pools, limits by category and age, groups of ages, bounds of a grant: read strictly."""

from decimal import Decimal

import pytest
from policy_writing import policy_set

from workflow.amounts import Policy, PolicyRefused, read_policies
from workflow.amounts.model import Ages

HEAD = """area = "any"
demonstration = true
categories = ["TK", "DB", "YBJM"]
everybody = "YBJM"

[ages.child]
title = { zh = "儿童", en = "children" }
years = "<= 14"
source = "依据"

[kinds]
inpatient = { zh = "住院", en = "inpatient" }
outpatient = { zh = "门诊", en = "outpatient" }
"""
POOLS = """[pools.year]
title = { zh = "年度限额", en = "yearly limit" }
kinds = ["inpatient"]
limits = [
    { categories = ["TK"], amount = 60000 },
    { categories = ["DB"], age = "child", amount = 50000 },
    { categories = ["DB"], age = "not(child)", amount = 30000 },
    { categories = ["YBJM"], assumed = 10000 },
]

[pools.outpatient]
title = { zh = "门诊限额", en = "outpatient limit" }
kinds = ["outpatient"]
within = "year"
merges = true
times = 3
limit = 3000
"""
INPATIENT = {
    "id": "inpatient", "kind": '"inpatient"', "deductible": "0", "ratio": "0.70", "pool": '"year"',
    "base": '"T"', "age": "-", "least": "100", "most": "700 * persons",
}  # fmt: skip
OUTPATIENT = {
    **INPATIENT,
    "id": "outpatient",
    "kind": '"outpatient"',
    "pool": '"outpatient"',
    "least": "null",
}
FILE = "policies/county/policy.toml"


def written(
    *changes: tuple[str, str], rows: tuple[dict[str, str], ...] = (INPATIENT, OUTPATIENT)
) -> dict[str, bytes]:
    head, pools = HEAD, POOLS
    for old, new in changes:
        assert (old in head) is not (old in pools), f"{old!r} must stand in one of the parts"
        head, pools = head.replace(old, new, 1), pools.replace(old, new, 1)
    return policy_set("county", head, pools, rows)


def policy(*changes: tuple[str, str]) -> Policy:
    return read_policies(written(*changes))["county"]


def faults(files: dict[str, bytes]) -> list[tuple[str, str]]:
    with pytest.raises(PolicyRefused) as caught:
        read_policies(files)
    assert all(fault.reason.zh and fault.reason.en for fault in caught.value.faults)
    assert {fault.file.rpartition("/")[0] for fault in caught.value.faults} == {"policies/county"}
    return [(fault.element, fault.reason.zh) for fault in caught.value.faults]


def test_what_is_written_is_what_is_read():
    read = policy()
    assert [pool.id for pool in read.pools_of("outpatient")] == ["outpatient", "year"]
    assert read.kinds_within("year") == {"inpatient", "outpatient"}
    assert read.kinds_within("outpatient") == {"outpatient"}
    year, outpatient = read.pools["year"], read.pools["outpatient"]
    limits = {(c, age): year.limit_for(c, age) for c in ("TK", "DB", "YBJM") for age in (14, 15)}
    assert {key: (limit and limit.amount) for key, limit in limits.items()} == {
        ("TK", 14): 60000, ("TK", 15): 60000, ("DB", 14): 50000, ("DB", 15): 30000,
        ("YBJM", 14): 10000, ("YBJM", 15): 10000,
    }  # fmt: skip
    assert limits["YBJM", 15] is not None and not limits["YBJM", 15].stated
    assert outpatient.merges and outpatient.times == 3 and not year.merges
    (inpatient, _) = read.rules
    assert inpatient.least == 100 and inpatient.most is not None
    assert (inpatient.most.of(4), inpatient.most.per_person) == (Decimal(2800), True)
    assert read.pools["year"].limit_for("ZCX", 40) is None


def test_somebody_on_no_roster_counts_as_everybody_does():
    assert policy().categories_of([]) == ("YBJM",)
    assert policy().categories_of(["ZCX"]) == ("ZCX", "YBJM")
    assert policy().categories_of(["DB", "ZCX"]) == ("DB", "ZCX")
    assert policy(('everybody = "YBJM"\n', "")).categories_of([]) == ()


def test_a_group_of_ages_is_switched_in_one_place():
    """C-09: completed age 14 or less; the strict reading is “under 14”."""
    strict = policy(('years = "<= 14"', 'years = "< 14"'))
    limits = [strict.pools["year"].limit_for("DB", age) for age in (13, 14)]
    assert [limit and limit.amount for limit in limits] == [50000, 30000]


@pytest.mark.parametrize(
    ("years", "inside", "outside"),
    [("<= 14", Ages(0, 14), Ages(15, None)), (">= 60", Ages(60, None), Ages(0, 59))],
)
def test_a_group_and_its_complement(years, inside, outside):
    (row, _) = policy(('years = "<= 14"', f'years = "{years}"')).rules
    assert row.ages == Ages(0, None)
    split = written(('years = "<= 14"', f'years = "{years}"'), rows=(
        {**INPATIENT, "id": "a", "age": "child"}, {**INPATIENT, "id": "b", "age": "not(child)"}, OUTPATIENT,
    ))  # fmt: skip
    assert [rule.ages for rule in read_policies(split)["county"].rules[:2]] == [inside, outside]


UNLIMITED = ("limit = 3000", "unlimited = true")


def test_a_pool_may_be_without_any_limit():
    assert policy(UNLIMITED).pools["outpatient"].limits == ()


MISTAKES = [
    (('within = "year"', 'within = "month"'), "pools.outpatient.within", "不认识“month”"),
    (('kinds = ["inpatient"]', 'kinds = ["inpatient"]\nwithin = "outpatient"'), "pools.year.within",
     "额度互相包含"),
    (('within = "year"\n', ""), "pools.outpatient.merges", "不在别的额度之内，没有可以合并的"),
    (('kinds = ["outpatient"]', 'kinds = ["dental"]'), "pools.outpatient.kinds", "不认识“dental”"),
    (('kinds = ["outpatient"]', "kinds = []"), "pools.outpatient.kinds", "没有费用记入这个额度"),
    (("limit = 3000", "limit = 3000\nunlimited = true"), "pools.outpatient",
     "limit、limits、unlimited 只写一个"),
    (("limit = 3000", "limits = []"), "pools.outpatient.limits", "不能为空"),
    (("times = 3", "times = 0"), "pools.outpatient.times", "数值太小"),
    (('["YBJM"], assumed = 10000', '["YBJM"], amount = 1, assumed = 1'), "pools.year.limits.3",
     "amount 和 assumed 只写一个"),
    (('["TK"], amount = 60000', '["TK", "ZZ"], amount = 60000'), "pools.year.limits.0.categories",
     "不认识“ZZ”"),
    (('age = "child"', 'age = "baby"'), "pools.year.limits.1.age", "不认识年龄段“baby”"),
    (('age = "child"', 'age = "14"'), "pools.year.limits.1.age", "年龄应写作"),
    (('years = "<= 14"', 'years = "[3..14]"'), "pools.year.limits.2.age", "“child”之外不是一个年龄段"),
    (('years = "<= 14"', 'years = "young"'), "ages.child.years", "不认识年龄段“young”"),
    (('everybody = "YBJM"', 'everybody = "ZCX"'), "everybody", "不认识“ZCX”"),
    (('age = "not(child)"', 'age = "> 20"'), "pools.year.limits DB / 15–20", "没有适用的限额"),
    (('age = "not(child)"', 'age = "> 10"'), "pools.year.limits DB / 11–14", "几个限额同时适用"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "element", "reason"), MISTAKES)
def test_a_mistake_is_refused_with_its_element(change, element, reason):
    found = faults(written(change))
    assert any(where == element and why.startswith(reason) for where, why in found), found


def test_a_gap_among_the_limits_is_told_once():
    found = faults(written(('age = "not(child)"', 'age = "> 20"')))
    assert len(found) == 1


def test_a_limit_without_an_amount_is_a_gap_the_county_has_to_fill():
    limit = policy(('["YBJM"], assumed = 10000', '["YBJM"]')).pools["year"].limit_for("YBJM", 30)
    assert limit is not None and (limit.amount, limit.stated) == (None, False)


CELLS = [
    ("most", "700 * people", "只能乘以 persons，现为700 * people"),
    ("most", "much", "每次最高额应为金额，现为much"),
    ("most", "0.001", "每次最高额应为金额，现为0.001"),
    ("least", "-1", "每次最低额应为金额，现为-1"),
    ("least", "800", "每次最低额高于最高额"),
    ("age", "old", "不认识年龄段“old”"),
]


@pytest.mark.parametrize(("column", "cell", "reason"), CELLS)
def test_a_mistake_in_a_cell_names_row_and_column(column, cell, reason):
    (found,) = faults(written(rows=({**INPATIENT, column: cell}, OUTPATIENT)))
    assert found == (f"rule 1 inpatient / {column}", reason)


# Thresholds


def test_a_set_gives_a_shared_figure_its_own_value():
    figures = '\n[thresholds.filing_amount]\nvalue = 12000\nsource = "县办"\n'
    own = policy(("limit = 3000\n", f"limit = 3000\n{figures}"))
    assert own.thresholds["filing_amount"].value == 12000
    assert own.thresholds["filing_amount"].source == "县办"
    assert own.thresholds["advance"].value == 20000
    assert "low_income_multiple" not in own.thresholds  # nobody gives it a value here


def test_a_figure_nobody_knows_is_a_slip_of_the_hand():
    slip = '\n[thresholds.filling_amount]\nvalue = 12000\nsource = "县办"\n'
    assert faults(written(("limit = 3000\n", f"limit = 3000\n{slip}"))) == [
        ("thresholds", "不认识“filling_amount”")
    ]


def test_the_shared_figures_are_checked_too():
    files = written() | {"thresholds.toml": b'[advance]\nvalue = 1\nsource = "x"\n'}
    with pytest.raises(PolicyRefused) as caught:
        read_policies(files)
    assert [(fault.file, fault.element) for fault in caught.value.faults] == [
        ("thresholds.toml", "advance.title")
    ]
