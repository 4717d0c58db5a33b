"""Reading a policy set: the 2026 plan is right; every mistake is refused with file, cell and reason."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

import bpmn
from workflow.amounts import Policy, PolicyRefused, packaged, read_folder, read_policies
from workflow.amounts.completeness import spans
from workflow.amounts.model import Ages
from workflow.amounts.vocabulary import DATA, category_order

FOLDER = DATA / "policies" / "plan-2026"
TOML, DMN = "policies/plan-2026/policy.toml", "policies/plan-2026/tariff.dmn"
FILES = {TOML: (FOLDER / "policy.toml").read_bytes(), DMN: (FOLDER / "tariff.dmn").read_bytes()}


def edited(file: str, *changes: tuple[str, str]) -> dict[str, bytes]:
    """The plan with some text of one file replaced (its first occurrence)."""
    text = FILES[file].decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return FILES | {file: text.encode()}


def faults(files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """File, element or cell, and the Chinese reason of every fault; each reason exists in both languages."""
    with pytest.raises(PolicyRefused) as caught:
        read_policies(files)
    assert all(each.reason.zh and each.reason.en for each in caught.value.faults)
    assert str(caught.value).count("\n") >= len(caught.value.faults) - 1
    return [(each.file, each.element, each.reason.zh) for each in caught.value.faults]


def only_fault(files: dict[str, bytes]) -> tuple[str, str, str]:
    (fault,) = faults(files)
    return fault


def plan(files: dict[str, bytes] = FILES) -> Policy:
    return read_policies(files)["plan-2026"]


def in_row(rule: str, column: str, new: str) -> dict[str, bytes]:
    """The plan with one cell of the table replaced."""
    pattern = rf'(<(?:in|out)putEntry id="{rule}_{column}"><text>)[^<]*'
    text, count = re.subn(pattern, lambda match: match[1] + new, FILES[DMN].decode())
    assert count == 1
    return FILES | {DMN: text.encode()}


# The plan as it is


def test_the_2026_plan_says_what_the_text_says():
    policy = plan()
    rules = {rule.id: rule for rule in policy.rules}
    assert (rules["tk"].deductible.amount, rules["tk"].ratio) == (0, Decimal("0.90"))
    assert (rules["db"].deductible.amount, rules["db"].ratio) == (1500, Decimal("0.75"))
    assert (rules["dbby"].deductible.amount, rules["dbby"].deductible.parameter) == (
        Decimal("0.05"),
        "residents_income",
    )
    assert rules["dbby"].ratio == Decimal("0.65")
    limits = {pool.id: pool.limit_for("DB", 40) for pool in policy.pools.values()}
    assert {name: limit and (limit.amount, limit.stated) for name, limit in limits.items()} == {
        "general": (150000, True),
        "rare_drug": (300000, True),
    }
    assert "home_bed" in policy.kinds_within("general") and "home_bed" not in policy.kinds_within("rare_drug")
    assert policy.reading == "R1" and list(policy.readings) == ["R1", "R2", "R3"]
    assert policy.parameters["residents_income"].by_year == {2026: 60000}
    assert policy.thresholds["early_warning"].value == Decimal("0.40")
    assert policy.thresholds["filing_amount"].value == 30000  # the plan is silent: as for everybody
    assert policy.procedure.posting_audit and policy.procedure.review_signatures == 10
    assert policy.procedure.economy_check == {"DBBY", "YBZP"}
    assert (
        policy.demonstration and policy.in_force(date(2026, 1, 1)) and not policy.in_force(date(2025, 12, 31))
    )


def test_every_row_names_where_it_comes_from():
    assert all("domain 3.2" in rule.source for rule in plan().rules)


def test_the_packaged_rule_book_holds_the_plan():
    policies = read_policies(bpmn.load().files)
    assert policies["plan-2026"] == plan()
    assert packaged() == tuple(sorted(policies))


def test_the_order_of_categories_is_the_rule_books():
    order = category_order()
    assert order[:4] == ("TK", "DB", "DBBY", "YBZP")
    swapped = b"[DB]\norder = 1\n[TK]\norder = 2\n"
    assert category_order(swapped) == ("DB", "TK")
    elements = {each[1] for each in faults(FILES | {"categories.toml": swapped})}
    assert "categories" in elements  # the plan speaks of categories this rule book does not have


def test_other_files_of_the_rule_book_do_not_matter():
    assert plan(FILES | {"flows/x.bpmn": b"", "limits.toml": b"no toml"}).id == "plan-2026"


def test_no_policies_are_no_fault():
    assert read_policies({}) == {}


# Files


def test_a_missing_file_is_named():
    assert only_fault({TOML: FILES[TOML]}) == (DMN, "-", "缺少这个文件")


@pytest.mark.parametrize(
    "path", ["policies/plan-2026/notes.txt", "policies/policy.toml", "policies/a/b/policy.toml"]
)
def test_other_files_in_a_policy_set_are_refused(path):
    assert only_fault(FILES | {path: b""}) == (path, "-", "政策集里没有这样的文件")


def test_a_set_is_called_like_its_folder():
    moved = {path.replace("plan-2026", "plan-2027"): content for path, content in FILES.items()}
    assert only_fault(moved) == ("policies/plan-2027/policy.toml", "id", "应与文件夹同名")


def test_a_folder_on_disk_is_refused_with_all_its_faults(tmp_path):
    with pytest.raises(PolicyRefused) as caught:
        read_folder(tmp_path)
    assert [each.file for each in caught.value.faults] == [
        f"{tmp_path}/policy.toml",
        f"{tmp_path}/tariff.dmn",
    ]


def test_the_faults_of_both_files_come_together():
    files = edited(TOML, ("posting_review = true", "")) | {DMN: in_row("db", "ratio", "7")[DMN]}
    assert {each[0] for each in faults(files)} == {TOML}  # cells mean nothing while the policy is unread
    files = edited(TOML, ('reading = "R1"', 'reading = "R7"')) | {DMN: in_row("db", "ratio", "7")[DMN]}
    assert {each[0] for each in faults(files)} == {TOML, DMN}


# policy.toml

TOML_MISTAKES = [
    ('version = "2026.1"', "", "version", "缺少这一项：version"),
    ('source = "2026年方案第一至四部分；domain 3.2"', "", "source", "缺少这一项：source"),
    (
        'source = "由起付线约3000元（5%）推得；domain 3.2"',
        "",
        "parameters.residents_income.source",
        "缺少这一项：source",
    ),
    ('version = "2026.1"', 'version = ""', "version", "不能为空：''"),
    ('version = "2026.1"', "version = 2026", "version", "应为文字：2026"),
    ('version = "2026.1"', 'version = "1"\ncolour = "red"', "colour", "不认识这一项：'red'"),
    ('id = "plan-2026"', 'id = "Plan 2026"', "id", "写法不对：'Plan 2026'"),
    ('area = "360829"', 'area = "36082"', "area", "写法不对：'36082'"),
    ("valid_from = 2026-01-01", 'valid_from = "2026-01-01"', "valid_from", "应为日期：'2026-01-01'"),
    ("limit = 150000", 'limit = "150000"', "pools.general.limit", "应为数字：'150000'"),
    ("limit = 150000", "limit = true", "pools.general.limit", "应为数字：True"),
    ("limit = 150000", "limit = -1", "pools.general.limit", "数值太小：-1"),
    ("limit = 150000", "limit = 0.001", "pools.general.limit", "小数位太多"),
    ("ratio = 0.50", "ratio = 50", "bands.excess_literal.rows.1.ratio", "数值太大：50"),
    ("posting_audit = true", "posting_audit = false", "procedure.posting_audit", "不是允许的值：False"),
    ("posting_review = true", "posting_review = 1", "procedure.posting_review", "应为 true 或 false：1"),
    ('on = "excess"', 'on = "rest"', "bands.excess_literal.on", "不是允许的值：'rest'"),
    ('categories = ["TK", "DB",', 'categories = ["TK", "XX",', "categories", "不认识“XX”"),
    ('economy_check = ["DBBY",', 'economy_check = ["DBBX",', "procedure.economy_check", "不认识“DBBX”"),
    ('categories = ["FFP",', 'categories = ["FFX",', "not_covered.0.categories", "不认识“FFX”"),
    ('reading = "R1"', 'reading = "R7"', "reading", "应为 readings 中的一种（没有 readings 时不写）"),
    ('reading = "R1"', "", "reading", "应为 readings 中的一种（没有 readings 时不写）"),
    (
        "valid_from = 2026-01-01",
        "valid_from = 2026-01-01\nvalid_to = 2025-12-31",
        "valid_to",
        "早于 valid_from",
    ),
    (
        "from = 10000, to = 30000",
        "from = 10001, to = 30000",
        "bands.excess_literal.rows.1",
        "各段应从0开始、首尾相接",
    ),
    (
        "from = 10000, to = 30000",
        "from = 10000, to = 9000",
        "bands.excess_literal.rows.1",
        "各段应从0开始、首尾相接",
    ),
    (
        "from = 30000, ratio",
        "from = 30000, to = 1000000, ratio",
        "bands.excess_literal",
        "最后一段不写 to（没有上限）",
    ),
    (", unstated = true", "", "bands.excess_literal.rows.0", "写 ratio，或者写 unstated = true"),
    (
        "ratio = 0.50",
        "ratio = 0.50, unstated = true",
        "bands.excess_literal.rows.1",
        "写 ratio，或者写 unstated = true",
    ),
]


@pytest.mark.parametrize(("old", "new", "element", "reason"), TOML_MISTAKES)
def test_a_mistake_in_the_policy_is_refused_with_its_element(old, new, element, reason):
    found = faults(edited(TOML, (old, new)))
    assert any(file == TOML and where == element and why.startswith(reason) for file, where, why in found), (
        found
    )


def test_what_is_no_toml_is_refused():
    assert only_fault(FILES | {TOML: b"id = "})[:2] == (TOML, "-")
    assert only_fault(FILES | {TOML: b"\xff"})[:2] == (TOML, "-")


def test_a_kind_belongs_to_exactly_one_pool():
    nowhere = edited(TOML, ('"day_surgery", "home_bed"]\nlimit', '"day_surgery"]\nlimit'))
    assert (TOML, "kinds.home_bed", "应恰属于一个额度，现属于0个") in faults(nowhere)
    twice = edited(TOML, ('kinds = ["rare_drug"]', 'kinds = ["rare_drug", "home_bed"]'))
    assert (TOML, "kinds.home_bed", "应恰属于一个额度，现属于2个") in faults(twice)
    unknown = edited(TOML, ('kinds = ["rare_drug"]', 'kinds = ["rare_drug", "dental"]'))
    assert (TOML, "pools.rare_drug.kinds", "不认识“dental”") in faults(unknown)


def test_a_pool_may_come_without_a_limit():
    """Ningguo gives none (domain 3.4); the computation then warns and forbids payment."""
    limit = plan(edited(TOML, ("limit = 150000", ""))).pools["general"].limit_for("DB", 40)
    assert limit is not None and (limit.amount, limit.stated) == (None, False)


# Cells of the table

CELLS = [
    ("db", "category", '"XX"', "不认识“XX”"),
    ("db", "category", "DB", '应为"…"或"…", "…"或-，现为DB'),
    ("db", "category", 'not("DB")', '应为"…"或"…", "…"或-，现为not("DB")'),
    ("db", "category", '"DB", "DB"', '列表有重复："DB", "DB"'),
    ("db", "kind", '"dental"', "不认识“dental”"),
    ("db", "age", "14", "年龄应写作 <= 14、> 14、[0..14] 或 -，现为14"),
    ("db", "age", "&lt; 0", "没有人符合：< 0"),
    ("db", "age", "[14..0]", "年龄段的起止颠倒：[14..0]"),
    ("db", "reading", '"R9"', "不认识“R9”"),
    ("db", "deductible", "", "起付线应为金额或“比例 * 参数”，现为空"),
    ("db", "deductible", "-1", "起付线应为金额或“比例 * 参数”，现为-1"),
    ("db", "deductible", "1500.001", "起付线应为金额或“比例 * 参数”，现为1500.001"),
    ("db", "deductible", "0.05 * wages", "不认识“wages”"),
    ("db", "ratio", "75%", "比例应大于0、不超过1（75%写作0.75），现为75%"),
    ("db", "ratio", "1.01", "比例应大于0、不超过1（75%写作0.75），现为1.01"),
    ("db", "ratio", "0", "比例应大于0、不超过1（75%写作0.75），现为0"),
    ("db", "ratio", "null", "写 ratio 或 bands，只写一个"),
    ("ybzp_r1", "ratio", "0.5", "写 ratio 或 bands，只写一个"),
    ("ybzp_r1", "bands", '"other"', "不认识“other”"),
    ("ybzp_r1", "bands", "other", '应为"…"，现为other'),
    ("db", "pool", '"other"', "不认识“other”"),
    ("db", "pool", '"rare_drug"', "这个额度不含这一行的类别"),
    ("db", "base", '"T-B-B"', '计算基数应写作"T-O-B-S-M-R"或其一部分，现为"T-B-B"'),
    ("db", "base", '"B-T"', '计算基数应写作"T-O-B-S-M-R"或其一部分，现为"B-T"'),
    ("db", "base", "", '计算基数应写作"T-O-B-S-M-R"或其一部分，现为空'),
]


@pytest.mark.parametrize(("rule", "column", "cell", "reason"), CELLS)
def test_a_mistake_in_a_cell_is_refused_with_the_cell(rule, column, cell, reason):
    found = faults(in_row(rule, column, cell))
    number = [each.id for each in plan().rules].index(rule) + 1
    assert any(
        file == DMN and where.startswith(f"rule {number} {rule} / ") and why == reason
        for file, where, why in found
    ), found


def test_a_base_may_leave_parts_out_and_start_with_nothing_taken_off():
    """ZCX of Anfu deducts the basic insurance only (domain 3.3)."""
    assert plan(in_row("tk", "base", '"T-O-B"')).rules[0].deducted == ("O", "B")
    assert plan(in_row("tk", "base", '"T"')).rules[0].deducted == ()


# Gaps and overlaps


def row(rule_id: str, **cells: str) -> str:
    """A further row for the table, like that of DB."""
    like_db = {
        "category": '"DB"',
        "kind": '"inpatient", "outpatient_chronic", "day_surgery", "home_bed"',
        "age": "-",
        "reading": "-",
        "deductible": "1500",
        "ratio": "0.75",
        "bands": "null",
        "pool": '"general"',
        "base": '"T-O-B-S-M-R"',
    }
    texts = [each.replace("<", "&lt;") for each in (like_db | cells).values()]
    entries = [f"<inputEntry><text>{each}</text></inputEntry>" for each in texts[:4]]
    entries += [f"<outputEntry><text>{each}</text></outputEntry>" for each in texts[4:]]
    note = "<annotationEntry><text>test</text></annotationEntry>"
    return f'<rule id="{rule_id}">{"".join(entries)}{note}</rule>'


def with_rows(files: dict[str, bytes], *rows: str) -> dict[str, bytes]:
    return files | {
        DMN: files[DMN].replace(b"</decisionTable>", "".join(rows).encode() + b"</decisionTable>")
    }


def test_a_gap_is_refused_with_the_people_it_concerns():
    found = faults(in_row("db", "kind", '"inpatient"'))
    assert {where for _, where, _ in found} == {
        f"DB / {kind} / 0+ / {reading}"
        for kind in ("outpatient_chronic", "day_surgery", "home_bed")
        for reading in ("R1", "R2", "R3")
    }
    assert {why for *_, why in found} == {"没有适用的规则，也没有列为不适用"}


def test_a_gap_may_be_stated():
    toml = (
        FILES[TOML]
        + (
            '\n[[not_covered]]\ncategories = ["DB"]\nkinds = '
            '["outpatient_chronic", "day_surgery", "home_bed"]\n'
            'reason = { zh = "未写明", en = "not stated" }\n'
        ).encode()
    )
    policy = plan(in_row("db", "kind", '"inpatient"') | {TOML: toml})
    assert policy.rule_for("DB", "home_bed", 40, "R1") is None


def test_a_rule_for_what_is_listed_as_not_covered_is_a_contradiction():
    found = faults(with_rows(FILES, row("ffp", category='"FFP"')))
    assert (DMN, "FFP / inpatient / 0+ / R1", "列为不适用，却有规则：ffp") in found


def test_an_overlap_is_refused_with_the_rows_that_collide():
    found = faults(with_rows(FILES, row("db_child", age="<= 14")))
    assert (DMN, "DB / inpatient / 0–14 / R1", "几行同时适用：db, db_child") in found
    assert not any("15+" in where for _, where, _ in found)


def test_ages_may_split_a_category():
    """Ten points more for children (domain 3.3) are two rows."""
    files = with_rows(in_row("db", "age", "> 14"), row("db_child", age="<= 14", ratio="0.85"))
    policy = plan(files)
    assert policy.rule_for("DB", "inpatient", 14, "R1").id == "db_child"
    assert policy.rule_for("DB", "inpatient", 15, "R1").id == "db"


def test_ages_that_leave_a_year_out_are_a_gap():
    files = with_rows(in_row("db", "age", "&gt;= 15"), row("db_child", age="< 14"))
    assert {where.split(" / ")[2] for _, where, _ in faults(files)} == {"14–14"}


def test_a_reading_without_a_row_is_a_gap():
    found = faults(in_row("ybzp_r3", "reading", '"R2"'))
    assert {why for *_, why in found} == {
        "没有适用的规则，也没有列为不适用",
        "几行同时适用：ybzp_r2, ybzp_r3",
    }


def test_a_policy_without_readings_needs_no_reading_column():
    toml = FILES[TOML].decode()
    toml = re.sub(r'reading = "R1"\n|\[readings\..*\nzh.*\nen.*\n', "", toml)
    table = FILES[DMN].decode()
    table = re.sub(r' *<rule id="ybzp_r[23]">.*?</rule>\n', "", table, flags=re.S)
    table = re.sub(r' *<input id="in_reading".*?</input>\n', "", table, flags=re.S)
    table = re.sub(r' *<inputEntry id="\w+_reading">.*\n', "", table)
    policy = plan({TOML: toml.encode(), DMN: table.encode()})
    assert policy.reading is None
    assert policy.rule_for("YBZP", "inpatient", 40, None).id == "ybzp_r1"


def test_ages_are_cut_wherever_a_rule_begins_or_ends():
    (rule, *_) = with_ages("[3..14]")
    assert spans([rule.ages]) == [Ages(0, 2), Ages(3, 14), Ages(15, None)]
    assert spans([]) == [Ages(0, None)]


def with_ages(cell: str):
    """The rules of a plan in which DB applies to these ages only and to nobody else of its category."""
    others = [row(f"r{number}", age=age) for number, age in enumerate(("< 3", "> 14"))]
    policy = plan(with_rows(in_row("db", "age", cell), *others))
    return [rule for rule in policy.rules if rule.id == "db"]


# The shape of the table

SHAPES = [
    ('hitPolicy="UNIQUE"', 'hitPolicy="FIRST"', "hitPolicy", "命中策略应为 UNIQUE，现为FIRST"),
    ('hitPolicy="UNIQUE"', 'hitPolicy="BOGUS"', "hitPolicy", "命中策略应为 UNIQUE，现为BOGUS"),
    (
        'hitPolicy="UNIQUE"',
        'hitPolicy="COLLECT" aggregation="SUM"',
        "hitPolicy",
        "命中策略应为 UNIQUE，现为COLLECT SUM",
    ),
    (
        'hitPolicy="UNIQUE"',
        'hitPolicy="UNIQUE" aggregation="SUM"',
        "hitPolicy",
        "命中策略应为 UNIQUE，现为UNIQUE SUM",
    ),
    ("<text>age</text>", "<text>years</text>", "years", "不认识的列"),
    ("<text>category</text>", "<text>years</text>", "category", "缺少这一列"),
    ("<text>category</text>", "<text>kind</text>", "kind", "这一列出现了不止一次"),
    ('typeRef="number"><text>age', 'typeRef="string"><text>age', "age", "列的类型应为 number"),
    ('name="pool" typeRef="string"', 'name="pool" typeRef="number"', "pool", "列的类型应为 string"),
    ('name="pool" typeRef="string"', 'typeRef="string"', "output", "不认识的列"),
    ('name="base"', 'name="basis"', "base", "缺少这一列"),
    ('<annotation name="source" />', '<annotation name="remark" />', "annotation", "缺少依据列 source"),
    ('<rule id="db">', "<rule>", "rule 2", "每一行要有自己的 id"),
    ('<rule id="db">', '<rule id="tk">', "rule 2 tk", "每一行要有自己的 id"),
    ("取消起付线，90%；domain 3.2", "", "rule 1 tk / source", "每一行要写明依据"),
    ('<inputEntry id="tk_age"><text>-</text></inputEntry>', "", "rule 1 tk", "input 应有4格，现有3格"),
    (
        '<outputEntry id="tk_ratio"><text>0.90</text></outputEntry>',
        "",
        "rule 1 tk",
        "output 应有5格，现有4格",
    ),
    ("<text>0.90</text>", "", "rule 1 tk / ratio", "格内应恰有一个 text"),
    ("<text>0.90</text>", "<text><b/>0.90</text>", "rule 1 tk / ratio", "格内应恰有一个 text"),
    ('id="tk_ratio"', 'expressionLanguage="python"', "rule 1 tk / ratio", "不得另定表达式语言"),
    ('<decision id="tariff"', '<inputData id="x"/><decision id="tariff"', "inputData", "此处不允许这个元素"),
    ("</decisionTable>", "</decisionTable><literalExpression/>", "literalExpression", "此处不允许这个元素"),
    ('<rule id="db">', '<rule id="db"><extensionElements/>', "extensionElements", "此处不允许这个元素"),
    ("</decision>", '</decision><decision id="more"/>', "decision", "应恰有一个 decision，现有2个"),
]


@pytest.mark.parametrize(("old", "new", "element", "reason"), SHAPES)
def test_a_table_of_another_shape_is_refused(old, new, element, reason):
    found = faults(edited(DMN, (old, new)))
    assert (DMN, element, reason) in found, found


def test_a_remark_never_stands_in_for_a_cell():
    """A column of remarks may be called like a column of the table."""
    text = (
        FILES[DMN]
        .decode()
        .replace('<annotation name="source" />', '<annotation name="source" /><annotation name="ratio" />')
    )
    note = "<annotationEntry><text>0.10</text></annotationEntry></rule>"
    assert plan(FILES | {DMN: text.replace("</rule>", note).encode()}) == plan()


def test_an_input_without_an_expression_is_refused():
    text = re.sub(r"<inputExpression id=\"expression_age\".*?</inputExpression>", "", FILES[DMN].decode())
    assert (DMN, "input", "缺少 inputExpression") in faults(FILES | {DMN: text.encode()})


def test_a_decision_without_a_table_is_refused():
    text = re.sub(r"<decisionTable.*</decisionTable>", "", FILES[DMN].decode(), flags=re.S)
    assert (DMN, "decisionTable", "应恰有一个 decisionTable，现有0个") in faults(FILES | {DMN: text.encode()})


def test_what_a_drawing_program_adds_is_passed_over():
    """Comments, descriptions and the places of boxes mean nothing."""
    drawing = '<dmndi:DMNDI xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"/></definitions>'
    files = edited(
        DMN,
        ('<rule id="db">', '<rule id="db"><description>low income</description><!-- as before -->'),
        ("</definitions>", drawing),
        ("<text>0.90</text>", "<text><![CDATA[0.90]]></text>"),
        (' hitPolicy="UNIQUE"', ""),
    )
    assert plan(files) == plan()


NO_TABLES: list[tuple[str, Callable[[bytes], bytes], str, str]] = [
    ("no XML", lambda _: b"{}", "-", "不是有效的 XML"),
    ("empty", lambda _: b"", "-", "不是有效的 XML"),
    ("too large", lambda table: table + b" " * 1_000_000, "-", "文件超过1000000字节"),
    ("another DMN", lambda table: table.replace(b"20191111", b"20180521"), "definitions", "应为 DMN 1.3"),
    (
        "a doctype",
        lambda table: table.replace(b"?>", b"?><!DOCTYPE definitions>", 1),
        "DOCTYPE",
        "不得有 DOCTYPE",
    ),
    (
        "an entity that reads a file",
        lambda table: table.replace(
            b"?>", b'?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', 1
        ).replace(b"<text>0.90</text>", b"<text>&f;</text>"),
        "DOCTYPE",
        "不得有 DOCTYPE",
    ),
    ("an unknown entity", lambda table: table.replace(b">0.90<", b">&f;<"), "-", "不是有效的 XML"),
]


@pytest.mark.parametrize(
    ("change", "element", "reason"), [each[1:] for each in NO_TABLES], ids=[each[0] for each in NO_TABLES]
)
def test_what_is_no_decision_table_is_refused(change, element, reason):
    file, where, why = faults(FILES | {DMN: change(FILES[DMN])})[0]
    assert (file, where) == (DMN, element)
    assert why.startswith(reason)
