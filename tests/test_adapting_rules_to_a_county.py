"""What a county may do otherwise than its neighbours: limits, categories, ways, each in its policy set."""

import re
from datetime import date
from functools import cache

import pytest

import bpmn
from workflow import amounts, engine
from workflow.amounts import PolicyRefused, read_policies
from workflow.amounts.vocabulary import DATA
from workflow.errors import NotAllowed, StepImpossible
from workflow.register.one_bill import policy_today
from workflow.rules import policy_faults, prepare
from workflow.terms import Terms, require_way, terms_of

FOLDER = DATA / "policies" / "plan-2026"
BOOK = bpmn.load()
WAYS = re.search(r"^ways = \[[^]]*\]", (FOLDER / "policy.toml").read_text(), re.MULTILINE)[0]
OWN = '[own_categories]\nLDX = { zh = "城镇零就业家庭", en = "household without work" }\n\n[kinds]'


@cache
def model() -> engine.Model:
    return engine.read_model(BOOK.files)


def policy_files(*changes: tuple[str, str], folder: str = "plan-2026") -> dict[str, bytes]:
    """The 2026 plan with some text of its policy.toml replaced, perhaps in a folder of another name."""
    text = (FOLDER / "policy.toml").read_text()
    for old, new in (('id = "plan-2026"', f'id = "{folder}"'), *changes):
        assert old in text
        text = text.replace(old, new, 1)
    return {
        f"policies/{folder}/policy.toml": text.encode(),
        f"policies/{folder}/tariff.dmn": (FOLDER / "tariff.dmn").read_bytes(),
    }


def terms(*changes: tuple[str, str]) -> Terms:
    return terms_of(BOOK, model(), read_policies(policy_files(*changes)))["plan-2026"]


def refused(*changes: tuple[str, str]) -> list[tuple[str, str]]:
    """Element and Chinese reason of every fault, however far the reading came."""
    with pytest.raises(PolicyRefused) as caught:
        terms(*changes)
    assert {fault.file for fault in caught.value.faults} == {"policies/plan-2026/policy.toml"}
    assert all(fault.reason.en for fault in caught.value.faults)
    return [(fault.element, fault.reason.zh) for fault in caught.value.faults]


def with_limit(text: str) -> tuple[str, str]:
    return "[thresholds.early_warning]", f"{text}\n\n[thresholds.early_warning]"


# Limits


def test_without_a_word_a_set_lives_by_the_shared_limits():
    assert terms().limits == terms_of(BOOK, model(), {})[""].limits


def test_a_county_sets_a_limit_of_its_own_and_says_on_whose_word():
    changed = terms(with_limit('[limits.D05]\namount = 8\nwarn = ["5wd"]\nsource = "县办〔2026〕3号"')).limits
    shared = terms().limits
    assert (changed["D05"].amount, changed["D05"].unit, changed["D05"].source) == (8, "wd", "县办〔2026〕3号")
    assert [(each.amount, each.unit) for each in changed["D05"].warn] == [(5, "wd")]
    assert changed["D05"].escalate == shared["D05"].escalate and changed["D05"].name == shared["D05"].name
    assert {key: value for key, value in changed.items() if key != "D05"} == {
        key: value for key, value in shared.items() if key != "D05"
    }


def test_a_posting_may_count_working_days():
    """C-13; the warnings made for the old unit go, and the shares of C-26 come in their place."""
    posting = terms(with_limit('[limits.D04]\nunit = "wd"\nsource = "C-13"')).limits["D04"]
    assert (posting.amount, posting.unit, posting.warn) == (7, "wd", ())


def test_a_county_sets_the_day_by_which_its_files_are_handed_in():
    """Fugu's 29 May is one county's day (domain 7.2, D26)."""
    limit = terms(with_limit('[limits.D26]\non = "quarter end"\nsource = "县办"')).limits["D26"]
    assert limit.on is not None and limit.on.words.zh == "季度末前" and limit.warn == ()


def test_a_county_may_change_the_warnings_alone():
    limit = terms(with_limit('[limits.D05]\nwarn = ["2wd", "4wd"]\nsource = "县办"')).limits["D05"]
    assert (limit.amount, len(limit.warn)) == (5, 2)


@pytest.mark.parametrize(
    ("text", "element", "reason"),
    [
        ('[limits.D99]\namount = 3\nsource = "县办"', "limits.D99", "limits.toml 里没有“D99”这个期限"),
        ("[limits.D05]\namount = 3", "limits.D05.source", "缺少这一项：source"),
        ('[limits.D05]\nsource = "县办"', "limits.D05", "没有改动 amount、unit、on 或 warn"),
        ('[limits.D05]\non = "month 10"\nsource = "县办"', "limits.D05.on", "这个时限不按日期到期，不能写on"),
        ('[limits.D21]\non = "soon"\nsource = "县办"', "limits.D21.on", "到期日“soon”读不懂"),
        ('[limits.D05]\namount = 0\nsource = "县办"', "limits.D05.amount", "数值太小：0"),
        ('[limits.D05]\namount = "5"\nsource = "县办"', "limits.D05.amount", "应为整数：'5'"),
        ('[limits.D05]\nunit = "m"\nsource = "县办"', "limits.D05.unit", "不是允许的值：'m'"),
        (
            '[limits.D05]\nwarn = ["9wd"]\nsource = "县办"',
            "limits.D05.warn",
            "提醒时点“9wd”不在时限之内",
        ),
        ('[limits.D05]\nwarn = ["soon"]\nsource = "县办"', "limits.D05.warn", "提醒时点“soon”读不懂"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_its_element(text, element, reason):
    assert refused(with_limit(text)) == [(element, reason)]


# Categories


def test_a_set_brings_its_own_categories_and_its_list_decides_ties():
    own = terms(
        ("[kinds]", OWN),
        ('"TK", "DB", "DBBY"', '"TK", "LDX", "DB", "DBBY"'),
        ('categories = ["FFP",', 'categories = ["LDX", "FFP",'),
        ('kinds = ["inpatient", "outpatient_chronic", "day_surgery", "home_bed"]\nreason',
         'kinds = ["inpatient", "outpatient_chronic", "day_surgery", "home_bed", "rare_drug"]\nreason'),
        ('categories = ["LDX", "FFP", "JDLK", "YF", "CJ", "GE", "QT"]', 'categories = ["LDX"]'),
        ("[procedure]", '[[not_covered]]\ncategories = ["FFP", "JDLK", "YF", "CJ", "GE", "QT"]\n'
         'kinds = ["inpatient", "outpatient_chronic", "day_surgery", "home_bed"]\n'
         'reason = { zh = "未写明", en = "not stated" }\n\n[procedure]'),
    )  # fmt: skip
    assert own.categories["LDX"].zh == "城镇零就业家庭"
    assert own.in_order(["GE", "DB", "unheard of", "LDX"]) == ["LDX", "DB", "GE", "unheard of"]
    assert list(own.categories)[:4] == ["TK", "LDX", "DB", "DBBY"]
    assert own.policy is not None and own.policy.order == tuple(own.categories)


@pytest.mark.parametrize(
    ("own", "element", "reason"),
    [
        (
            'DB = { zh = "某", en = "x" }',
            "own_categories.DB",
            "已是共用的类别，不得另定",
        ),
        (
            'LDX = { zh = "某", en = "x" }',
            "own_categories.LDX",
            "没有列入 categories",
        ),
        ('LDX = { zh = "某" }', "own_categories.LDX.en", "缺少这一项：en"),
    ],
)
def test_an_own_category_is_new_listed_and_named_in_both_languages(own, element, reason):
    assert (element, reason) in refused(("[kinds]", f"[own_categories]\n{own}\n\n[kinds]"))


def test_a_category_stands_once_in_the_list():
    assert ("categories", "“DB”写了不止一次") in refused(('"TK", "DB", "DBBY"', '"TK", "DB", "DB", "DBBY"'))


def test_one_code_means_the_same_in_every_set():
    """A roster names a category by its code alone."""
    policies = read_policies(policy_files() | policy_files(folder="other"))
    named = {
        name: amounts.Policy(
            **{field: getattr(policy, field) for field in policy.__slots__}
            | {"own_categories": {"LDX": bpmn.Text(zh, zh)}, "order": (*policy.order, "LDX")}
        )
        for (name, policy), zh in zip(policies.items(), ("零就业家庭", "另一种人"), strict=True)
    }
    with pytest.raises(PolicyRefused) as caught:
        terms_of(BOOK, model(), named)
    (fault,) = caught.value.faults
    assert (fault.file, fault.element) == ("policies/plan-2026/policy.toml", "own_categories.LDX")


def test_one_name_of_a_kind_means_one_kind_in_every_set():
    """Bills are imported with the Chinese names of their kinds."""
    other = policy_files(('home_bed = { zh = "家庭病床"', 'home_bed = { zh = "日间手术"'), folder="other")
    with pytest.raises(PolicyRefused) as caught:
        terms_of(BOOK, model(), read_policies(other))
    (fault,) = caught.value.faults
    assert (fault.element, fault.reason.zh) == ("kinds.home_bed", "“日间手术”已是“day_surgery”的名称")


# Ways, area, validity


def test_a_way_is_a_diagram_that_exists():
    found = refused((WAYS, 'ways = ["ma_ordinary_county", "ma_by_telephone"]'))
    assert found == [("procedure.ways", "没有流程图“ma_by_telephone”")]


def test_an_application_takes_only_a_way_its_county_uses():
    policy = terms((WAYS, 'ways = ["sub_archive"]')).policy
    assert policy is not None
    require_way(policy, "sub_archive")
    with pytest.raises(StepImpossible) as caught:
        require_way(policy, "ma_ordinary_county")
    assert "不采用这个办理流程" in caught.value.message.zh


@pytest.mark.parametrize(
    ("area", "places"),
    [
        ("360829", {"360829101200": True, "360830101200": False}),
        ("3608", {"360829101200": True, "360901101200": False}),
        ("any", {"360829101200": True, "510132001001": True}),
    ],
)
def test_the_area_is_a_division_code_its_beginning_or_any(area, places):
    policy = terms(('area = "360829"', f'area = "{area}"')).policy
    assert policy is not None
    assert {place: policy.covers(place) for place in places} == places


def test_a_set_without_validity_is_a_demonstration():
    dated = "valid_from = 2026-01-01\n"
    policy = terms((dated, "")).policy
    assert policy is not None and policy.valid_from is None and not policy.in_force(date(2026, 3, 1))
    message = "没有生效日期的政策集只供示范：写 demonstration = true，不写 valid_to"
    assert refused((dated, ""), ("demonstration = true", "")) == [("valid_from", message)]
    assert refused((dated, "valid_to = 2026-12-31\n")) == [("valid_from", message)]


def in_force(*sets: tuple[str, tuple[tuple[str, str], ...]]) -> dict[str, amounts.Policy]:
    files: dict[str, bytes] = {}
    for name, changes in sets:
        files |= policy_files(*changes, folder=name)
    return dict(read_policies(files))


def test_an_application_takes_the_set_in_force_for_its_place_and_way():
    place, way, today = "360829101200", "ma_ordinary_county", date(2026, 3, 2)
    earnest, wide = ("demonstration = true", ""), ('area = "360829"', 'area = "3608"')
    newer = ("valid_from = 2026-01-01", "valid_from = 2026-02-01")
    plan: tuple[str, tuple[tuple[str, str], ...]] = ("plan", ())
    assert policy_today(in_force(plan), today, place, way) == "plan"
    assert policy_today(in_force(plan, ("newer", (newer,))), today, place, way) == "newer"
    assert policy_today(in_force(plan, ("city", (wide, newer))), today, place, way) == "plan"
    assert policy_today(in_force(plan, ("city", (wide, earnest))), today, place, way) == "city"
    undated = ("valid_from = 2026-01-01\n", "")
    assert policy_today(in_force(plan, ("undated", (undated,))), today, place, way) == "plan"
    for nothing in ((date(2025, 12, 31), place, way), (today, "510132", way), (today, place, "sub_archive")):
        with pytest.raises(NotAllowed):
            policy_today(in_force(plan), *nothing)


# The rule book as a whole


def test_a_rule_book_whose_policy_does_not_fit_is_not_put_into_force():
    changed = policy_files(with_limit('[limits.D99]\namount = 3\nsource = "县办"'))
    with pytest.raises(PolicyRefused):
        prepare(bpmn.from_files({**BOOK.files, **changed}))


def test_lint_sees_what_does_not_fit_and_without_the_rest_only_the_set_itself():
    changed = {**BOOK.files, **policy_files(with_limit('[limits.D99]\namount = 3\nsource = "县办"'))}
    (fault,) = policy_faults(changed, alone=False)
    assert (fault.file, fault.element) == ("policies/plan-2026/policy.toml", "limits.D99")
    assert policy_faults(changed, alone=True) == () == policy_faults(BOOK.files, alone=False)
    (fault,) = policy_faults(policy_files(("version = ", "verse = ")), alone=True)[:1]
    assert fault.file == "policies/plan-2026/policy.toml"


def test_every_category_of_every_set_can_stand_in_a_roster():
    rules = prepare(BOOK)
    assert rules.categories["DB"].zh == "低保对象" and len(rules.categories) >= len(BOOK.categories)
