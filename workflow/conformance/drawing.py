"""Ways laid over a diagram: how often each element and each line was gone through, and how long it took.

What is recorded are steps. A line between two of them is counted where the diagram leads from one to the
other through gateways and automatic steps alone; of several such ways the shortest is taken.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from lxml import etree

from bpmn import Rulebook
from workflow.conformance.runs import Runs, Step
from workflow.reading.diagrams import BPMN, STEPS, Diagram, diagrams, steps_below
from workflow.reading.durations import ranked

_PLACES: Final = STEPS | {"intermediateCatchEvent"}
"""What a case can stand at."""


@dataclass(frozen=True, slots=True)
class Gone:
    """One element: visits, different cases, and how long a visit took that is over."""

    element: str
    name: str
    calls: str | None
    visits: int
    cases: int
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Passage:
    """From one element to the next, how often; no `source`: from the start. `lines`: ids in the diagram."""

    source: str
    target: str
    count: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """`lines`: id of a sequence flow → how often it was gone through."""

    process: str
    name: str
    elements: Sequence[Gone]
    passages: Sequence[Passage]
    lines: Mapping[str, int]


class Graph:
    """One process as one can walk it. `ways[a][b]`: the lines from element a to b; "" is the start."""

    def __init__(self, root: Any, process: str) -> None:
        self.kinds: dict[str, str] = {}
        out: dict[str, list[tuple[str, str]]] = {}
        hosts: dict[str, str] = {}
        top = next(each for each in root.iter(f"{BPMN}process") if each.get("id") == process)
        for element in top:
            if not isinstance(element.tag, str) or element.get("id") is None:
                continue
            kind = etree.QName(element).localname
            if kind == "sequenceFlow":
                out.setdefault(element.get("sourceRef"), []).append(
                    (element.get("id"), element.get("targetRef"))
                )
            else:
                self.kinds[element.get("id")] = kind
                if kind == "boundaryEvent":
                    hosts[element.get("id")] = element.get("attachedToRef")
        starts = [id_ for id_, kind in self.kinds.items() if kind == "startEvent"]
        begin = {"": starts}
        for event, host in hosts.items():
            begin.setdefault(host, []).append(event)
        places = [id_ for id_, kind in self.kinds.items() if kind in _PLACES]
        self.ways = {
            source: self._from(out, ([source] if source else []) + begin.get(source, []))
            for source in ("", *places)
        }

    def _from(self, out: Mapping[str, Any], beginnings: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Breadth first, past whatever no case stands at."""
        found: dict[str, tuple[str, ...]] = {}
        seen = set(beginnings)
        waiting: deque[tuple[str, tuple[str, ...]]] = deque((node, ()) for node in beginnings)
        while waiting:
            node, lines = waiting.popleft()
            for line, target in out.get(node, ()):
                if self.kinds.get(target) in _PLACES:
                    found.setdefault(target, (*lines, line))
                elif target not in seen:
                    seen.add(target)
                    waiting.append((target, (*lines, line)))
        return found


def graph(rulebook: Rulebook, process: str) -> Graph:
    """Read once per file. Raises KeyError for a process that there is not."""
    return _graph(rulebook.files[diagrams(rulebook)[process].file], process)


@lru_cache(maxsize=64)
def _graph(content: bytes, process: str) -> Graph:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return Graph(etree.fromstring(content, parser), process)


@dataclass(slots=True)
class _Visit:
    """A stay at one element. `steps`: places in the run; `left`: another element was reached from it."""

    element: str
    steps: list[int]
    left: bool = False


def draw(rulebook: Rulebook, process: str, runs: Runs) -> Drawn:
    """Lay all runs over one diagram; the diagrams it calls are one element each.

    Raises:
        KeyError: there is no such process.
    """
    known = diagrams(rulebook)
    diagram, walk = known[process], graph(rulebook, process)
    places = _Places(known, diagram)
    visits, cases, lines = Counter[str](), Counter[str](), Counter[str]()
    passages = Counter[tuple[str, str]]()
    took: dict[str, list[timedelta]] = {}
    for steps, taken in runs.items():
        stays, gone, passed = _walked(steps, places, walk)
        count = len(taken)
        for line in gone:
            lines[line] += count
        for passage in passed:
            passages[passage] += count
        for element in {stay.element for stay in stays}:
            cases[element] += count
        for stay in stays:
            visits[stay.element] += count
            spans = took.setdefault(stay.element, [])
            for run in taken:
                ends = [run.times[at][1] for at in stay.steps]
                if None not in ends:
                    spans.append(max(ends) - run.times[stay.steps[0]][0])  # type: ignore[type-var, operator]
    names = {each.id: each for each in diagram.elements}
    order = [*names, *sorted(visits.keys() - names.keys())]
    elements = [_gone(each, names, visits[each], cases[each], sorted(took.get(each, ()))) for each in order]
    return Drawn(
        process,
        diagram.name,
        elements,
        [
            Passage(source, target, count, walk.ways[source][target])
            for (source, target), count in sorted(
                passages.items(), key=lambda item: (order.index(item[0][1]), -item[1], item[0])
            )
        ],
        lines,
    )


def _gone(element: str, names: Mapping[str, Any], visits: int, cases: int, spans: list[timedelta]) -> Gone:
    drawn = names.get(element)
    return Gone(
        element, drawn.name if drawn else element, drawn.calls if drawn else None, visits, cases,
        ranked(spans, 50) if spans else None, ranked(spans, 90) if spans else None,
    )  # fmt: skip


class _Places:
    """Which elements of a diagram a step may belong to: its own, or those that call the step's diagram."""

    def __init__(self, known: Mapping[str, Diagram], diagram: Diagram) -> None:
        self.process = diagram.process
        self.below = {
            each.id: steps_below(known, each.calls, each.posting) for each in diagram.elements if each.calls
        }
        self.found: dict[Step, tuple[str, ...]] = {}

    def of(self, step: Step) -> tuple[str, ...]:
        if step not in self.found:
            here = {(step.process, None), (step.process, step.posting)}
            calling = tuple(element for element, below in self.below.items() if below & here)
            self.found[step] = (step.node,) if step.process == self.process else calling
        return self.found[step]


def _walked(
    steps: Sequence[Step], places: _Places, walk: Graph
) -> tuple[list[_Visit], list[str], list[tuple[str, str]]]:
    """The stays of one run, the lines it went along, and the passages between elements."""
    stays: list[_Visit] = []
    lines: list[str] = []
    passed: list[tuple[str, str]] = []
    used: dict[int, set[str]] = {}
    for at, step in enumerate(steps):
        candidates = places.of(step)
        if not candidates:
            continue
        staying = next(
            (stay for stay in reversed(stays) if stay.element in candidates and not stay.left), None
        )
        if staying is not None and step.process != places.process:
            staying.steps.append(at)
            continue
        element, sources = _came_from(stays, candidates, walk)
        for source in sources:
            name = source.element if source else ""
            key = id(source) if source else 0
            for line in walk.ways[name][element]:
                if line not in used.setdefault(key, set()):
                    used[key].add(line)
                    lines.append(line)
            passed.append((name, element))
            if source:
                source.left = True
        stays.append(_Visit(element, [at]))
    return stays, lines, passed


def _came_from(
    stays: Sequence[_Visit], candidates: Sequence[str], walk: Graph
) -> tuple[str, list[_Visit | None]]:
    """Which of the candidates it is, and from where: every stay that has not been left yet and leads there,
    else the last one that does (the second branch of a fork), else the start.
    """
    for fresh in (True, False):
        for element in candidates:
            leading = [
                stay
                for stay in stays
                if element in walk.ways.get(stay.element, {}) and stay.left is not fresh
            ]
            if leading:
                return element, list(leading if fresh else leading[-1:])
    for element in candidates:
        if element in walk.ways[""]:
            return element, [None]
    return candidates[0], []
