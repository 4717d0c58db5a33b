"""All markings of every process, and what is wrong with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.soundness import reasons
from workflow.engine.soundness.outcomes import Marking, Outcomes, Result
from workflow.engine.soundness.scopes import PARALLEL, Diagrams, Scope
from workflow.engine.soundness.trap import bottoms, coming_from
from workflow.engine.soundness.values import Data, Names
from workflow.engine.soundness.walk import Walk

MOST = 20_000
"""Markings of one process, however it is entered: some two seconds of work. Ours have a few hundred."""


class TooMany(Exception):
    """The budget is used up in this scope."""


@dataclass
class Graph:
    """The markings of one scope, entered in one way, as they were discovered: so paths are shortest."""

    came: dict[Marking, tuple[Marking | None, str | None]] = field(default_factory=dict)
    next: dict[Marking, list[Marking]] = field(default_factory=dict)
    excused: set[Marking] = field(default_factory=set)

    def path(self, marking: Marking, told: str | None = None) -> tuple[str, ...]:
        """Names of the steps that lead to a marking, and one more."""
        names = [told] if told else []
        at: Marking | None = marking
        while at is not None:
            at, name = self.came[at]
            if name:
                names.append(name)
        return tuple(reversed(names))


class Explorer:
    """Explores scope after scope, each once for every way it is entered."""

    def __init__(self, diagrams: Diagrams, most: int = MOST) -> None:
        self.diagrams = diagrams
        self.most = most
        self.results: dict[tuple[str, str, Data, Names], Result] = {}
        self.faults: dict[tuple[str, str, str], Fault] = {}
        self.markings: dict[str, int] = {}
        self.graphs: dict[str, list[Graph]] = {}
        self.seen: dict[tuple[str, str], list[Outcomes]] = {}
        self.unfinished: set[str] = set()

    def explore(self) -> None:
        """Every process nobody calls, then those whose calls were never reached."""
        called = {
            node.element.get("calledElement", "")
            for drawing in self.diagrams.drawings
            for node in drawing.of("callActivity")
        }
        tops = [process for process in self.diagrams.owner if process not in called]
        rest = [process for process in self.diagrams.owner if process in called]
        for process in (*tops, *rest):
            scope = self.diagrams.process(process)
            if scope is not None and (scope.file, process) not in self.seen:
                self._inside(scope, (), frozenset(), (), top=process not in called)
        for (file, ident), seen in self.seen.items():
            if file not in self.unfinished:
                self._dead(self.diagrams.scopes[file, ident], seen)

    def _inside(
        self, scope: Scope, entry: Data, needed: Names, path: tuple[str, ...], *, top: bool
    ) -> Result:
        key = (scope.file, scope.id, entry, needed)
        if key not in self.results:
            self.results[key] = Result()
            try:
                self.results[key] = self._scope(scope, entry, needed, path, top)
            except TooMany:
                self.unfinished.add(scope.file)
                self._fault(scope, "budget", scope.id, reasons.too_many(self.most), path)
                self.results[key].exits.add(())
        return self.results[key]

    def _scope(self, scope: Scope, entry: Data, needed: Names, path: tuple[str, ...], top: bool) -> Result:
        graph = Graph()
        here: list[Marking] = []

        def inside(inner: Scope, given: Data, read: Names) -> Result:
            return self._inside(inner, given, read, (*path, *graph.path(here[0])), top=False)

        seen = Outcomes(scope, needed, top, inside)
        walk = Walk(seen)
        self.seen.setdefault((scope.file, scope.id), []).append(seen)
        self.graphs.setdefault(scope.id, []).append(graph)
        todo: deque[Marking] = deque()
        for first in walk.begin(entry):
            graph.came.setdefault(first, (None, None))
            todo.append(first)
        while todo:
            marking = todo.popleft()
            self.markings[scope.id] = self.markings.get(scope.id, 0) + 1
            if self.markings[scope.id] > self.most:
                raise TooMany
            here[:] = [marking]
            moves = walk.moves(marking)
            graph.next[marking] = [move.marking for move in moves]
            for problem in seen.problems:
                graph.excused.add(marking)
                told = (*path, *graph.path(marking, problem.told))
                self._fault(scope, problem.kind, problem.element, problem.reason, told)
            seen.problems.clear()
            for move in moves:
                if move.marking not in graph.came:
                    graph.came[move.marking] = (marking, move.told)
                    todo.append(move.marking)
        self._traps(seen, graph, path)
        result = seen.result
        if not (result.exits or result.errors or result.cancelled):
            result.exits.add(())  # reported; whoever called goes on, so that one fault is told once
        return result

    def _traps(self, seen: Outcomes, graph: Graph, path: tuple[str, ...]) -> None:
        """Markings from which no end can be reached: where a case gets caught for good."""
        ends = {marking for marking in graph.came if not marking} | graph.excused
        ending = coming_from(ends, graph.next)
        caught = [marking for marking in graph.came if marking not in ending]
        for trap in bottoms(caught, graph.next):
            marking = next(one for one in caught if one in trap)
            told = (*path, *graph.path(marking))
            for element, reason in self._why(seen, marking, graph.next[marking] == []):
                self._fault(seen.scope, "end", element, reason, told)

    def _why(self, seen: Outcomes, marking: Marking, dead: bool) -> Iterator[tuple[str, Text]]:
        scope = seen.scope
        joins = {node.id for token in marking if (node := seen.node_at(token)).tag in PARALLEL}
        if not dead or not joins:
            at = max(marking, key=lambda token: token.place)
            yield seen.node_at(at).id, reasons.NO_END
            return
        places = {token.place for token in marking}
        for join in sorted(joins):
            missing = [flow for flow in scope.incoming(join) if flow.id not in places]
            names = [scope.nodes[flow.source].name or flow.source for flow in missing]
            yield join, reasons.waits_in_vain(names)

    def _dead(self, scope: Scope, seen: list[Outcomes]) -> None:
        """Steps that no case ever comes to, unless something before them is already at fault."""
        entered = set().union(*(one.entered for one in seen))
        taken = set().union(*(one.taken for one in seen))
        faulty = {element for file, element, _ in self.faults if file == scope.file}
        behind = {
            scope.flows[flow].target for node in faulty & scope.nodes.keys() for flow in scope.ahead(node)
        }
        static = self._reachable(scope)
        for node in scope.nodes:
            if node not in entered | behind | faulty:
                reason = reasons.NEVER if node in static else reasons.UNREACHED
                before = [flow.source for flow in scope.incoming(node)]
                if node not in static or not before or any(one in entered for one in before):
                    self._fault(scope, "dead", node, reason, ())
        for flow in scope.flows.values():
            asked = flow.source in entered and len(scope.outgoing(flow.source)) > 1
            if (
                asked
                and flow.id not in taken
                and flow.target in entered
                and flow.source not in behind | faulty
            ):
                self._fault(scope, "dead", flow.id, reasons.NEVER, ())

    def _reachable(self, scope: Scope) -> set[str]:
        found = {start.id for start in scope.starts}
        for start in scope.starts:
            found |= {scope.flows[flow].target for flow in scope.ahead(start.id)}
        return found | {event.id for node in found for event in scope.attached(node)}

    def _fault(self, scope: Scope, kind: str, element: str, reason: Text, path: tuple[str, ...]) -> None:
        key = (scope.file, element, kind)
        if key not in self.faults:
            self.faults[key] = Fault(scope.file, element, reason, path)
