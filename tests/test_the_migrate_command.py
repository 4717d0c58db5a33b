"""`mingjian migrate`: a preview with a line for each case and reason, then the move."""

import json

import pytest
from click.testing import CliRunner
from rule_changes import changed, released

from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
TEN_DAYS = ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10")


@pytest.fixture
def run(county):
    def run(*arguments):
        given = ["--home", str(county.house.home), "migrate", *arguments]
        return CliRunner().invoke(mingjian, given, input=f"{PASSWORD}\n")

    return run


def test_a_preview_changes_nothing_and_the_move_moves(case_at, county, run):
    case, ended = case_at("audit_file"), county.drive(case_at("audit_file"), "end", {})
    old, new = case.row.rulebook, released(county, changed(county, TEN_DAYS))
    told = run("--to", "current", "--all", "--preview", "--json")
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert [(row["number"], row["possible"]) for row in answer["cases"]] == [(case.row.number, True)]
    assert case.row.rulebook == old
    done = run("--to", new[:12], "--flow", case.row.flow, "--yes", "--as", "capr")
    assert done.exit_code == 0 and f"✔ {case.row.number}" in done.stdout, done.output
    assert case.row.rulebook == new and ended.row.rulebook == old
    again = run("--to", "current", "--case", case.row.number, "--case", ended.row.number, "--preview")
    assert again.exit_code == 1
    assert "已经在这个版本上" in again.stdout and "closed" in again.stdout


def test_whoever_may_not_is_refused_for_each_case(case_at, county, run):
    case = case_at("audit_file")
    released(county, changed(county, TEN_DAYS))
    told = run("--to", "current", "--all", "--yes", "--as", "trev1", "--json")
    assert told.exit_code == 1
    assert not json.loads(told.stdout)["cases"][0]["possible"]
    assert case.reads[-1]["type"] == "attempt_refused"


@pytest.mark.parametrize("arguments,status", [
    (["--to", "current", "--all"], 2),
    (["--to", "current", "--preview"], 2),
    (["--to", "current", "--all", "--yes"], 2),
    (["--to", "current", "--case", "2026-9999", "--preview"], 2),
    (["--to", "123456789abc", "--all", "--preview"], 1),
])  # fmt: skip
def test_a_wrong_call_is_told(county, run, arguments, status):
    assert run(*arguments).exit_code == status
