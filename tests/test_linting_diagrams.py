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


def test_a_process_without_an_end_would_hang() -> None:
    files = broken("<bpmn:endEvent.*?</bpmn:endEvent>", "", "other.bpmn")
    assert told(lint(files), "other", "no end event")


def test_a_process_does_not_call_itself() -> None:
    calling = '<bpmn:callActivity id="look" name="调查情况" calledElement="tiny">'
    new = calling + r"\1</bpmn:callActivity>"
    files = broken('<bpmn:userTask id="look"[^>]*>(.*?)</bpmn:userTask>', new, "other.bpmn")
    assert told(lint(files), "tiny", "calls itself")


def test_one_step_is_interrupted_by_one_timer() -> None:
    def late(name: str) -> str:
        return (
            f'<bpmn:boundaryEvent id="{name}" name="到期" attachedToRef="look"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>'P1D'</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        )

    start = "<bpmn:startEvent"
    once = lint(broken(start, late("late") + start, "other.bpmn"))
    twice = lint(broken(start, late("late") + late("later") + start, "other.bpmn"))
    words = "a second timer"
    assert told(twice, "later", words) and not told(twice, "late", words) and not told(once, "late", words)


def test_a_reminder_needs_the_timer_that_begins_it_anew() -> None:
    """D33 comes again because its timer fires (domain 7.2)."""
    files, diagram = bpmn.packaged_files(), "flows/sub_settlement_wait.bpmn"
    alone = {file.removeprefix("flows/"): content for file, content in files.items() if ".bpmn" in file}
    other = files[diagram].replace(b"due('D33')", b"due('M36')")
    assert other != files[diagram]
    faults = lint({**alone, "sub_settlement_wait.bpmn": other}, bpmn.from_files(files))
    assert told(faults, "receive_settlement", "D33 begins anew")


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


TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="x" name="x"
 namespace="urn:x">
<decision id="d" name="d"><decisionTable id="t" hitPolicy="{}">
<input id="i"><inputExpression id="e"><text>number</text></inputExpression></input>
<output id="o" name="kind"/>
<rule id="r"><inputEntry id="a"><text>{}</text></inputEntry>
<outputEntry id="b"><text>'all'</text></outputEntry>
<annotationEntry><text>domain 2.2</text></annotationEntry></rule>
</decisionTable></decision></definitions>"""


@pytest.mark.parametrize("policy", ["FIRST", "ANY", "PRIORITY", "BOGUS"])
def test_decision_tables_that_would_mean_first_match(policy: str) -> None:
    assert told(lint({"d.dmn": TABLE.format(policy, "").encode()}), "d", "first match")


def test_a_decision_table_with_a_gap() -> None:
    assert told(lint({"d.dmn": TABLE.format("UNIQUE", "&lt; 10").encode()}), "d", "no row for")


def test_tables_without_gaps_pass() -> None:
    for policy, cell in (("UNIQUE", ""), ("COLLECT", "&lt; 10")):
        assert lint({"d.dmn": TABLE.format(policy, cell).encode()}) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<bpmn", "valid XML"),
        (b"<html/>", "BPMN"),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>', "document type"),
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
    tiny, count = re.subn(
        "supplemented = False", "supplemented = False\nlist = [1, 2]", files["tiny.bpmn"].decode()
    )
    assert count == 1
    old = '(<bpmn:userTask id="look"[^>]*>\\s*<bpmn:extensionElements>)'
    hook = r"\1<spiffworkflow:preScript>posting = department</spiffworkflow:preScript>"
    other, count = re.subn(old, hook, CLEAN["other.bpmn"].decode())
    assert count == 1
    return {"tiny.bpmn": tiny.encode(), "other.bpmn": other.encode()}


def test_what_a_step_is_repeated_for_is_known_inside_it(book: Rulebook) -> None:
    assert lint(repeated("list"), book) == []


def gathering(variable: str) -> dict[str, bytes]:
    """Each of the repeated calls leaves something in ``variable``; a later script reads all of it."""
    files = repeated("list")
    text = (
        files["tiny.bpmn"]
        .decode()
        .replace(
            "<bpmn:inputDataItem",
            "<bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef><bpmn:inputDataItem",
        )
    )
    given = f'<bpmn:outputDataItem id="{variable}" name="{variable}" /></bpmn:multiInstance'
    text = text.replace("</bpmn:multiInstance", given)
    later = '<bpmn:endEvent id="end_late" name="逾期已结束"><bpmn:extensionElements>'
    after = later + "<spiffworkflow:preScript>archive_state = answers</spiffworkflow:preScript>"
    text, count = re.subn(r'<bpmn:endEvent id="end_late"[^>]*>\s*<bpmn:extensionElements>', after, text)
    assert count == 1
    return {**files, "tiny.bpmn": text.encode()}


def test_what_the_repeated_steps_answer_is_known_after_them(book: Rulebook) -> None:
    files = gathering("posting")
    assert lint(files, book) == []
    other = files["tiny.bpmn"].replace(b">answers<", b">others<")
    assert told(lint({**files, "tiny.bpmn": other}, book), "end_late", "variable answers")


def test_what_is_gathered_must_be_set_in_each_instance(book: Rulebook) -> None:
    """SpiffWorkflow stops where an instance ends without it."""
    assert told(lint(gathering("reply"), book), "call_other", "variable reply")


def test_a_list_without_the_variable_it_gathers_stays_empty() -> None:
    files = gathering("posting")
    text = re.sub(rb"<bpmn:outputDataItem[^>]*>", b"", files["tiny.bpmn"])
    assert told(lint({**files, "tiny.bpmn": text}), "call_other", "gathered only if both")


def test_the_list_a_step_is_repeated_for_must_be_set_before(book: Rulebook) -> None:
    assert told(lint(repeated("departments"), book), "call_other", "variable departments")


@pytest.mark.parametrize("collection", ["[1, 2]", "list departments", "len(list)"])
def test_the_list_a_step_is_repeated_for_is_a_variable(collection: str) -> None:
    assert told(lint(repeated(collection)), "call_other", "is no variable")
