"""A new county is a new folder under bpmn/policies and nothing else: written from scratch, run to payment."""

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from policy_writing import policy_set
from rule_changes import released

import bpmn
from workflow.amounts.vocabulary import DATA
from workflow.demo.staff import REPRESENTATIVES
from workflow.engine.lint import lint_folder
from workflow.errors import AnswersRefused
from workflow.register.one_bill import policy_today
from workflow.replay import replay
from workflow.rules import policy_faults

NEW = "yunfeng"
WAY = "ma_ordinary_county"

HEAD = """area = "360829"
valid_from = 2026-01-01

categories = ["LDX", "TK"]

[own_categories]
LDX = { zh = "城镇零就业家庭成员", en = "member of a household without work" }

[kinds]
inpatient = { zh = "住院", en = "inpatient" }

[limits.D04]
amount = 3
unit = "wd"
source = "县府办〔2026〕1号第九条"

[limits.D05]
amount = 8
warn = ["5wd"]
source = "县府办〔2026〕1号第七条"
"""

POOLS = """[pools.year]
title = { zh = "年度限额", en = "yearly limit" }
kinds = ["inpatient"]
limits = [
    { categories = ["LDX"], amount = 4000 },
    { categories = ["TK"], amount = 80000 },
]
"""

PROCEDURE = """[procedure]
ways = ["ma_ordinary_county"]
posting_review = false
posting_audit = true
posting_decision = false
review_signatures = 7
review_majority = 0.60
economy_check = []
"""

ROWS = (
    {
        "id": "ldx",
        "category": '"LDX"',
        "deductible": "300",
        "ratio": "0.55",
        "pool": '"year"',
        "base": '"T-O-B-S"',
    },
    {
        "id": "tk",
        "category": '"TK"',
        "deductible": "0",
        "ratio": "0.95",
        "pool": '"year"',
        "base": '"T-O-B-S"',
    },
)


def signed_by(number: int) -> dict[str, object]:
    return {"signatures": number, "signers": "、".join(REPRESENTATIVES[:number])}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data with one new folder of two files in it."""
    copy = tmp_path / "bpmn"
    shutil.copytree(DATA, copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    for path, content in policy_set(NEW, HEAD, POOLS, ROWS, PROCEDURE).items():
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_bytes(content)
    return copy


@pytest.fixture
def new_county(county, folder):
    """The small county after two people have released the rule book with the new folder."""
    book = bpmn.load(folder)
    before = dict(county.house.rules().rulebook.manifest)
    added = {path for path, sha in book.manifest.items() if before.get(path) != sha}
    assert added == {f"policies/{NEW}/policy.toml", f"policies/{NEW}/tariff.dmn"}
    released(county, dict(book.files))
    return county


def application(county, **household):
    """Somebody of the new category applies at the window, which finds the policy of the place by itself."""
    rules = county.house.rules()
    liaison = county.staff["vlia1"]
    policy = policy_today(rules.policies, county.today, liaison.actor.org, WAY)
    return liaison.files(*county.household(category="LDX", **household), policy=policy)


def test_the_new_folder_is_checked_like_the_rest(folder):
    assert lint_folder(folder) == []
    assert policy_faults(bpmn.load(folder).files, alone=False) == ()


def test_a_case_of_the_new_county_runs_to_the_money_by_its_own_rules(new_county):
    county = new_county
    case = application(county)
    assert case.row.policy == NEW

    county.drive(case, "record_review", {})
    with pytest.raises(AnswersRefused) as refused:
        county.staff["vlia1"].records_review(case, **signed_by(6))
    assert [(fault.field, fault.message.zh) for fault in refused.value.faults] == [
        ("signatures", "签名6人。评议记录至少要7名代表签名")
    ]
    county.staff["vlia1"].records_review(case, **signed_by(7))

    county.drive(case, "audit_file", {})
    audit = case.clock("D05")
    assert audit.due_at - audit.started_at > timedelta(days=8)  # eight working days, not five
    county.drive(case, "post_audit_opinion", {})
    county.drive(case, "confirm_posting_township", {})
    (posting,) = case.postings
    assert posting.number == 2
    assert posting.ends_at - posting.posted_at < timedelta(days=7)  # three working days, not seven days

    county.drive(case, "end", {})
    assert (case.row.outcome, case.row.category, case.row.aid) == ("approved", "LDX", Decimal("4000.00"))
    assert [posting.number for posting in case.postings] == [2]
    assert [(payment.status, payment.amount) for payment in case.payments] == [
        ("credited", Decimal("4000.00"))
    ]
    (sheet,) = case.calculations[-1].sheet
    assert sheet["warnings"] == ["CAP_CUT"]  # 55 % of what exceeds 300 would be 4,235.00
    assert sheet["sheet"]["policy"] == NEW
    letter = case.letters["approval_decision"].fields
    assert (letter["category"], letter["annual_limit"]) == ("城镇零就业家庭成员", "4000.00")
    with county.house.reader.connect() as conn:
        assert replay(county.house, conn, case.id).difference is None


def test_the_majority_of_the_new_county_counts_too(new_county):
    """Nine of sixteen are more than half and not more than sixty per cent."""
    case = new_county.drive(application(new_county), "record_review", {})
    votes = {"voters_present": 16, "voters_withdrawn": 0, "votes_yes": 9, "votes_no": 7, "votes_abstain": 0}
    new_county.staff["vlia1"].records_review(case, **votes, **signed_by(8))
    reasons = "同意票没有超过参加表决人数的六成，代表们认为家庭收入和开支没有说清楚。"
    new_county.staff["vhead1"].signs_review(case, review_reasons=reasons)
    assert "tell_review_result" in case.open


def test_the_neighbour_s_cases_stay_with_their_own_rules(new_county, county):
    """The plan is still there for whoever is told to use it: ten signatures, three postings."""
    liaison = county.staff["vlia1"]
    case = county.drive(liaison.files(*county.household(category="DB")), "record_review", {})
    with pytest.raises(AnswersRefused):
        liaison.records_review(case, **signed_by(7))
