"""The flows as the office signs them: each diagram with its steps, roles, limits, papers and letters."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from bpmn import Rulebook, Text
from bpmn.tables import LimitRow
from workflow.reading.diagrams import BPMN, Diagram, diagrams
from workflow.reading.picture import Picture, picture

SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
UNITS: Mapping[str, Text] = {
    "wd": Text("个工作日", "working days"),
    "d": Text("天", "days"),
    "h": Text("小时", "hours"),
    "date": Text("（固定日期）", "(a fixed date)"),
}
OPENING = Text("登记案件", "opening the case")
"""What a step has to be kept apart from where a diagram names the event the case begins with."""
LANES: Mapping[str, Text] = {
    each.zh: each
    for each in (
        Text("村(社区)", "village or community"),
        Text("乡镇(街道)", "township or sub-district"),
        Text("县医保局", "county medical security bureau"),
        Text("县民政局", "county civil affairs bureau"),
        Text("县财政局", "county finance bureau"),
        Text("各主管部门", "each department concerned"),
        Text("医院", "hospital"),
    )
}
"""What organisations are called in our diagrams; others keep the words that are drawn."""
_KIND = re.compile(r"^(ma|ta|sub)_")
_QUOTED = re.compile(r"""["']([a-z_]+)["']""")
_read: dict[str, Mapping[str, "Sheet"]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class SheetStep:
    """One step of a diagram. `limit` is None where the diagram works it out; `apart`: steps whose doer
    may not do this one; `calls`: the diagram behind it.
    """

    id: str
    name: Text
    lane: Text
    role: Text | None
    limit: LimitRow | None
    form: Text | None
    papers: tuple[Text, ...]
    apart: tuple[Text, ...]
    calls: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One diagram for the wall, with its drawing. `number` is empty for what other flows share."""

    process: str
    name: Text
    number: str
    source: str
    steps: tuple[SheetStep, ...]
    timers: tuple[str, ...]
    letters: tuple[Text, ...]
    picture: Picture


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
    drawn = {process: _nodes(book, diagram) for process, diagram in known.items()}
    names = {name: _named(book, node) for nodes in drawn.values() for name, node in nodes.items()}
    found = {process: _sheet(book, names, diagram, drawn[process]) for process, diagram in known.items()}
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


def _nodes(book: Rulebook, diagram: Diagram) -> Mapping[str, etree._Element]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(book.files[diagram.file], parser)
    return {str(element.get("id")): element for element in root.iter() if element.get("id")}


def _named(book: Rulebook, node: etree._Element) -> Text:
    """What is drawn; in English the title of the step's form or the name of the diagram behind it."""
    if node.tag == f"{BPMN}startEvent":
        return OPENING
    ident = str(node.get("id"))
    form, calls = book.forms.get(_told(node).get("form", "")), node.get("calledElement")
    english = form.title.en if form else _english(book, calls) if calls else ident.replace("_", " ")
    return Text(node.get("name") or ident, english)


def _english(book: Rulebook, process: str) -> str:
    """A flow's English name; of a shared one its id in words."""
    row = book.flows.get(process)
    return row.name.en if row else _KIND.sub("", process).replace("_", " ")


def _told(node: etree._Element) -> dict[str, str]:
    return {one.get("name", ""): one.get("value", "") for one in node.iter(f"{SPIFF}property")}


def _sheet(
    book: Rulebook, names: Mapping[str, Text], diagram: Diagram, nodes: Mapping[str, etree._Element]
) -> Sheet:
    row = book.flows.get(diagram.process)
    timers = [
        element.get("name", "")
        for element in nodes.values()
        if element.find(f"{BPMN}timerEventDefinition") is not None
    ]
    written = dict.fromkeys(_QUOTED.findall(book.files[diagram.file].decode()))  # scripts choose letters, too
    return Sheet(
        diagram.process,
        row.name if row else Text(diagram.name, _english(book, diagram.process)),
        row.number if row else "",
        row.source if row else "",
        tuple(_step(book, nodes[each.id], each.lane, each.calls, names) for each in diagram.elements),
        tuple(timers),
        tuple(book.letters[name].title for name in written if name in book.letters),
        picture(book.files[diagram.file]),
    )


def _step(
    book: Rulebook, element: etree._Element, lane: str, calls: str | None, names: Mapping[str, Text]
) -> SheetStep:
    told = _told(element)
    role, form = book.roles.get(told.get("role", "")), book.forms.get(told.get("form", ""))
    apart = [names.get(one, Text(one, one)) for one in told.get("not_by", "").split()]
    ident = element.get("id") or ""
    return SheetStep(
        ident,
        names[ident],
        LANES.get(lane, Text(lane, lane)),
        role.name if role else None,
        book.limits.get(told.get("limit", "")),
        form.title if form else None,
        tuple(book.papers[paper].name for paper in told.get("evidence", "").split() if paper in book.papers),
        tuple({each.zh: each for each in apart}.values()),
        calls,
    )
