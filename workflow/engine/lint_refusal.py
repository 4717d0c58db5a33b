"""A refusal ends no case before the person has a letter that tells the rights (domain 4.7).

The diagrams are walked with only what matters here: the value of ``outcome``, and how far the letter is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from bpmn.faults import Fault
from bpmn.rulebook import Rulebook
from workflow.engine.expressions import ExpressionRefused, compile_expression, compile_script
from workflow.engine.lint_drawing import CHOOSING, Drawing, Flow, Node
from workflow.engine.lint_field import Known, letters_of, operator_of, scripts_of
from workflow.engine.lint_paths import starts

REFUSALS = frozenset(
    {"refused", "not_accepted", "partly_disclosed", "not_disclosed", "not_held", "abandoned"}
)


class Letter(IntEnum):
    """How far the letter with the rights has come."""

    NONE = 0
    ISSUED = 1
    DELIVERED = 2


class World(NamedTuple):
    """One way a case may stand: ``outcome`` as scripts have set it (None: not known), and the letter."""

    outcome: str | None
    letter: Letter


Worlds = frozenset[World]


def check(drawings: Sequence[Drawing], known: Known, book: Rulebook | None) -> Iterator[Fault]:
    """Walk every top process; the diagrams must be free of circular calls."""
    owner = {process.get("id", ""): drawing for drawing in drawings for process in drawing.processes()}
    walker = _Walker(owner, known, book)
    for process, drawing in owner.items():
        if process in known.called:
            continue
        arrived = walker.walk(drawing, process, frozenset({World(None, Letter.NONE)}))
        for end in drawing.of("endEvent"):
            yield from _end(drawing, end, arrived.get(end.id, frozenset()))


def _end(drawing: Drawing, end: Node, worlds: Worlds) -> Iterator[Fault]:
    outcome = end.properties.get("outcome", "")
    if outcome in REFUSALS and any(world.letter < Letter.DELIVERED for world in worlds):
        yield drawing.fault(
            end.id,
            "拒绝结案前，没有在每条路径上送达写明权利的文书",
            "a refusal ends here without a delivered letter that tells the rights, on some path",
        )
    others = {world.outcome for world in worlds} - {None, outcome}
    cut_short = "terminateEventDefinition" in end.definitions()  # what was decided before counts no more
    if outcome and others and not cut_short:
        told = "、".join(sorted(str(other) for other in others))
        yield drawing.fault(
            end.id, f"到这里时outcome可能是“{told}”", f"outcome may be {told} here, the end says {outcome}"
        )


class _Walker:
    def __init__(self, owner: Mapping[str, Drawing], known: Known, book: Rulebook | None) -> None:
        self.owner = owner
        self.known = known
        self.book = book
        self.results: dict[tuple[str, Worlds], Worlds] = {}

    def walk(self, drawing: Drawing, scope: str, entry: Worlds) -> dict[str, Worlds]:
        """Worlds that arrive at each node of a scope, grown until nothing new comes."""
        arrived: dict[str, Worlds] = {}
        carried: dict[str, Worlds] = {}
        todo = starts(drawing, scope)
        for start in todo:
            arrived[start] = entry
        while todo:
            node = drawing.nodes[todo.pop()]
            leaving = self._pass(drawing, node, arrived[node.id])
            for flow in drawing.outgoing[node.id]:
                worlds = _through(drawing, node, flow, leaving)
                if flow.target not in drawing.nodes or carried.get(flow.id, frozenset()) >= worlds:
                    continue
                carried[flow.id] = carried.get(flow.id, frozenset()) | worlds
                coming = _joined(drawing, drawing.nodes[flow.target], carried)
                if coming != arrived.get(flow.target):
                    arrived[flow.target] = coming
                    todo.append(flow.target)
            for event in drawing.attached.get(node.id, []):
                if arrived.get(event.id) != arrived[node.id]:
                    arrived[event.id] = arrived[node.id]
                    todo.append(event.id)
        return arrived

    def _pass(self, drawing: Drawing, node: Node, worlds: Worlds) -> Worlds:
        for source in scripts_of(node):
            worlds = frozenset(_assigned(source, world) for world in worlds)
        if node.tag == "callActivity":
            target = node.element.get("calledElement", "")
            return self._inside(self.owner[target], target, worlds) if target in self.owner else worlds
        if node.tag in ("subProcess", "transaction"):
            return self._inside(drawing, node.id, worlds)
        operation = operator_of(node)
        if operation is None:
            return worlds
        name, parameters = operation
        if name == "issue_letter" and self._tells_rights(parameters.get("letter", "")):
            return frozenset(World(world.outcome, max(world.letter, Letter.ISSUED)) for world in worlds)
        if name == "letter_delivered":
            return frozenset(
                World(world.outcome, Letter.DELIVERED if world.letter else Letter.NONE) for world in worlds
            )
        return worlds

    def _inside(self, drawing: Drawing, scope: str, worlds: Worlds) -> Worlds:
        key = (scope, worlds)
        if key not in self.results:
            arrived = self.walk(drawing, scope, worlds)
            ends = [arrived.get(end.id, frozenset()) for end in drawing.of("endEvent") if end.scope == scope]
            self.results[key] = frozenset().union(*ends)
        return self.results[key]

    def _tells_rights(self, source: str) -> bool:
        letters = letters_of(source, self.known)
        if self.book is None:
            return bool(letters)
        found = [self.book.letters[letter] for letter in letters if letter in self.book.letters]
        return bool(found) and all(letter.rights for letter in found)


def _assigned(source: str, world: World) -> World:
    try:
        script = compile_script(source)
    except ExpressionRefused:
        return world
    outcome = world.outcome
    for name, expression in script.assignments:
        if name == "outcome":
            fixed = not expression.names and not expression.functions
            outcome = str(expression.evaluate({})) if fixed else None
    return World(outcome, world.letter)


def _through(drawing: Drawing, node: Node, flow: Flow, worlds: Worlds) -> Worlds:
    """The worlds that can take a flow; a condition on anything but the outcome may hold or not."""
    if node.tag not in CHOOSING or len(drawing.outgoing[node.id]) < 2:
        return worlds
    if flow.id == node.element.get("default"):
        others = [other for other in drawing.outgoing[node.id] if other.id != flow.id]
        return frozenset(world for world in worlds if not any(_holds(other, world) for other in others))
    return frozenset(world for world in worlds if _holds(flow, world) is not False)


def _holds(flow: Flow, world: World) -> bool | None:
    try:
        expression = compile_expression(flow.condition or "True")
    except ExpressionRefused:
        return None
    if world.outcome is None or expression.names != {"outcome"}:
        return None
    return bool(expression.evaluate({"outcome": world.outcome}))


def _joined(drawing: Drawing, node: Node, carried: Mapping[str, Worlds]) -> Worlds:
    """At a parallel join all branches have come: what any of them did is done."""
    parts: list[Worlds] = [carried[flow.id] for flow in drawing.incoming[node.id] if flow.id in carried]
    if node.tag != "parallelGateway":
        return frozenset().union(*parts)
    if len(parts) < len(drawing.incoming[node.id]):
        return frozenset()
    whole = parts[0]
    for part in parts[1:]:
        whole = frozenset(_both(whole, part))
    return whole


def _both(some: Iterable[World], others: Worlds) -> Iterator[World]:
    for one in some:
        for other in others:
            if one.outcome == other.outcome:
                yield World(one.outcome, max(one.letter, other.letter))
