"""The flows as the office signs them: each diagram with its steps, roles, limits, papers and letters."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from bpmn import Rulebook, Text
from bpmn.tables import LimitRow
from workflow.reading.diagrams import BPMN, Diagram, diagrams

SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
UNITS: Mapping[str, Text] = {
    "wd": Text("个工作日", "working days"),
    "d": Text("天", "days"),
    "h": Text("小时", "hours"),
    "date": Text("（固定日期）", "(a fixed date)"),
}
_read: dict[str, Mapping[str, "Sheet"]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class SheetStep:
    """One step of a diagram. `limit` is None where the diagram works it out; `apart`: steps whose doer
    may not do this one; `calls`: the diagram behind it.
    """

    id: str
    name: str
    lane: str
    role: Text | None
    limit: LimitRow | None
    form: Text | None
    papers: tuple[Text, ...]
    apart: tuple[str, ...]
    calls: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One diagram for the wall. `number` is empty for what other flows share."""

    process: str
    name: Text
    number: str
    source: str
    steps: tuple[SheetStep, ...]
    timers: tuple[str, ...]
    letters: tuple[Text, ...]


def sheets(book: Rulebook) -> Mapping[str, Sheet]:
    """Process id → sheet: the numbered flows in their order, then the shared ones."""
    with _lock:
        found = _read.get(book.digest)
    if found is None:
        found = _sheets(book)
        with _lock:
            _read.clear()  # the rules in force only: former ones are not shown
            _read[book.digest] = found
    return found


def _sheets(book: Rulebook) -> Mapping[str, Sheet]:
    known = diagrams(book)
    names = {step.id: step.name for each in known.values() for step in each.elements}
    found = {process: _sheet(book, names, diagram) for process, diagram in known.items()}
    order = {name: place for place, name in enumerate(book.flows)}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def below(found: Mapping[str, Sheet], process: str) -> list[Sheet]:
    """A sheet and all it calls, each once, in the order of the steps."""
    todo, seen = [process], list[str]()
    while todo:
        name = todo.pop(0)
        if name in found and name not in seen:
            seen.append(name)
            todo += [step.calls for step in found[name].steps if step.calls]
    return [found[name] for name in seen]


def _sheet(book: Rulebook, names: Mapping[str, str], diagram: Diagram) -> Sheet:
    root = etree.fromstring(
        book.files[diagram.file], etree.XMLParser(resolve_entities=False, no_network=True)
    )
    nodes = {element.get("id"): element for element in root.iter() if element.get("id")}
    row = book.flows.get(diagram.process)
    steps = [_step(book, nodes[each.id], each.lane, each.calls, names) for each in diagram.elements]
    timers = [
        element.get("name", "")
        for element in root.iter(f"{BPMN}boundaryEvent", f"{BPMN}intermediateCatchEvent")
        if element.find(f"{BPMN}timerEventDefinition") is not None
    ]
    letters = {
        str(param.get("value")).strip("'\""): None
        for param in root.iter(f"{SPIFF}parameter")
        if param.get("id") == "letter"
    }
    return Sheet(
        diagram.process,
        row.name if row else Text(diagram.name, diagram.process.replace("_", " ")),
        row.number if row else "",
        row.source if row else "",
        tuple(steps),
        tuple(timers),
        tuple(book.letters[name].title for name in letters if name in book.letters),
    )


def _step(
    book: Rulebook, element: etree._Element, lane: str, calls: str | None, names: Mapping[str, str]
) -> SheetStep:
    told = {one.get("name", ""): one.get("value", "") for one in element.iter(f"{SPIFF}property")}
    role, form = book.roles.get(told.get("role", "")), book.forms.get(told.get("form", ""))
    ident = element.get("id") or ""
    return SheetStep(
        ident,
        element.get("name") or ident,
        lane,
        role.name if role else None,
        book.limits.get(told.get("limit", "")),
        form.title if form else None,
        tuple(book.papers[paper].name for paper in told.get("evidence", "").split() if paper in book.papers),
        tuple(names.get(one, one) for one in told.get("not_by", "").split()),
        calls,
    )
