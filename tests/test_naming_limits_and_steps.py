"""A limit that names no step, a step that names no limit, a duty that cannot be: refused on loading."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import bpmn
from bpmn import RulebookError
from workflow.cli import mingjian
from workflow.duties.rules import duties_of, read_duties
from workflow.rules import prepare

AUDIT = "flows/sub_township_audit.bpmn"
NOBODY_S = (
    "\n[D99]\namount = 3\nunit = 'wd'\nescalate = ['SUP@msb']\n"
    "name = { zh = '没有人用', en = 'nobody needs it' }\nsource = 'here'\n"
)


def files(**changes: tuple[str, str]) -> dict[str, bytes]:
    """The packaged data with texts replaced: `duties__toml=(old, new)`; a new text of its own is added."""
    found = bpmn.packaged_files()
    for name, (old, new) in changes.items():
        path = AUDIT if name == "audit" else name.replace("__", ".")
        text = found[path].decode()
        assert old in text, old
        found[path] = (text.replace(old, new, 1) if old else text + new).encode()
    return found


def refused(**changes: tuple[str, str]) -> list[tuple[str, str, str]]:
    with pytest.raises(RulebookError) as caught:
        prepare(bpmn.from_files(files(**changes)))
    return [(fault.file, fault.element, fault.reason.zh) for fault in caught.value.faults]


def test_the_packaged_rules_name_every_limit_and_every_step() -> None:
    prepare(bpmn.load())


def test_a_limit_that_names_no_step_is_refused() -> None:
    ((file, element, reason),) = refused(limits__toml=("", NOBODY_S))
    assert (file, element) == ("limits.toml", "D99") and reason.startswith("没有环节")


def test_unless_it_says_why_there_is_no_step() -> None:
    why = "no_step = { zh = '明年才用', en = 'from next year on' }\n"
    book = bpmn.from_files(files(limits__toml=("", NOBODY_S + why)))
    prepare(book)
    assert book.limits["D99"].no_step is not None


def test_a_reason_for_no_step_is_refused_where_there_is_one() -> None:
    named = ("[D24]\n", "[D24]\nno_step = { zh = '没有', en = 'none' }\n")
    assert [row[:2] for row in refused(limits__toml=named)] == [("limits.toml", "D24.no_step")]


def test_a_step_that_names_no_limit_is_refused() -> None:
    old = '<spiffworkflow:property name="limit" value="D05" />'
    ((file, element, reason), *others) = refused(audit=(old, ""))
    assert (file, element) == (AUDIT, "audit_file") and "没有写明时限" in reason and not others


def test_a_step_that_names_a_limit_that_is_not_there_is_refused() -> None:
    old = '<spiffworkflow:property name="limit" value="D05" />'
    ((file, element, reason), *others) = refused(audit=(old, old.replace("D05", "D5")))
    assert (file, element, reason) == (AUDIT, "audit_file", "没有期限“D5”（limit）") and not others


def test_a_limit_that_scripts_choose_is_looked_up_too() -> None:
    """Which limit the survey runs on is said by the script before it."""
    found = bpmn.packaged_files()
    changed = {
        path: content.replace(b"check_limit = 'D06'", b"check_limit = 'D55'")
        for path, content in found.items()
        if path.endswith(".bpmn")
    }
    with pytest.raises(RulebookError) as caught:
        prepare(bpmn.from_files(found | changed))
    assert {fault.reason.zh for fault in caught.value.faults} == {"没有期限“D55”"}


def test_rules_from_before_there_were_duties_are_let_be() -> None:
    """Cases go on living by them, and their offices have the duties that come with the program."""
    old = files(limits__toml=("", NOBODY_S))
    del old["duties.toml"]
    book = bpmn.from_files(old)
    prepare(book)
    assert "hospital_clearing" in duties_of(book)


def test_of_the_duties_of_the_program_old_rules_have_those_they_know_the_limits_of() -> None:
    """And none that follows one of the others: the page of the work calendar opens all the same."""
    old = bpmn.packaged_files()
    del old["duties.toml"]
    limits = old["limits.toml"].decode()
    begin, end = limits.index("[D41A]"), limits.index("[D42]")
    old["limits.toml"] = (limits[:begin] + limits[end:]).encode()
    every = duties_of(bpmn.load()).keys()
    assert duties_of(bpmn.from_files(old)).keys() == every - {"joint_inspection", "inspection_disclosure"}


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("[x]\nlimit = 'D77'\noffices = ['msb']", "x.limit"),
        ("[x]\nlimit = 'D24'\noffices = ['post']", "x.offices"),
        ("[x]\nlimit = 'D24'", "x.offices"),
        ("[x]\nlimit = 'D42'\noffices = ['msb']", "x.limit"),
        ("[x]\nlimit = 'D24'\ncases = true\noffices = ['msb']", "x.offices"),
        ("[x]\nlimit = 'D22'\nafter = 'y'\noffices = ['msb']", "x.after"),
        ("[x]\nlimit = 'D24'\nafter = 'x'\noffices = ['msb']", "x.limit"),
        ("[x]\nlimit = 'D24'\noffices = ['msb']\ncolour = 'red'", "x.colour"),
        ("x = 1", "x"),
        ("= 1", "-"),
    ],
)
def test_a_wrong_duty_is_refused_with_its_element(text: str, element: str) -> None:
    with pytest.raises(RulebookError) as caught:
        read_duties(text.encode(), bpmn.load())
    faults = caught.value.faults
    assert element in {fault.element for fault in faults} and {fault.file for fault in faults} == {
        "duties.toml"
    }


def test_the_linter_says_it_in_words(tmp_path: Path) -> None:
    for path, content in files(limits__toml=("", NOBODY_S)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    found = CliRunner().invoke(mingjian, ["lint", str(tmp_path)])
    assert found.exit_code == 1
    assert "✘ limits.toml · D99: 没有环节、也没有工作日历的事项用到这个时限" in found.output
