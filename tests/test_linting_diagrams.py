"""Linting diagrams: each rule finds its fault in a small diagram that is otherwise clean."""

import re
import tomllib
from pathlib import Path

import pytest

import bpmn
from bpmn import Fault, Rulebook
from workflow.engine.lint import lint, lint_folder

HERE = Path(__file__).parent / "linted"
CLEAN = {file.name: file.read_bytes() for file in HERE.glob("*.bpmn")}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return bpmn.load()


def broken(old: str, new: str, file: str = "tiny.bpmn") -> dict[str, bytes]:
    """The clean diagrams with every ``old`` (a pattern) replaced; it must occur."""
    text, count = re.subn(old, new, CLEAN[file].decode(), flags=re.DOTALL)
    assert count, f"{old!r} does not occur"
    return {**CLEAN, file: text.encode()}


def told(faults: list[Fault], element: str, words: str) -> bool:
    return any(fault.element == element and words in fault.reason.en for fault in faults)


def test_our_own_diagrams_are_clean() -> None:
    assert lint_folder(Path(bpmn.__file__).parent) == []


def test_the_small_diagrams_are_clean(book: Rulebook) -> None:
    assert lint(CLEAN) == []
    assert lint(CLEAN, book) == []


BROKEN = tomllib.loads((HERE / "broken.toml").read_text(encoding="utf-8"))


def rules(*groups: str) -> pytest.MarkDecorator:
    """The ways to break a diagram, by group of ``broken.toml``."""
    found = [rule for group in groups for rule in BROKEN[group]]
    return pytest.mark.parametrize("rule", found, ids=[rule["name"] for rule in found])


@rules("misread", "field", "style")
def test_rule(rule: dict[str, str]) -> None:
    faults = lint(broken(rule["old"], rule["new"], rule.get("file", "tiny.bpmn")))
    assert told(faults, rule["element"], rule["words"]), [str(fault) for fault in faults]
    assert all(fault.reason.zh and fault.file for fault in faults)


@rules("rulebook")
def test_names_are_looked_up_in_the_rule_book(book: Rulebook, rule: dict[str, str]) -> None:
    faults = lint(broken(rule["old"], rule["new"]), book)
    assert told(faults, rule["element"], rule["words"]), [str(fault) for fault in faults]


def test_a_step_may_not_bar_the_doer_of_an_unknown_step() -> None:
    assert told(lint(broken('value="ask"', 'value="asking"', "other.bpmn")), "look", "no node 'asking'")


def test_a_process_without_an_end_is_not_called() -> None:
    files = broken("<bpmn:endEvent.*?</bpmn:endEvent>", "", "other.bpmn")
    assert told(lint(files), "call_other", "no end event")


def test_a_process_does_not_call_itself() -> None:
    calling = '<bpmn:callActivity id="look" name="调查情况" calledElement="tiny">'
    new = calling + r"\1</bpmn:callActivity>"
    files = broken('<bpmn:userTask id="look"[^>]*>(.*?)</bpmn:userTask>', new, "other.bpmn")
    assert told(lint(files), "tiny", "calls itself")


def test_timers_do_not_follow_an_event_based_gateway() -> None:
    event = (
        '<bpmn:intermediateCatchEvent id="look" name="等候">'
        "<bpmn:timerEventDefinition><bpmn:timeDuration>'P1D'</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:intermediateCatchEvent>"
    )
    text = broken('<bpmn:userTask id="look".*?</bpmn:userTask>', event, "other.bpmn")["other.bpmn"].decode()
    text = re.sub("<bpmn:startEvent", '<bpmn:eventBasedGateway id="either" /><bpmn:startEvent', text)
    text = text.replace('sourceRef="other_begun" targetRef="look"', 'sourceRef="either" targetRef="look"')
    assert told(lint({**CLEAN, "other.bpmn": text.encode()}), "look", "event-based gateway")


TABLE = '<definitions><decision id="d"><decisionTable id="t" hitPolicy="{}"/></decision></definitions>'


@pytest.mark.parametrize("policy", ["FIRST", "ANY", "PRIORITY", "BOGUS"])
def test_decision_tables_that_would_mean_first_match(policy: str) -> None:
    assert told(lint({"d.dmn": TABLE.format(policy).encode()}), "t", "first match")


def test_unique_and_collect_tables_pass() -> None:
    for policy in ("UNIQUE", "COLLECT"):
        assert lint({"policies/d.dmn": TABLE.format(policy).encode()}) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<bpmn", "well-formed"),
        (b"<html/>", "BPMN"),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "DOCTYPE"),
    ],
)
def test_what_is_no_diagram_is_named(content: bytes, words: str) -> None:
    assert told(lint({"x.bpmn": content}), "-", words)


def test_a_folder_without_diagrams_is_a_fault(tmp_path: Path) -> None:
    assert told(lint_folder(tmp_path), "-", "no diagrams")


def test_a_single_file_can_be_linted() -> None:
    assert lint_folder(HERE / "other.bpmn") == [
        fault for fault in lint({"other.bpmn": CLEAN["other.bpmn"]}) if fault.file == "other.bpmn"
    ]


EACH = (
    r'\1<bpmn:multiInstanceLoopCharacteristics isSequential="false">'
    "<bpmn:loopDataInputRef>{}</bpmn:loopDataInputRef>"
    '<bpmn:inputDataItem id="department" name="department" /></bpmn:multiInstanceLoopCharacteristics>'
)


def repeated(collection: str) -> dict[str, bytes]:
    """The call of the other diagram made once for each of a list; that diagram reads the item."""
    files = broken('(<bpmn:callActivity id="call_other".*?)(?=</bpmn:callActivity>)', EACH.format(collection))
    old = '(<bpmn:userTask id="look"[^>]*>\\s*<bpmn:extensionElements>)'
    hook = r"\1<spiffworkflow:preScript>posting = department</spiffworkflow:preScript>"
    other, count = re.subn(old, hook, CLEAN["other.bpmn"].decode())
    assert count == 1
    return {**files, "other.bpmn": other.encode()}


def test_what_a_step_is_repeated_for_is_known_inside_it(book: Rulebook) -> None:
    assert lint(repeated("[1, 2]"), book) == []


def test_what_the_repeated_steps_answer_is_known_after_them(book: Rulebook) -> None:
    files = repeated("[1, 2]")
    text = files["tiny.bpmn"].decode().replace("<bpmn:inputDataItem", "<bpmn:loopDataOutputRef>answers"
                                               "</bpmn:loopDataOutputRef><bpmn:inputDataItem")  # fmt: skip
    later = '<bpmn:endEvent id="end_late" name="逾期已结束"><bpmn:extensionElements>'
    after = later + "<spiffworkflow:preScript>posting = answers</spiffworkflow:preScript>"
    text, count = re.subn(r'<bpmn:endEvent id="end_late"[^>]*>\s*<bpmn:extensionElements>', after, text)
    assert count == 1
    assert lint({**files, "tiny.bpmn": text.encode()}, book) == []
    assert told(
        lint({**files, "tiny.bpmn": text.replace(">answers<", ">others<").encode()}, book),
        "end_late",
        "answers",
    )


def test_the_list_a_step_is_repeated_for_must_be_set_before(book: Rulebook) -> None:
    assert told(lint(repeated("departments"), book), "call_other", "variable departments")


def test_the_list_a_step_is_repeated_for_is_an_expression() -> None:
    assert told(lint(repeated("list departments")), "call_other", "list departments")
