"""`mingjian amount`: claims as JSON lines in, results as JSON lines out."""

import json
import shutil

import pytest
from click.testing import CliRunner, Result

from workflow.amounts import amount_lines, read_folder
from workflow.amounts import command as command_module
from workflow.amounts.command import amount
from workflow.amounts.vocabulary import DATA

FOLDER = DATA / "policies" / "plan-2026"
PLAN = read_folder(FOLDER)
E04 = {
    "T": "80000.00", "O": "12345.60", "B": "41000.00", "S": "6500.40", "M": "0", "R": "0.00",
    "categories": ["DB"], "kind": "inpatient", "admitted": "2026-03-01", "settled": "2026-03-20",
    "birth": "1960-05-04", "earlier": [],
}  # fmt: skip


def run(lines: list[object], policy: str = "plan-2026") -> tuple[Result, list[dict]]:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    result = CliRunner().invoke(amount, ["--policy", policy, "-"], input=text)
    return result, [json.loads(each) for each in result.stdout.splitlines()]


def refusal(**changes: object) -> str:
    """The Chinese reason for a claim that is E04 but for these keys; None takes a key away."""
    claim = {key: each for key, each in (E04 | changes).items() if each is not None}
    result, (answer,) = run([claim])
    assert result.exit_code == 1
    assert set(answer) == {"line", "error"} and answer["error"]["en"].startswith("line 1: ")
    return answer["error"]["zh"].removeprefix("第1行：")


def test_a_claim_gives_aid_words_warnings_and_sheet():
    result, (answer,) = run([E04])
    assert result.exit_code == 0
    assert list(answer) == ["aid", "category", "in_words", "warnings", "sheet"]
    assert answer["aid"] == "13990.50"
    assert answer["category"] == "DB"
    assert answer["in_words"] == "人民币壹万叁仟玖佰玖拾元伍角"
    assert answer["warnings"] == []
    assert answer["sheet"]["lines"][6]["amount"] == "20154.00"


def test_income_reading_earlier_claims_and_open_insurance_are_read():
    claim = E04 | {
        "categories": ["YBZP"],
        "income": "50000.00",
        "reading": "R2",
        "earlier": [{"P": "5000", "paid": "0", "kind": "inpatient"}],
        "serious_illness_settled": False,
        "id": "A-1",
    }
    _, (answer,) = run([claim])
    assert (answer["id"], answer["aid"], answer["warnings"]) == ("A-1", "10077.00", ["SERIOUS_ILLNESS_OPEN"])


def test_earlier_claims_income_and_reading_may_be_left_out_or_null():
    claim = {key: each for key, each in E04.items() if key != "earlier"} | {"income": None, "reading": None}
    assert run([claim])[1][0]["aid"] == "13990.50"


def test_keys_nobody_knows_are_named_not_swallowed():
    assert run([E04 | {"incme": "1"}])[1][0]["ignored"] == ["incme"]


def test_a_bad_line_is_answered_in_its_place_and_the_rest_is_computed():
    result, answers = run([E04, "nope", "", E04 | {"id": 7, "kind": "dental"}, E04])
    assert result.exit_code == 1
    assert [each.get("aid") for each in answers] == ["13990.50", None, None, "13990.50"]
    assert answers[1]["line"] == 2
    assert answers[1]["error"]["zh"].startswith("第2行：不是有效的 JSON")
    assert (answers[2]["id"], answers[2]["line"]) == (7, 4)
    assert "2 行未能计算" in result.stderr


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[]", "应为一个 JSON 对象"),
        ('{"T":"1","T":"2"}', "同一个键出现了两次"),
        ('{"T":NaN}', "不是有效的 JSON：NaN is no number"),
        ("[" * 100_000, "嵌套太深"),
        ('"' + "x" * 1_000_001 + '"', "这一行太长"),
    ],
)
def test_lines_that_are_no_claim_are_refused(line, reason):
    result, (answer,) = run([line])
    assert result.exit_code == 1
    assert answer["error"]["zh"] == f"第1行：{reason}"


def test_bytes_that_are_no_text_are_refused():
    (answer,) = amount_lines([PLAN], [b'{"T": "\xff"}'])
    assert "不是有效的 JSON" in answer["error"]["zh"]


def test_a_byte_order_mark_at_the_start_is_no_fault():
    (answer,) = amount_lines([PLAN], ["\ufeff".encode() + json.dumps(E04).encode()])
    assert answer["aid"] == "13990.50"


def test_what_is_missing_is_named():
    assert refusal(T=None, birth=None) == "缺少 T, birth"
    assert refusal(earlier=[{"P": "1"}]) == "earlier[1] 缺少 paid, kind"


@pytest.mark.parametrize(
    "amount", [80000, 1.5, "80,000.00", "-1", "1.001", "1e5", "１", "", True, {"yuan": 1}]
)
def test_amounts_are_texts_with_at_most_two_decimals(amount):
    assert refusal(T=amount).startswith("T 应为文字形式的金额")


def test_wrong_types_are_refused_in_words():
    assert refusal(categories="DB") == "categories 应为列表"
    assert refusal(categories=[1]) == "categories 应为文字"
    assert refusal(kind=["inpatient"]) == "kind 应为文字"
    assert refusal(earlier=["x"]) == "earlier[1] 应为对象"
    assert refusal(earlier=[{"P": "1", "paid": "-1", "kind": "inpatient"}]).startswith("earlier[1].paid")
    assert refusal(serious_illness_settled="no") == "serious_illness_settled 应为 true 或 false"
    assert refusal(income="many").startswith("income 应为")
    assert refusal(reading=1) == "reading 应为文字"


@pytest.mark.parametrize("day", ["2026-02-30", "2026-3-1", "20260301", 20260301])
def test_dates_must_be_real_days(day):
    assert refusal(admitted=day).startswith('admitted 应为日期，如"2026-03-01"')


def test_the_claims_own_contradictions_are_refused():
    assert refusal(settled="2026-02-01") == "结算日2026-02-01早于入院日2026-03-01"
    assert refusal(categories=["XX"]) == "没有“XX”这类人员"


def test_a_folder_serves_as_policy_whatever_its_name(tmp_path):
    draft = tmp_path / "draft"
    shutil.copytree(FOLDER, draft)
    table = draft / "tariff.dmn"
    table.write_text(table.read_text().replace("<text>0.75</text>", "<text>0.80</text>"))
    assert run([E04], str(draft))[1][0]["aid"] == "14923.20"
    table.write_text(table.read_text().replace("<text>0.80</text>", "<text>80</text>"))
    result, answers = run([E04], str(draft))
    assert (result.exit_code, answers) == (2, [])
    assert "tariff.dmn: rule 2 db / ratio: 比例应大于0" in result.stderr


def test_a_file_serves_as_well_as_standard_input(tmp_path):
    file = tmp_path / "claims.jsonl"
    file.write_text(json.dumps(E04) + "\n")
    result = CliRunner().invoke(amount, ["--policy", "plan-2026", str(file)])
    assert json.loads(result.stdout)["aid"] == "13990.50"


def test_an_unknown_policy_set_is_refused_with_those_there_are():
    result, answers = run([E04], "plan-1999")
    assert (result.exit_code, answers) == (2, [])
    assert "plan-2026" in result.stderr


def test_long_work_shows_progress(monkeypatch):
    monkeypatch.setattr(command_module, "PROGRESS_EVERY", 2)
    result, answers = run([E04] * 5)
    assert len(answers) == 5
    assert result.stderr.splitlines() == ["2 行 / lines …", "4 行 / lines …"]


def test_help_speaks_both_languages():
    text = CliRunner().invoke(amount, ["--help"]).output
    assert "计算救助金额" in text and "Compute amounts of aid" in text


def test_a_grant_s_household_and_a_merge_decision_are_read():
    grant = {**E04, "T": "3500.00", "O": "0", "B": "0", "S": "0", "kind": "living"}
    _, [for_one, for_four, wrong] = run(
        [grant, {**grant, "persons": 4}, {**grant, "persons": "4"}], policy="fugu-temporary"
    )
    assert (for_one["aid"], for_four["aid"]) == ("700.00", "2800.00")
    assert "persons 应为整数" in wrong["error"]["zh"]
    outpatient = {
        **E04, "T": "1000.00", "O": "0", "B": "0", "S": "0", "kind": "outpatient_chronic",
        "earlier": [{"P": "4500", "paid": "2700", "kind": "outpatient_chronic"}],
    }  # fmt: skip
    _, [alone, merged] = run([outpatient, {**outpatient, "merge_decision": True}], policy="jian-anfu")
    assert (alone["aid"], merged["aid"]) == ("300.00", "600.00")
