"""Diagrams, forms, limits, papers and letters fit together: what one names, another provides."""

import ast
import inspect
from collections.abc import Callable, Iterator

import pytest
from lxml import etree

import bpmn
from bpmn import Rulebook, RulebookError
from workflow.cases.effects import DOERS
from workflow.cases.letters import SOURCES
from workflow.engine.expressions import compile_expression, compile_script
from workflow.letter_words import GIVES
from workflow.reading.words import SERVICES
from workflow.rules import prepare

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
NOT_DRAWN = {
    "withdrawal", "death", "pause_case", "resume_case", "urge", "extension",
    "extension_refusal", "reassignment", "supervision", "supervision_answer",
    "finding", "finding_answer", "finding_return", "finding_acceptance", "finding_closing",
}  # fmt: skip
"""Forms of what is said to a case outside its steps."""


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return bpmn.load()


def diagrams(book: Rulebook) -> dict[str, etree._Element]:
    return {path: etree.fromstring(content) for path, content in book.files.items() if path.endswith(".bpmn")}


def properties(book: Rulebook, name: str) -> set[str]:
    return {
        word
        for tree in diagrams(book).values()
        for row in tree.iter(f"{SPIFF}property")
        if row.get("name") == name
        for word in (row.get("value") or "").split()
    }


def texts(book: Rulebook, tag: str, space: str = BPMN) -> list[str]:
    return [node.text or "" for tree in diagrams(book).values() for node in tree.iter(f"{space}{tag}")]


def assigned(book: Rulebook) -> Iterator[tuple[str, frozenset[str | int | bool | None]]]:
    for script in (*texts(book, "script"), *texts(book, "preScript", SPIFF)):
        for name, expression in compile_script(script).assignments:
            yield name, expression.constants


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("role", lambda book: book.roles),
        ("limit", lambda book: book.limits),
        ("pauses", lambda book: {*book.limits, "*"}),
        ("runs_on", lambda book: book.limits),
        ("evidence", lambda book: book.papers),
    ],
)
def test_what_a_diagram_names_exists(
    book: Rulebook, name: str, table: Callable[[Rulebook], set[str]]
) -> None:
    filled = {value for variable, values in assigned(book) if variable == "check_limit" for value in values}
    assert {word for word in properties(book, name) if "{" not in word} <= set(table(book))
    assert filled <= set(book.limits)


def test_every_form_of_a_diagram_exists_and_every_form_is_used(book: Rulebook) -> None:
    opening = {row.form for row in book.flows.values()}
    assert properties(book, "form") | opening | NOT_DRAWN == set(book.forms)


def test_every_state_of_a_diagram_is_a_legal_state(book: Rulebook) -> None:
    for state in properties(book, "state"):
        if "{" not in state:
            assert state in book.states
    for name, values in assigned(book):
        if name in {"delivery_state", "archive_state"}:
            assert values <= set(book.states)


def test_a_letter_that_asks_for_what_nothing_gives_is_refused(book: Rulebook) -> None:
    files = dict(book.files)
    files["letter_fields.toml"] += '[moon]\nname = { zh = "月相", en = "moon" }\ntype = "text"\n'.encode()
    letter = "letters/repayment_settled.toml"
    files[letter] = files[letter].replace(b"{excess}", b"{moon}")
    with pytest.raises(RulebookError) as refused:
        prepare(bpmn.from_files(files))
    assert [(fault.file, fault.element) for fault in refused.value.faults] == [(letter, "moon")]


def test_who_gives_values_of_letters_is_asked_by_name() -> None:
    """What a source says is named, and what is named it says; number and extension come with the letter."""
    assert GIVES.keys() - SOURCES.keys() == {"number", "extension"}
    for name, source in SOURCES.items():
        code = ast.parse(inspect.getsource(source))
        asked = {  # what a statement is asked with is no value of a letter
            id(given)
            for node in ast.walk(code)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "first"
            for given in node.args
        }
        written = {
            key.value
            for node in ast.walk(code)
            if isinstance(node, ast.Dict) and id(node) not in asked
            for key in node.keys
        }
        written |= {
            node.targets[0].slice.value
            for node in ast.walk(code)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
        }
        assert written == GIVES[name], name


def test_a_step_for_a_role_that_may_complete_none_is_refused(book: Rulebook) -> None:
    flow = "flows/sub_archive.bpmn"
    files = dict(book.files)
    files[flow] = files[flow].replace(b'name="role" value="ARCH"', b'name="role" value="AUD"')
    with pytest.raises(RulebookError) as refused:
        prepare(bpmn.from_files(files))
    assert [(fault.file, fault.element) for fault in refused.value.faults] == [(flow, "archive_case")]


def test_every_letter_of_a_diagram_exists_and_a_refusal_tells_the_rights(book: Rulebook) -> None:
    letters = {
        str(value)
        for tree in diagrams(book).values()
        for row in tree.iter(f"{SPIFF}parameter")
        if row.get("id") == "letter"
        for value in compile_expression(row.get("value") or "").constants
    }
    for name, values in assigned(book):
        if name in {"decision_letter", "withdrawal_letter"}:
            letters |= {str(value) for value in values}
    assert letters | {"delivery_proof", "extension_notice", "disclosure_extension"} == set(book.letters)
    for letter in ("refusal_to_accept", "refusal_decision", "approval_decision", "disclosure_refusal"):
        assert book.letters[letter].rights


def test_every_variable_a_diagram_reads_comes_from_somewhere(book: Rulebook) -> None:
    provided = set(book.variables) | {name for name, _ in assigned(book)}
    provided |= {name for form in book.forms.values() for name in form.variables}
    for source in texts(book, "conditionExpression"):
        assert compile_expression(source).names <= provided
    for source in texts(book, "script"):
        assert compile_script(source).names <= provided


def test_what_a_script_sets_is_listed_as_a_variable(book: Rulebook) -> None:
    provided = set(book.variables) | {name for form in book.forms.values() for name in form.variables}
    assert {name for name, _ in assigned(book)} <= provided


def test_every_answer_a_diagram_asks_for_can_be_given(book: Rulebook) -> None:
    answers: dict[str, set[object]] = {}
    required = set()
    for form in book.forms.values():
        for field in form.fields:
            if field.variable and field.type == "choice":
                answers.setdefault(field.name, set()).update(choice.id for choice in field.choices)
            if field.required and field.when is None:
                required.add(field.name)
    for name, values in assigned(book):
        answers.setdefault(name, set()).update(values)
    for name, value in comparisons(texts(book, "conditionExpression")):
        if isinstance(value, str) and name not in {"filed_by", "category"}:
            assert value in answers[name], f"{name} == {value!r}"
            assert name in required or name in dict(assigned(book)), name


def comparisons(sources: list[str]) -> Iterator[tuple[str, object]]:
    for source in sources:
        for node in ast.walk(ast.parse(source.strip(), mode="eval")):
            match node:
                case ast.Compare(left=ast.Name(id=name), comparators=[ast.Constant(value=value)]):
                    yield name, value


def test_every_effect_of_a_diagram_has_words_on_the_timeline():
    assert SERVICES.keys() | {"issue_letter"} == DOERS.keys(), "a letter is told by its own title"
