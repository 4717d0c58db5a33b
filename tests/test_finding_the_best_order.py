"""Several departments aid one bill (domain 3.9): the order changes the sum, so all orders are tried."""

import json
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_writing import policy_set

from workflow.amounts import (
    MEDICAL_SECURITY,
    BestPlan,
    Bill,
    ClaimRefused,
    Department,
    Earlier,
    Policy,
    best_order,
    department_sets,
    money,
    read_policies,
)
from workflow.amounts.command import amount

BIRTH, DAY = date(1960, 5, 4), date(2026, 3, 2)


def department(
    name: str, deductible: str, ratio: str, limit: str, *, base: str = "T-O-B-S-M-R"
) -> dict[str, bytes]:
    head = f"""area = "any"
valid_from = 2026-01-01
demonstration = true
categories = ["DB", "CJ"]

[department]
id = "{name}"
title = {{ zh = "{name}部门", en = "department {name}" }}

[kinds]
inpatient = {{ zh = "住院", en = "inpatient" }}"""
    pools = f"""[pools.year]
title = {{ zh = "限额", en = "limit" }}
kinds = ["inpatient"]
limit = {limit}"""
    row = {"id": name, "deductible": deductible, "ratio": ratio, "pool": '"year"', "base": f'"{base}"'}
    return policy_set(name, head, pools, [row])


# The invented figures of the specification, in no seed.
A, B, C = (
    department("a", "1000", "0.70", "20000"),
    department("b", "2000", "0.50", "5000"),
    department("c", "500", "0.40", "8000"),
)
SETS = read_policies(A | B | C)
ABC = tuple(SETS[name] for name in "abc")


def bill(total: str | Decimal, **parts: str) -> Bill:
    amounts = {symbol: Decimal(parts.get(symbol, "0")) for symbol in "OBSMR"}
    return Bill(T=Decimal(total), **amounts, kind="inpatient", admitted=DAY, settled=DAY)


def plan(policies: tuple[Policy, ...], total: str | Decimal = "12000.00", **more: object) -> BestPlan:
    return best_order(policies, bill(total), ["DB"], BIRTH, more.pop("earlier", {}), **more)  # type: ignore[arg-type]


def shown(found: BestPlan) -> dict[str, tuple[str, str]]:
    """order → its parts and its total, as the specification's table prints them."""
    return {
        " → ".join(order.policies).upper(): (
            " + ".join(f"{part.aid:,.2f}" for part in order.parts),
            f"{order.total:,.2f}",
        )
        for order in found.orders
    }


def test_all_six_orders_of_the_specification_come_out_to_the_cent():
    found = plan(ABC)
    assert shown(found) == {
        "A → B → C": ("7,700.00 + 1,150.00 + 1,060.00", "9,910.00"),
        "A → C → B": ("7,700.00 + 1,520.00 + 390.00", "9,610.00"),
        "B → A → C": ("5,000.00 + 4,200.00 + 920.00", "10,120.00"),
        "B → C → A": ("5,000.00 + 2,600.00 + 2,380.00", "9,980.00"),
        "C → A → B": ("4,600.00 + 4,480.00 + 460.00", "9,540.00"),
        "C → B → A": ("4,600.00 + 2,700.00 + 2,590.00", "9,890.00"),
    }
    assert found.best.policies == ("b", "a", "c")
    totals = [order.total for order in found.orders]
    assert max(totals) - min(totals) == Decimal("580.00")
    assert found.may_be_paid and not found.needs_a_person and found.without_rule == ()


def test_the_sheet_shows_every_order_and_each_department_s_own_sheet():
    told = json.loads(json.dumps(plan(ABC).as_json(), ensure_ascii=False))
    assert (told["aid"], told["in_words"]) == ("10120.00", "人民币壹万零壹佰贰拾元整")
    assert told["order"] == ["b", "a", "c"]
    sheet = told["sheet"]
    assert len(sheet["orders"]) == 6 and sheet["self_pay"] == "12000.00"
    assert {"order": ["c", "a", "b"], "parts": ["4600.00", "4480.00", "460.00"], "total": "9540.00"} in sheet[
        "orders"
    ]
    assert [(part["department"], part["aid"]) for part in sheet["parts"]] == [
        ("b", "5000.00"), ("a", "4200.00"), ("c", "920.00"),
    ]  # fmt: skip
    second = {line["symbol"]: line for line in sheet["parts"][1]["sheet"]["lines"]}
    assert second["D"]["amount"] == "5000.00"  # what the first department gives
    assert second["P"]["formula"].endswith("− 5000.00)") and second["P"]["amount"] == "7000.00"
    assert second["Y"]["amount"] == "7000.00"


def test_the_cut_of_a_department_is_told_on_the_plan():
    assert plan(ABC).warnings == ()  # b gives 5,000.00, just its limit
    cut = plan(ABC, "13000.00")
    assert cut.best.policies[0] == "b" and cut.best.parts[0].aid == Decimal("5000.00")
    assert cut.warnings == ("CAP_CUT",)


def test_each_department_has_its_own_deductible_and_limit_of_the_year():
    used = {"b": [Earlier(Decimal(3000), Decimal(4000), "inpatient")]}
    parts = {part.policy.id: part.aid for part in plan(ABC, earlier=used).best.parts}
    assert parts["b"] == Decimal("1000.00")  # 1,000 is left of its limit of 5,000
    deductible_used = {"c": [Earlier(Decimal(500), Decimal(0), "inpatient")]}
    alone = plan((SETS["c"],), earlier=deductible_used)
    assert alone.aid == Decimal("4800.00")  # 40 % from the first yuan on


# Ties


def half(name: str, *, medical: bool = False) -> Policy:
    policy = replace(read_policies(department(name, "0", "0.50", "99999"))[name])
    return replace(policy, department=MEDICAL_SECURITY) if medical else policy


def test_of_equal_totals_the_one_with_more_of_medical_security_at_its_end():
    first, second, medical = half("x"), half("y"), half("m", medical=True)
    found = plan((medical, first, second))
    assert len({order.total for order in found.orders}) == 1
    assert found.best.policies == ("x", "y", "m")
    unequal = read_policies(department("u", "0", "0.20", "99999"))["u"]
    small = replace(unequal, id="small", department=MEDICAL_SECURITY)
    both = plan((medical, small, first))
    # the last part is medical security's either way; the larger of its two parts stands last
    assert both.best.policies == ("x", "small", "m")


def test_of_wholly_equal_orders_the_given_one():
    found = plan((half("x"), half("y")))
    assert found.best.policies == ("x", "y")


# Who takes part


def test_departments_without_a_rule_are_shown_and_do_not_count():
    none = replace(ABC[0], id="none", rules=())
    dental = replace(ABC[0], id="dental", kinds={"dental": ABC[0].kinds["inpatient"]})
    found = plan((none, dental, ABC[1]))
    assert found.best.policies == ("b",) and len(found.orders) == 1
    assert [policy.id for policy in found.without_rule] == ["none", "dental"]
    assert found.as_json()["sheet"]["without_rule"] == ["none", "dental"]  # type: ignore[index]


def test_if_no_department_has_a_rule_a_person_decides_and_it_is_not_zero_by_silence():
    found = plan((replace(ABC[0], rules=()),))
    assert found.aid == 0 and found.warnings == ("NO_RULE",)
    assert found.needs_a_person and not found.may_be_paid and found.best.parts == ()


def test_a_category_of_one_department_s_own_does_not_trouble_the_others():
    own = replace(ABC[0], order=(*ABC[0].order, "LDX"))
    found = best_order((own, ABC[1]), bill("12000"), ["LDX", "DB"], BIRTH, {})
    assert set(found.best.policies) == {"a", "b"}
    with pytest.raises(ClaimRefused, match="there is no category 'LDX'"):
        best_order(ABC, bill("12000"), ["LDX"], BIRTH, {})


def test_more_than_six_departments_are_left_to_a_person():
    seven = tuple(replace(ABC[0], id=f"d{number}") for number in range(7))
    with pytest.raises(ClaimRefused, match="at most 6 are compared"):
        plan(seven)
    assert len(plan(seven[:5]).orders) == 120
    with pytest.raises(ClaimRefused, match="appears twice"):
        plan((ABC[0], ABC[0]))


def test_a_department_that_takes_off_little_never_carries_the_plan_above_p():
    generous = read_policies(department("g", "0", "1.00", "99999", base="T"))["g"]
    found = best_order((generous, ABC[1]), bill("12000", O="4000", B="3000"), ["DB"], BIRTH, {})
    assert found.self_pay == Decimal("5000.00") and found.aid == Decimal("5000.00")
    assert found.best.parts[0].aid <= found.best.parts[0].result.aid


def test_one_set_of_each_department_applies_in_a_place():
    newer = replace(SETS["a"], id="a2", valid_from=date(2026, 2, 1))
    elsewhere = replace(SETS["c"], area="5101")
    sets = {"a": SETS["a"], "a2": newer, "b": SETS["b"], "c": elsewhere}
    chosen = department_sets(sets, DAY, "360829101200", "ma_ordinary_county")
    assert [policy.id for policy in chosen] == ["a2", "b"]
    assert department_sets(sets, date(2025, 1, 1), "360829101200", "ma_ordinary_county") == ()
    assert SETS["a"].department == Department("a", SETS["a"].department.title)


# Against an independent calculation

CENT = Decimal("0.01")


def by_hand(order: tuple[tuple[Decimal, Decimal, Decimal], ...], self_pay: Decimal) -> Decimal:
    """Deductible, ratio and limit of each department in turn, on what the others have left."""
    left = self_pay
    for deductible, ratio, limit in order:
        given = (
            ((left - deductible) * ratio).quantize(CENT, ROUND_HALF_UP) if left > deductible else Decimal(0)
        )
        left -= min(given, limit, left)
    return self_pay - left


yuan = st.integers(0, 8_000).map(Decimal)
tariffs = st.tuples(yuan, st.integers(1, 100).map(lambda each: Decimal(each) / 100), yuan)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(tariffs, min_size=1, max_size=4), st.integers(0, 4_000_000).map(lambda each: Decimal(each) / 100)
)
def test_every_order_agrees_with_a_calculation_by_hand(figures, self_pay):
    policies = tuple(
        read_policies(department(f"d{number}", f"{deductible}", f"{ratio}", f"{limit}"))[f"d{number}"]
        for number, (deductible, ratio, limit) in enumerate(figures)
    )
    found = plan(policies, self_pay)
    expected = {
        tuple(f"d{number}" for number in order): by_hand(tuple(figures[number] for number in order), self_pay)
        for order in permutations(range(len(figures)))
    }
    assert {order.policies: order.total for order in found.orders} == expected
    assert found.aid == max(expected.values()) <= self_pay
    assert all(part.aid >= 0 for order in found.orders for part in order.parts)


# The command


def run(*sets: str, **claim: object) -> dict[str, object]:
    line = {
        "T": "12000.00", "O": "0", "B": "0", "S": "0", "M": "0", "R": "0", "categories": ["DB"],
        "kind": "inpatient", "admitted": "2026-03-01", "settled": "2026-03-02", "birth": "1960-05-04",
        **claim,
    }  # fmt: skip
    options = [word for name in sets for word in ("--policy", name)]
    result = CliRunner().invoke(amount, [*options, "-"], input=json.dumps(line))
    return dict(json.loads(result.stdout))


@pytest.fixture
def folders(tmp_path):
    for files in (A, B, C):
        for path, content in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return [str(tmp_path / "policies" / name) for name in "abc"]


def test_several_policies_on_the_command_line_give_the_best_order(folders):
    told = run(*folders)
    assert (told["aid"], told["order"]) == ("10120.00", ["b", "a", "c"])
    used = run(*folders, earlier=[{"P": "3000", "paid": "4000", "kind": "inpatient", "policy": "b"}])
    assert used["aid"] != "10120.00"
    assert run(folders[0])["aid"] == money(Decimal("7700"))


def test_an_earlier_claim_then_names_its_policy(folders):
    told = run(*folders, earlier=[{"P": "1", "paid": "1", "kind": "inpatient"}])
    assert "earlier[1].policy 应为 a, b, c 之一" in told["error"]["zh"]  # type: ignore[index]
    assert "reading" in run(*folders, reading="R1")["error"]["en"]  # type: ignore[index]
