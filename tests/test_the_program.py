"""`mingjian`: every command has help in both languages, and an exit status that means something."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from workflow.cli import OF_THE_PAGES, OWN, mingjian
from workflow.demo import county, simulate
from workflow.demo.stories import STORIES

ROOT = Path(__file__).parent.parent
EXPECTED = {
    "amount", "audit", "bench", "calendar", "channels", "db", "demo", "erase", "erasures", "export", "facts",
    "flags", "import", "inspect", "lint", "migrate", "replay", "retention", "rules", "run", "serve",
    "simulate", "spot-check", "user", "witness", "worker",
}  # fmt: skip
HAN, LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{3}")


def commands(group, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = list(commands(mingjian))


def run(*arguments, home=None):
    given = ["--home", str(home)] if home else []
    return CliRunner().invoke(mingjian, [*given, *arguments])


def test_all_commands_are_there():
    assert {path[0] for path, _ in EVERY} == EXPECTED


def test_the_list_says_of_each_command_what_the_command_says_of_itself():
    lines = {**{name: line for name, (_, line) in OWN.items()}, **OF_THE_PAGES}
    first = {path[0]: command for path, command in EVERY if len(path) == 1}
    for name, command in first.items():
        assert lines[name].rstrip(".") == command.get_short_help_str(limit=300).rstrip("."), name
    assert all(name in run("--help").output for name in first)


def test_the_list_and_one_command_do_not_load_the_product():
    told = "import sys; from workflow.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    told += "print(*sys.modules)"
    for words in (["--help"], ["amount", "--help"]):
        ran = subprocess.run(
            [sys.executable, "-c", told, *words], capture_output=True, text=True, check=True, cwd=ROOT
        )
        loaded = set(ran.stdout.splitlines()[-1].split())
        assert "workflow.cli" in loaded
        assert not loaded & {"web", "workflow.house", "workflow.engine.kernel", "SpiffWorkflow"}, words


@pytest.mark.parametrize("path,command", EVERY, ids=[" ".join(path) for path, _ in EVERY])
def test_help_speaks_both_languages(path, command):
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert HAN.search(command.help or "") and LATIN.search(command.help or ""), command.help
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in {"help", "as_json"}:
            assert HAN.search(option.help or "") and LATIN.search(option.help or ""), option.name


def test_the_readme_names_only_commands_that_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"mingjian (?:--home \S+ )?([a-z]+(?:-[a-z]+)*)", text)) - {"demo"}
    assert named <= EXPECTED


def test_a_small_county_is_made_verified_and_replayed(tmp_path, monkeypatch):
    """Two stories and one that is drawn. That all are told: `test_building_the_demonstration`."""
    two = STORIES[:2]
    for module in (county, simulate):
        monkeypatch.setattr(module, "first_of_each", lambda: two)
    made = run("demo", "--cases", "3", home=tmp_path)
    assert made.exit_code == 0, made.output
    record = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert record["cases"] >= 3 and {"login", "name", "role", "org"} == set(record["accounts"][0])
    verified = run("audit", "verify", "--json", home=tmp_path)
    assert verified.exit_code == 0
    replayed = run("replay", "--all", "--json", home=tmp_path)
    assert replayed.exit_code == 0
    results = json.loads(replayed.stdout)
    assert len(results) == record["cases"] and all(result["identical"] for result in results)
    one = run("replay", results[0]["number"], home=tmp_path)
    assert one.exit_code == 0
    again = run("demo", home=tmp_path)
    assert again.exit_code != 0, "a house with cases takes no demonstration"


def test_a_case_that_is_not_there_is_a_wrong_call(tmp_path):
    assert run("replay", "2026-9999", home=tmp_path).exit_code == 2
    assert run("replay", home=tmp_path).exit_code == 2


def test_lint_says_which_element_is_wrong(tmp_path):
    whole = run("lint")
    assert whole.exit_code == 0, whole.output
    assert "sub_archive: 探索了" in whole.output, "each flow says how far it was looked into"
    source = (ROOT / "bpmn/flows/sub_archive.bpmn").read_text(encoding="utf-8")
    (tmp_path / "sub_archive.bpmn").write_text(source.replace('value="ARCH"', 'value=""'), encoding="utf-8")
    broken = run("lint", str(tmp_path), "--json")
    assert broken.exit_code == 1
    faults = json.loads(broken.stdout)["faults"]
    assert any(fault["element"] == "archive_case" and fault["zh"] and fault["en"] for fault in faults)


def test_the_database_is_upgraded_once(tmp_path):
    assert "已升级" in run("db", "upgrade", home=tmp_path).output
    assert "最新" in run("db", "upgrade", home=tmp_path).output
