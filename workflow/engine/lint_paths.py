"""Rules about paths: no process calls itself, no loop spins, each variable is set before it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from bpmn.expressions import names_in
from bpmn.faults import Fault
from bpmn.forms import Form
from workflow.engine.expressions import ExpressionRefused, compile_expression, compile_script
from workflow.engine.lint_drawing import CONTAINERS, SPACES, WAITING, Drawing, Node
from workflow.engine.lint_field import BROUGHT, FACTS, STARTING, STEPS
from workflow.engine.lint_misread import OUTPUT, REPEATS
from workflow.engine.steering import Steering

Names = frozenset[str]
CONDITION = "b:conditionalEventDefinition/b:condition"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def check(drawings: Sequence[Drawing], book: Steering | None) -> Iterator[Fault]:
    """Rules over all diagrams. Variables are only followed with a rule book: it knows what forms ask."""
    owner = {process.get("id", ""): drawing for drawing in drawings for process in drawing.processes()}
    for drawing in drawings:
        yield from _automatic_loops(drawing, owner)
    circles = list(_circles(owner))
    yield from circles
    if book is not None and not circles:
        calls = [call for drawing in drawings for call in drawing.of("callActivity")]
        called = {call.element.get("calledElement") for call in calls}
        variables = Variables(owner, book)
        for process, drawing in owner.items():
            if process not in called:
                variables.after(drawing, process, variables.given(process))
        yield from variables.faults.values()


def following(drawing: Drawing, node: str) -> list[str]:
    """Nodes that come directly after: targets of its flows, and the boundary events that may interrupt it."""
    targets = [flow.target for flow in drawing.outgoing.get(node, []) if flow.target in drawing.nodes]
    return targets + [event.id for event in drawing.attached.get(node, [])]


def starts(drawing: Drawing, scope: str) -> list[str]:
    return [node.id for node in drawing.of("startEvent") if node.scope == scope]


def _closure(first: Sequence[str], after: Callable[[str], list[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(first)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += after(node)
    return seen


def _waits(drawing: Drawing, node: Node, owner: Mapping[str, Drawing], seen: Names = frozenset()) -> bool:
    """Whether a token may rest here; a call or sub-process rests when something in it does."""
    if node.tag in WAITING or node.tag == "boundaryEvent":
        return True
    if node.tag in CONTAINERS:
        inside = [inner for inner in drawing.nodes.values() if inner.scope == node.id]
        return any(_waits(drawing, inner, owner, seen) for inner in inside)
    target = node.element.get("calledElement", "")
    if node.tag != "callActivity" or target not in owner or target in seen:
        return False
    return any(_waits(owner[target], inner, owner, seen | {target}) for inner in owner[target].nodes.values())


def _automatic_loops(drawing: Drawing, owner: Mapping[str, Drawing]) -> Iterator[Fault]:
    moving = {node.id for node in drawing.nodes.values() if not _waits(drawing, node, owner)}
    told: set[str] = set()
    for node in sorted(moving):
        ahead = _closure(
            [after for after in following(drawing, node) if after in moving],
            lambda one: [after for after in following(drawing, one) if after in moving],
        )
        if node in ahead and not told & ahead:
            told |= ahead
            yield drawing.fault(
                node,
                "回路里没有等待的一步，可能转个不停",
                "a loop without a step that waits may spin for ever",
            )


def _circles(owner: Mapping[str, Drawing]) -> Iterator[Fault]:
    calls = {
        process: [
            call.element.get("calledElement", "")
            for call in drawing.of("callActivity")
            if call.scope == process
        ]
        for process, drawing in owner.items()
    }
    for process, drawing in owner.items():
        if process in _closure(calls[process], lambda one: calls.get(one, [])):
            yield drawing.fault(process, "流程直接或间接调用自己", "the process calls itself")


class Variables:
    """Which variables are certainly set where; what is read without being set becomes a fault."""

    def __init__(self, owner: Mapping[str, Drawing], book: Steering) -> None:
        self.owner = owner
        self.book = book
        self.faults: dict[tuple[str, str, str], Fault] = {}
        self.done: dict[tuple[str, Names], Names] = {}

    def given(self, process: str) -> Names:
        """What a case of this flow knows from its first moment: see bpmn/flows.toml."""
        names = frozenset(name for name, row in self.book.variables.items() if row.origin == "start")
        flow = self.book.flows.get(process)
        form = self.book.forms.get(flow.form if flow else "application")
        asked = _always_answered(form) if form else frozenset()
        found = (STARTING.get(fact, frozenset()) for fact in (flow.facts if flow else ()))
        return names.union(asked, *found)

    def after(self, drawing: Drawing, scope: str, entry: Names) -> Names:
        """Variables certainly set when ``scope`` has ended, if ``entry`` were set before."""
        key = (scope, entry)
        if key not in self.done:
            before, after = self._flow(drawing, scope, entry)
            for node in before:
                self._reads(drawing, drawing.nodes[node], before[node], after[node])
            ends = [after[node] for node in after if drawing.nodes[node].tag == "endEvent"]
            self.done[key] = frozenset.intersection(*ends) if ends else entry
        return self.done[key]

    def _flow(self, drawing: Drawing, scope: str, entry: Names) -> tuple[dict[str, Names], dict[str, Names]]:
        before: dict[str, Names] = {}
        after: dict[str, Names] = {}
        todo = starts(drawing, scope)
        while todo:
            node = drawing.nodes[todo.pop(0)]
            known = self._before(drawing, node, before, after, entry)
            if known is None:
                continue
            result = known | self._sets(drawing, node, known)
            if before.get(node.id) == known and after.get(node.id) == result:
                continue
            before[node.id], after[node.id] = known, result
            todo += following(drawing, node.id)
        return before, after

    def _before(
        self,
        drawing: Drawing,
        node: Node,
        before: Mapping[str, Names],
        after: Mapping[str, Names],
        entry: Names,
    ) -> Names | None:
        """What is set when a token comes here; None while a join still lacks a branch."""
        if node.tag == "startEvent":
            return entry
        if node.tag == "boundaryEvent":
            return before.get(node.element.get("attachedToRef", ""), entry)
        arrived = [after[flow.source] for flow in drawing.incoming[node.id] if flow.source in after]
        if not arrived:
            return entry
        if node.tag == "parallelGateway":
            complete = len(arrived) == len(drawing.incoming[node.id])
            return frozenset().union(*arrived) if complete else None
        return frozenset.intersection(*arrived)

    def _sets(self, drawing: Drawing, node: Node, known: Names) -> Names:
        """What is set when a node is done. A repeated step loses its item and keeps what is gathered."""
        gathered = node.text(OUTPUT)
        inside = self._inside(drawing, node, known)
        return (inside - _item(node)) | frozenset({gathered} if gathered else ())

    def _inside(self, drawing: Drawing, node: Node, known: Names) -> Names:
        """What is set by a step itself, or by one instance of a repeated one."""
        set_here = self._assigns(node, "preScript") | self._assigns(node, "postScript")
        if node.tag == "scriptTask":
            set_here |= self._script_names(node.text("b:script") or "")
        elif node.tag in STEPS:
            form = self.book.forms.get(node.properties.get("form", ""))
            if form is not None:
                set_here |= _always_answered(form)
            set_here |= frozenset().union(*(FACTS.get(fact, frozenset()) for fact in node.words("facts")))
        elif node.tag == "callActivity":
            target = node.element.get("calledElement", "")
            if target in self.owner:
                set_here |= self.after(self.owner[target], target, known | set_here | _item(node))
        elif node.tag in ("subProcess", "transaction"):
            set_here |= self.after(drawing, node.id, known | set_here | _item(node))
        message = node.element.find("b:messageEventDefinition", SPACES)
        if message is not None:
            set_here |= BROUGHT.get(message.get("messageRef", ""), frozenset())
        return set_here

    def _assigns(self, node: Node, hook: str) -> Names:
        return self._script_names(node.text(f"b:extensionElements/s:{hook}") or "")

    @staticmethod
    def _script_names(source: str) -> Names:
        try:
            return frozenset(name for name, _ in compile_script(source).assignments)
        except ExpressionRefused:
            return frozenset()  # reported where scripts are compiled

    def _reads(self, drawing: Drawing, node: Node, known: Names, result: Names) -> None:
        for path in REPEATS:
            self._need(drawing, node.id, _expression_reads(node.text(path) or "True"), result)
        if node.gives is not None:
            self._need(drawing, node.id, frozenset({node.gives}), self._inside(drawing, node, known))
        known |= _item(node)
        for source in (node.text("b:extensionElements/s:preScript"), node.text("b:script")):
            if source:
                self._need(drawing, node.id, _script_reads(source), known)
        self._need(drawing, node.id, _expression_reads(node.text(CONDITION) or "True"), known)
        for parameter in node.element.iterfind(".//s:serviceTaskOperator//s:parameter", SPACES):
            self._need(drawing, node.id, _expression_reads(parameter.get("value", "")), known)
        for flow in drawing.outgoing[node.id]:
            self._need(drawing, flow.id, _expression_reads(flow.condition or "True"), result)
        self._need(drawing, node.id, frozenset(_PLACEHOLDER.findall(node.properties.get("state", ""))), known)
        form = self.book.forms.get(node.properties.get("form", ""))
        if node.tag in STEPS and form is not None:
            facts = frozenset().union(*(FACTS.get(fact, frozenset()) for fact in node.words("facts")))
            self._need(drawing, node.id, _form_reads(form), known | facts)

    def _need(self, drawing: Drawing, element: str, read: Names, known: Names) -> None:
        for name in sorted(read - known):
            self.faults[drawing.file, element, name] = drawing.fault(
                element, f"变量“{name}”不一定已有值", f"variable {name} is not set on every path before"
            )


def _item(node: Node) -> Names:
    return frozenset({node.item} if node.item else ())


def _always_answered(form: Form) -> Names:
    return frozenset(
        field.name for field in form.fields if field.variable and field.required and field.when is None
    )


def _form_reads(form: Form) -> Names:
    """Variables of the case that a form's conditions read, its own questions left aside."""
    conditions = [field.when for field in form.fields] + [
        choice.when for field in form.fields for choice in field.choices
    ]
    read = frozenset().union(*(names_in(condition) for condition in conditions if condition))
    return read - {field.id for field in form.fields} - {field.name for field in form.fields}


def _script_reads(source: str) -> Names:
    try:
        return compile_script(source).names
    except ExpressionRefused:
        return frozenset()


def _expression_reads(source: str) -> Names:
    try:
        return compile_expression(source).names
    except ExpressionRefused:
        return frozenset()
