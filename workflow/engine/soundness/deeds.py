"""What each step does to the variables that matter, read once from the diagram and the rule book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bpmn.expressions import names_in
from workflow.engine.lint_drawing import SPACES, Drawing, Node
from workflow.engine.lint_field import BROUGHT, STEPS, scripts_of
from workflow.engine.lint_misread import OUTPUT
from workflow.engine.soundness.domains import Answers, Decisions, answers_of
from workflow.engine.soundness.values import Domains, Names, Value, assignments, names_of
from workflow.engine.steering import Steering

PRE = "b:extensionElements/s:preScript"
POST = "b:extensionElements/s:postScript"
REPEATED = ("b:multiInstanceLoopCharacteristics", "b:standardLoopCharacteristics")


@dataclass(frozen=True)
class Deed:
    """One node.

    ``outputs``: what a decision table or a message gives. ``item`` and ``gathered`` are the variables of a
    repeated step: what one instance is for, and the list its results are gathered in. ``needs``: what is read
    before anything is set; ``sets``: relevant ones that may be set; ``certain``: those that certainly are.
    ``blocks``: while a case rests here, no other step of it can be done.
    """

    pre: str | None
    script: str | None
    post: str | None
    answers: Answers | None
    outputs: Mapping[str, Value]
    repeated: bool
    item: str | None
    gathered: str | None
    needs: Names
    sets: Names
    certain: Names
    blocks: bool


@dataclass(frozen=True)
class Reading:
    """What all deeds are read with."""

    book: Steering | None
    decisions: Decisions
    domains: Domains
    relevant: Names
    free: Names
    """Without a rule book: the variables any step may answer."""

    def deed(self, node: Node) -> Deed:
        pre, post = node.text(PRE), node.text(POST)
        script = node.text("b:script") if node.tag == "scriptTask" else None
        answers = answers_of(node, self.book, self.relevant, self.domains, self.free)
        outputs = self.decisions.get(node.text("b:extensionElements/s:calledDecisionId") or "", {})
        message = node.element.find("b:messageEventDefinition", SPACES)
        if message is not None:
            brought = BROUGHT.get(message.get("messageRef", ""), frozenset())
            outputs = {**outputs, **{name: self.domains.of(name) for name in brought}}
        outputs = {name: value for name, value in outputs.items() if name in self.relevant}
        gathered, item = node.text(OUTPUT) or None, node.item
        assigned = [pair for source in (pre, script, post) for pair in assignments(source or "")]
        sets = {name for name, _ in assigned} | outputs.keys()
        sets |= answers.values.keys() if answers else set()
        traces = {name for name in (item, gathered) if name}
        needs: set[str] = set()
        for name, expression in reversed(assigned):
            needs.discard(name)
            if name in self.relevant:
                needs |= names_of(expression)
        if answers is not None:
            needs |= answers.reads
        if gathered or item:
            needs.add(f"@{gathered or item}")
        repeated = any(node.element.find(path, SPACES) is not None for path in REPEATED)
        certain = {name for name, _ in assigned} | (answers.always if answers else frozenset())
        return Deed(
            pre=pre,
            script=script,
            post=post,
            answers=answers,
            outputs=outputs,
            repeated=repeated,
            item=item,
            gathered=gathered,
            needs=frozenset(needs),
            sets=frozenset(name for name in sets | traces if name in self.relevant)
            | {f"@{name}" for name in traces},
            certain=frozenset() if repeated else frozenset(certain),
            blocks=self._blocks(node),
        )

    def _blocks(self, node: Node) -> bool:
        return self.book is not None and node.properties.get("state", "") in self.book.blocking


def relevant_names(drawings: Iterable[Drawing], book: Steering | None) -> Names:
    """Variables that decide where a case goes, directly or through scripts and offered choices."""
    found: set[str] = set()
    scripts: list[tuple[str, str]] = []
    offers: list[tuple[str, Names]] = []
    for drawing in drawings:
        for flow in drawing.flows:
            found |= names_of(flow.condition or "True")
        for node in drawing.nodes.values():
            scripts += [pair for source in scripts_of(node) for pair in assignments(source)]
            form = book.forms.get(node.properties.get("form", "")) if book and node.tag in STEPS else None
            for field in form.fields if form else ():
                whens = [field.when, *(choice.when for choice in field.choices)]
                offers += [(field.name, names_in(when)) for when in whens if when]
    size = -1
    while size != len(found):
        size = len(found)
        for name, expression in scripts:
            if name in found:
                found |= names_of(expression)
        for name, names in offers:
            if name in found:
                found |= names
    return frozenset(found)


def never_scripted(drawings: Iterable[Drawing], relevant: Names) -> Names:
    """Relevant variables that no script sets."""
    scripted = {
        name
        for drawing in drawings
        for node in drawing.nodes.values()
        for source in scripts_of(node)
        for name, _ in assignments(source)
    }
    return frozenset(name for name in relevant if name not in scripted)
