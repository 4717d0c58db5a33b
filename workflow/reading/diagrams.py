"""Where a case has walked and where it stands, diagram by diagram.

Only what is recorded is marked: steps somebody has done, waits that are over, and the diagrams that
hold them. Gateways and automatic steps stay unmarked, because nobody has acted there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from lxml import etree

from bpmn import Rulebook
from workflow import engine

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
STEPS = frozenset({"userTask", "receiveTask", "manualTask", "callActivity"})
_POSTING = re.compile(r"posting\s*=\s*(\d)")
Kind = Literal["done", "now", "pause", "open"]


@dataclass(frozen=True, slots=True)
class Element:
    """A step of a diagram. `calls`: the diagram behind it; `posting`: for which of the lists it calls it;
    `when`: the condition on the way to it, `otherwise` where it is the way without one.
    """

    id: str
    name: str
    kind: str
    lane: str
    calls: str | None
    posting: int | None
    when: str | None
    otherwise: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """One process as it is drawn: steps from left to right."""

    process: str
    name: str
    file: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One place of the case, from its task row."""

    process: str
    node: str
    state: str
    opened_at: datetime
    done_at: datetime | None
    paused: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """A step of a diagram in one case. `since` is when it was last done or opened."""

    element: Element
    kind: Kind
    since: datetime | None


def diagrams(rulebook: Rulebook) -> Mapping[str, Diagram]:
    """Process id → diagram, read once per rule book."""
    return _diagrams(
        rulebook.digest, tuple(sorted(item for item in rulebook.files.items() if item[0].endswith(".bpmn")))
    )


@lru_cache(maxsize=8)
def _diagrams(digest: str, files: tuple[tuple[str, bytes], ...]) -> Mapping[str, Diagram]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    found = {}
    for name, content in files:
        root = etree.fromstring(content, parser)
        for process in root.iter(f"{BPMN}process"):
            diagram = _diagram(name, root, process)
            found[diagram.process] = diagram
    return found


def _diagram(file: str, root: Any, process: Any) -> Diagram:
    places = {
        shape.get("bpmnElement"): (float(bounds.get("x")), float(bounds.get("y")))
        for shape in root.iter(f"{DI}BPMNShape")
        if (bounds := shape.find(f"{DC}Bounds")) is not None
    }
    lanes = {
        str(ref.text).strip(): lane.get("name", "")
        for lane in process.iter(f"{BPMN}lane")
        for ref in lane.findall(f"{BPMN}flowNodeRef")
    }
    ways = _Ways(process)
    elements = []
    for element in process:
        kind = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if kind not in STEPS:
            continue
        text = "".join(element.itertext())
        number = _POSTING.search(text) if kind == "callActivity" else None
        when, otherwise = ways.leading_to(element.get("id"))
        elements.append(
            Element(
                element.get("id"), element.get("name") or element.get("id"), kind,
                lanes.get(element.get("id"), ""), element.get("calledElement"),
                int(number[1]) if number else None, when, otherwise,
            )
        )  # fmt: skip
    elements.sort(key=lambda each: places.get(each.id, (0.0, 0.0)))
    return Diagram(process.get("id"), process.get("name") or process.get("id"), file, tuple(elements))


class _Ways:
    """The conditions of a process, asked backwards."""

    def __init__(self, process: Any) -> None:
        self.into: dict[str, list[Any]] = {}
        self.kinds: dict[str, str] = {}
        self.defaults: set[str] = set()
        for element in process:
            if not isinstance(element.tag, str):
                continue
            kind = etree.QName(element).localname
            if kind == "sequenceFlow":
                self.into.setdefault(element.get("targetRef"), []).append(element)
            else:
                self.kinds[element.get("id")] = kind
                if element.get("default"):
                    self.defaults.add(element.get("default"))

    def leading_to(self, node: str) -> tuple[str | None, bool]:
        """(condition, False); (None, True) for the way without one; (None, False) if there is no choice."""
        seen: set[str] = set()
        while len(self.into.get(node, ())) == 1 and node not in seen:
            seen.add(node)
            flow = self.into[node][0]
            condition = flow.find(f"{BPMN}conditionExpression")
            if condition is not None:
                return str(condition.text).strip(), False
            if flow.get("id") in self.defaults:
                return None, True
            node = flow.get("sourceRef")
            if not self.kinds.get(node, "").endswith("Gateway"):
                break
        return None, False


def chain_to(known: Mapping[str, Diagram], top: str, process: str) -> tuple[str, ...]:
    """The diagrams from the top one down to `process`; just the top one when it is not below it."""
    paths: list[tuple[str, ...]] = [(top,)]
    seen = {top}
    while paths:
        path = paths.pop(0)
        if path[-1] == process:
            return path
        for element in known[path[-1]].elements if path[-1] in known else ():
            if element.calls and element.calls not in seen:
                seen.add(element.calls)
                paths.append((*path, element.calls))
    return (top,)


def mark(
    known: Mapping[str, Diagram], process: str, visits: Sequence[Visit], variables: Mapping[str, Any]
) -> tuple[Marked, ...]:
    """Every step of one diagram as this case has left it."""
    numbered = list(_numbered(visits))
    found = []
    for element in known[process].elements:
        if element.calls is None:
            own = [visit for visit, _ in numbered if visit.process == process and visit.node == element.id]
        else:
            own = _behind(known, process, element, numbered, variables)
        found.append(Marked(element, *_standing(own)))
    return tuple(found)


def _numbered(visits: Iterable[Visit]) -> Iterable[tuple[Visit, int | None]]:
    """Each place with the list (1, 2, 3) it belongs to; an objection belongs to the list before it."""
    number: int | None = None
    for visit in sorted(visits, key=lambda each: each.opened_at):
        if visit.state.startswith("NOTICE_"):
            number = int(visit.state[-1])
        yield visit, number


def _behind(
    known: Mapping[str, Diagram],
    process: str,
    element: Element,
    numbered: Sequence[tuple[Visit, int | None]],
    variables: Mapping[str, Any],
) -> list[Visit]:
    """The places in the diagram this step calls, and in those that one calls."""
    below = steps_below(known, str(element.calls), element.posting)
    inside = [visit for visit, number in numbered if {(visit.process, None), (visit.process, number)} & below]
    if element.posting is not None:
        return inside
    rivals = [each for each in known[process].elements if each.calls == element.calls and each is not element]
    if rivals and not _chosen(element, rivals, variables):
        return []
    return inside


def _chosen(element: Element, rivals: Sequence[Element], variables: Mapping[str, Any]) -> bool:
    """Which of several steps that call the same diagram the case has taken, by the condition before it."""
    if element.when is not None:
        return _holds(element.when, variables)
    return not any(rival.when is not None and _holds(rival.when, variables) for rival in rivals)


def _holds(condition: str, variables: Mapping[str, Any]) -> bool:
    try:
        return bool(engine.compile_expression(condition).evaluate(variables))
    except engine.ExpressionError:
        return False


def steps_below(
    known: Mapping[str, Diagram], process: str, number: int | None = None
) -> set[tuple[str, int | None]]:
    """The diagram a step calls and those below it, each with the list (1, 2, 3 …) for which alone it is
    called there.
    """
    below: set[tuple[str, int | None]] = set()
    waiting = [(process, number)]
    while waiting:
        place = waiting.pop()
        if place in below:
            continue
        below.add(place)
        name, inherited = place
        waiting += [
            (element.calls, element.posting if element.posting is not None else inherited)
            for element in (known[name].elements if name in known else ())
            if element.calls
        ]
    return below


def _standing(visits: Sequence[Visit]) -> tuple[Kind, datetime | None]:
    going = [visit for visit in visits if visit.done_at is None]
    if going:
        return ("pause" if all(visit.paused for visit in going) else "now"), going[-1].opened_at
    done = [visit.done_at for visit in visits if visit.done_at is not None]
    return ("done", max(done)) if done else ("open", None)
