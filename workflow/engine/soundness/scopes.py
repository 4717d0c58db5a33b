"""The diagrams as the exploration walks them: scopes, what leads where, what is still needed.

A scope is a process or an embedded sub-process. Only variables that some gateway or offered choice reads,
directly or through scripts, are followed; and each only as long as something may still read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from workflow.engine.lint_drawing import CHOOSING, WAITING, Drawing, Flow, Node
from workflow.engine.lint_field import STARTING
from workflow.engine.soundness.deeds import Deed, Reading
from workflow.engine.soundness.values import Names, World, assignments, atoms, names_of, without

PARALLEL = frozenset({"parallelGateway", "inclusiveGateway"})
CALLS = frozenset({"callActivity", "subProcess", "transaction"})


@dataclass(frozen=True)
class Diagrams:
    """All drawings together, and what was worked out about them once."""

    drawings: Sequence[Drawing]
    reading: Reading

    @cached_property
    def owner(self) -> Mapping[str, Drawing]:
        """Process id → the drawing it stands in."""
        return {p.get("id", ""): drawing for drawing in self.drawings for p in drawing.processes()}

    @cached_property
    def scopes(self) -> Mapping[tuple[str, str], Scope]:
        """By file and id."""
        return {
            (drawing.file, ident): Scope(self, drawing, ident)
            for drawing in self.drawings
            for ident in [p.get("id", "") for p in drawing.processes()]
            + [node.id for node in drawing.of("subProcess", "transaction")]
        }

    def process(self, ident: str) -> Scope | None:
        drawing = self.owner.get(ident)
        return None if drawing is None else self.scopes[drawing.file, ident]

    def inside(self, scope: Scope, node: Node) -> Scope | None:
        """The scope a call or an embedded sub-process opens; None for a process that is not at hand."""
        if node.tag == "callActivity":
            return self.process(node.element.get("calledElement", ""))
        return self.scopes.get((scope.drawing.file, node.id)) if node.tag in CALLS else None

    @cached_property
    def given(self) -> Names:
        """Variables a case has from its beginning."""
        book = self.reading.book
        if book is None:
            return self.reading.free
        rows = frozenset(name for name, row in book.variables.items() if row.origin == "start")
        opening = {"application", *(flow.form for flow in book.flows.values())}
        asked = (book.forms[form].variables for form in opening if form in book.forms)
        found = (STARTING.get(fact, frozenset()) for flow in book.flows.values() for fact in flow.facts)
        return rows.union(*asked, *found)


class Scope:
    """One process or embedded sub-process."""

    def __init__(self, diagrams: Diagrams, drawing: Drawing, ident: str) -> None:
        self.diagrams = diagrams
        self.drawing = drawing
        self.id = ident
        self.nodes = {node.id: node for node in drawing.nodes.values() if node.scope == ident}
        self.flows = {
            flow.id: flow
            for flow in drawing.flows
            if flow.scope == ident and flow.source in self.nodes and flow.target in self.nodes
        }
        self._out: dict[str, list[Flow]] = {node: [] for node in self.nodes}
        self._in: dict[str, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows.values():
            self._out[flow.source].append(flow)
            self._in[flow.target].append(flow)
        self._ahead: dict[tuple[str, str], frozenset[str]] = {}
        self._live: dict[Names, Mapping[str, Names]] = {}

    @property
    def file(self) -> str:
        return self.drawing.file

    @cached_property
    def starts(self) -> list[Node]:
        """Start events; without one, every node nothing leads to."""
        events = [node for node in self.nodes.values() if node.tag == "startEvent"]
        return events or [
            node
            for node in self.nodes.values()
            if not self._in[node.id] and node.tag not in ("boundaryEvent", "endEvent")
        ]

    def outgoing(self, node: str) -> list[Flow]:
        return self._out[node]

    def incoming(self, node: str) -> list[Flow]:
        return self._in[node]

    def attached(self, node: str) -> list[Node]:
        """The boundary events of a node."""
        return self.drawing.attached.get(node, [])

    @cached_property
    def joins(self) -> Mapping[str, frozenset[str]]:
        """Parallel and inclusive gateways that wait for several flows: which."""
        return {
            node.id: frozenset(flow.id for flow in self._in[node.id])
            for node in self.nodes.values()
            if node.tag in PARALLEL and len(self._in[node.id]) > 1
        }

    @cached_property
    def waiting(self) -> Names:
        """Nodes at which a case may rest; a call rests when something inside it does."""
        return frozenset(node.id for node in self.nodes.values() if self._waits(node, frozenset()))

    def _waits(self, node: Node, seen: frozenset[str]) -> bool:
        if node.tag in WAITING or node.tag in ("eventBasedGateway", "adHocSubProcess"):
            return True
        if node.tag not in CALLS:
            return False
        inner = self.diagrams.inside(self, node)
        if inner is None or inner.id in seen:
            return True
        return any(inner._waits(one, seen | {inner.id}) for one in inner.nodes.values())

    @cached_property
    def blocking(self) -> Names:
        """Nodes that keep all other steps waiting; a call does when whatever a case rests at in it does."""
        found = set()
        for node in self.waiting:
            inner = self.diagrams.inside(self, self.nodes[node])
            if self.deeds[node].blocks if inner is None else inner.blocking == inner.waiting:
                found.add(node)
        return frozenset(found)

    def ahead(self, node: str, but: str = "") -> frozenset[str]:
        """Flows a token at ``node`` may still come along without passing the node ``but``."""
        if (node, but) not in self._ahead:
            found: set[str] = set()
            seen: set[str] = set()
            todo = [node]
            while todo:
                one = todo.pop()
                if one not in seen and one != but:
                    seen.add(one)
                    found |= {flow.id for flow in self._out[one]}
                    todo += [flow.target for flow in self._out[one]]
                    todo += [event.id for event in self.attached(one)]
            self._ahead[node, but] = frozenset(found)
        return self._ahead[node, but]

    # -- what is read and set ------------------------------------------------------------------------------

    @cached_property
    def deeds(self) -> Mapping[str, Deed]:
        return {node.id: self.diagrams.reading.deed(node) for node in self.nodes.values()}

    @cached_property
    def reads(self) -> Names:
        """Variables whose value from outside may decide something in here."""
        live = self.live(frozenset())
        return frozenset().union(*(live[node.id] for node in self.starts))

    @cached_property
    def writes(self) -> Names:
        """Relevant variables that something in here may set."""
        return frozenset().union(*(self.sets(node) for node in self.nodes.values()))

    def sets(self, node: Node) -> Names:
        """Relevant variables a node may set, the steps inside it included."""
        inner = self.diagrams.inside(self, node)
        found = self.deeds[node.id].sets | (inner.writes if inner else frozenset())
        if node.tag == "adHocSubProcess":
            parts = [other for other in self.drawing.nodes.values() if other.scope == node.id]
            found = found.union(*(self.diagrams.reading.deed(part).sets for part in parts))
        return found

    def live(self, needed: Names) -> Mapping[str, Names]:
        """For each node, the variables somebody may still read when a token stands before it.

        ``needed`` are those that whoever called this scope reads afterwards.
        """
        if needed not in self._live:
            self._live[needed] = self._liveness(needed)
        return self._live[needed]

    def _liveness(self, needed: Names) -> Mapping[str, Names]:
        needs = {node: self._needs(one) for node, one in self.nodes.items()}
        live: dict[str, Names] = dict.fromkeys(self.nodes, frozenset())
        changed = True
        while changed:
            changed = False
            for node, one in self.nodes.items():
                after = [live[flow.target] for flow in self._out[node]] or [needed]
                left = frozenset().union(*after)
                if one.tag not in CALLS:
                    left = without(left, self.deeds[node].certain)
                if one.tag in PARALLEL:
                    left = self._at_gateway(one, left)
                now = needs[node].union(left, *(live[event.id] for event in self.attached(node)))
                if now != live[node]:
                    live[node], changed = now, True
        return live

    def _needs(self, node: Node) -> Names:
        """Variables a node reads before it sets any."""
        deed = self.deeds[node.id]
        found = deed.needs
        if node.tag in CHOOSING and len(self._out[node.id]) > 1:
            found = found.union(*(asked_by(flow.condition) for flow in self._out[node.id]))
        inner = self.diagrams.inside(self, node)
        if inner is not None:
            given = {name for name, _ in assignments(deed.pre or "")} | {deed.item or ""}
            found |= without(inner.reads, frozenset(given))
        return found

    def _at_gateway(self, gateway: Node, left: Names) -> Names:
        """A split makes who has set what unimportant; a join looks at it."""
        if len(self._out[gateway.id]) > 1:
            left = frozenset(name for name in left if not name.startswith("!"))
        if len(self._in[gateway.id]) > 1:
            left |= {f"!{name}" for name in left if name[0] not in "!?@"}
        return left

    # -- copies of the data --------------------------------------------------------------------------------

    def torn(self, copies: Sequence[World], live: Names) -> list[str]:
        """Variables that branches bring to a join in different states: the last one to come decides."""
        found = []
        for name in sorted(name for name in live if name[0] not in "!?@"):
            setters = {copy.get(f"!{name}") for copy in copies}
            if len(setters) > 1 and (None not in setters or len(setters) > 2 or self._may_be_old(name)):
                found.append(name)
        return found

    def _may_be_old(self, name: str) -> bool:
        """Whether a branch that has not set a variable may bring an older value of it.

        It may, unless one step alone sets it, once in a case.
        """
        setting = [
            (scope, node)
            for scope in self.diagrams.scopes.values()
            for node in scope.nodes.values()
            if name in scope.deeds[node.id].sets
        ]
        if len(setting) != 1 or name in self.diagrams.given:
            return True
        scope, node = setting[0]
        return scope.comes_again(node.id)

    def comes_again(self, node: str) -> bool:
        """Whether a case can come to a node twice, by a loop here or around a call of this process."""
        if node in {self.flows[flow].target for flow in self.ahead(node)}:
            return True
        calls = [
            (scope, call)
            for scope in self.diagrams.scopes.values()
            for call in scope.nodes.values()
            if self.diagrams.inside(scope, call) is self
        ]
        return len(calls) > 1 or any(
            scope.deeds[call.id].repeated or scope.comes_again(call.id) for scope, call in calls
        )


def asked_by(condition: str | None) -> Names:
    """The variables of a condition, and its comparisons as remembered answers."""
    if condition is None:
        return frozenset()
    return names_of(condition) | {f"?{atom}" for atom in atoms(condition)}


def interrupts(event: Node) -> bool:
    """Whether a boundary event ends the activity it sits on."""
    return event.element.get("cancelActivity", "true") != "false"
