"""A diagram as the linter sees it: the XML read once into nodes, flows, lanes, shapes and lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.xml import Unsafe, local, read_xml

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
SPACES = {
    "b": BPMN,
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "w": "http://www.omg.org/spec/DD/20100524/DI",
    "s": SPIFF,
}

TASKS = frozenset({"task", "userTask", "manualTask", "scriptTask", "serviceTask", "sendTask", "receiveTask",
                   "businessRuleTask"})  # fmt: skip
CONTAINERS = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | CONTAINERS | {"callActivity"}
EVENTS = frozenset(
    {"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"}
)
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
NODES = ACTIVITIES | EVENTS | GATEWAYS
WAITING = frozenset({"task", "userTask", "manualTask", "receiveTask", "intermediateCatchEvent"})

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the drawing, in pixels, y downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: Box, slack: float = 0.5) -> bool:
        """Whether the two share more than an edge of `slack` pixels."""
        return (
            min(self.right, other.right) - max(self.x, other.x) > slack
            and min(self.bottom, other.bottom) - max(self.y, other.y) > slack
        )

    def holds(self, other: Box) -> bool:
        return (
            self.x <= other.x
            and self.y <= other.y
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


Picture = tuple[Mapping[str, Box], Mapping[str, Box], Mapping[str, tuple[Point, ...]]]
"""Shapes, labels and lines by the id of their element."""


@dataclass(frozen=True)
class Node:
    """A flow node. `scope` is the id of the process or embedded sub-process it lies in."""

    id: str
    tag: str
    name: str
    scope: str
    element: etree._Element
    properties: Mapping[str, str]

    def words(self, key: str) -> list[str]:
        """A property that lists things, parted by spaces."""
        return self.properties.get(key, "").split()

    def text(self, path: str) -> str | None:
        """Text of the first element at an XPath below the node, or None."""
        for found in self.element.iterfind(path, SPACES):
            return (found.text or "").strip()
        return None

    @property
    def item(self) -> str | None:
        """The variable that holds, in each instance of a repeated step, what that instance is for."""
        found = self.element.find("b:multiInstanceLoopCharacteristics/b:inputDataItem", SPACES)
        return None if found is None else found.get("id")

    @property
    def gives(self) -> str | None:
        """The variable in which each instance of a repeated step leaves what is gathered."""
        found = self.element.find("b:multiInstanceLoopCharacteristics/b:outputDataItem", SPACES)
        return None if found is None else found.get("id")

    def definitions(self) -> list[str]:
        """Local names of its event definitions: `timerEventDefinition`, …"""
        return [local(child) for child in self.element if local(child).endswith("EventDefinition")]


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `condition` is None when it has none."""

    id: str
    name: str
    source: str
    target: str
    condition: str | None
    scope: str


@dataclass(frozen=True)
class Drawing:
    """One file. `process` is the id of its first process, "" when there is none."""

    file: str
    root: etree._Element
    process: str
    nodes: Mapping[str, Node]
    flows: tuple[Flow, ...]
    lanes: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def fault(self, element: str, zh: str, en: str) -> Fault:
        return Fault(self.file, element, Text(zh, en))

    @cached_property
    def shapes(self) -> Mapping[str, Box]:
        return self._picture[0]

    @cached_property
    def labels(self) -> Mapping[str, Box]:
        return self._picture[1]

    @cached_property
    def lines(self) -> Mapping[str, tuple[Point, ...]]:
        return self._picture[2]

    @cached_property
    def _picture(self) -> Picture:
        """Read when it is asked for: whoever executes the diagram never looks at it."""
        return _picture(self.root)

    @cached_property
    def outgoing(self) -> Mapping[str, list[Flow]]:
        found: dict[str, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.source, []).append(flow)
        return found

    @cached_property
    def incoming(self) -> Mapping[str, list[Flow]]:
        found: dict[str, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.target, []).append(flow)
        return found

    @cached_property
    def attached(self) -> Mapping[str, list[Node]]:
        """Boundary events by the activity they sit on."""
        found: dict[str, list[Node]] = {}
        for node in self.of("boundaryEvent"):
            found.setdefault(node.element.get("attachedToRef", ""), []).append(node)
        return found

    @cached_property
    def beside(self) -> frozenset[str]:
        """Nodes that only a non-interrupting boundary event leads to: the case goes on beside them."""
        events = self.of("boundaryEvent")
        apart = {event.id for event in events if event.element.get("cancelActivity") == "false"}
        others = [node.id for node in self.of("startEvent")]
        main = set(others)
        while others:
            node = others.pop()
            coming = [flow.target for flow in self.outgoing.get(node, [])]
            coming += [event.id for event in self.attached.get(node, []) if event.id not in apart]
            others += [each for each in coming if each not in main]
            main.update(coming)
        return frozenset(self.nodes.keys() - main)

    def of(self, *tags: str) -> Iterator[Node]:
        return (node for node in self.nodes.values() if node.tag in tags)

    def processes(self) -> list[etree._Element]:
        return self.root.findall("b:process", SPACES)


def read(file: str, content: bytes) -> Drawing | Fault:
    """Read one diagram. A file that is no XML, or carries entities, comes back as its fault."""
    try:
        root = read_xml(content)
    except (etree.XMLSyntaxError, Unsafe) as fault:
        return Fault(file, "-", Text(f"不是有效的 XML：{fault}", f"not valid XML: {fault}"))
    if root.tag != f"{{{BPMN}}}definitions":
        return Fault(file, "-", Text("不是BPMN 2.0流程图", "not a BPMN 2.0 diagram"))
    nodes: dict[str, Node] = {}
    flows: list[Flow] = []
    processes = root.findall("b:process", SPACES)
    for process in processes:
        _walk(process, nodes, flows)
    lanes = {
        lane.get("id", ""): (
            lane.get("name", ""),
            frozenset((ref.text or "").strip() for ref in lane.findall("b:flowNodeRef", SPACES)),
        )
        for lane in root.iterfind(".//b:lane", SPACES)
    }
    first = processes[0].get("id", "") if processes else ""
    return Drawing(file, root, first, nodes, tuple(flows), lanes)


def _walk(scope: etree._Element, nodes: dict[str, Node], flows: list[Flow]) -> None:
    inside = scope.get("id", "")
    for child in scope:
        tag, ident = local(child), child.get("id", "")
        if tag == "sequenceFlow":
            condition = child.find("b:conditionExpression", SPACES)
            text = None if condition is None else (condition.text or "").strip()
            ends = child.get("sourceRef", ""), child.get("targetRef", "")
            flows.append(Flow(ident, child.get("name", "").strip(), *ends, text, inside))
        elif tag in NODES:
            properties = {
                item.get("name", ""): item.get("value", "")
                for item in child.iterfind("b:extensionElements/s:properties/s:property", SPACES)
            }
            nodes[ident] = Node(ident, tag, child.get("name", "").strip(), inside, child, properties)
            if tag in CONTAINERS:
                _walk(child, nodes, flows)


def _picture(root: etree._Element) -> Picture:
    shapes: dict[str, Box] = {}
    labels: dict[str, Box] = {}
    lines: dict[str, tuple[Point, ...]] = {}
    for shape in root.iterfind(".//di:BPMNShape", SPACES):
        ident = shape.get("bpmnElement", "")
        bounds = shape.find("dc:Bounds", SPACES)
        if bounds is not None:
            shapes[ident] = _box(bounds)
        label = shape.find("di:BPMNLabel/dc:Bounds", SPACES)
        if label is not None:
            labels[ident] = _box(label)
    for edge in root.iterfind(".//di:BPMNEdge", SPACES):
        ident = edge.get("bpmnElement", "")
        points = edge.findall("w:waypoint", SPACES)
        lines[ident] = tuple((_number(point, "x"), _number(point, "y")) for point in points)
        label = edge.find("di:BPMNLabel/dc:Bounds", SPACES)
        if label is not None:
            labels[ident] = _box(label)
    return shapes, labels, lines


def _box(bounds: etree._Element) -> Box:
    return Box(*(_number(bounds, key) for key in ("x", "y", "width", "height")))


def _number(element: etree._Element, key: str) -> float:
    """A coordinate; one that is missing or no number counts as 0, which the layout rules then find."""
    try:
        return float(element.get(key, "0"))
    except ValueError:
        return 0.0
