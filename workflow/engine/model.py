"""Diagrams as the kernel uses them: read once from bytes, guarded, then never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.faults import ModelRefused
from workflow.engine.guards import faults_of_drawing, faults_of_joins
from workflow.engine.lint_drawing import Drawing, read
from workflow.engine.scripts import Scripts, Table
from workflow.engine.shapes import Shape, shape_of
from workflow.engine.specs import retype
from workflow.engine.tables import faults_of_table
from workflow.engine.xml import BPMN, Unsafe, local, read_xml


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a diagram. ``kind`` is BPMN's own name for it, such as ``userTask``."""

    id: str
    name: str
    kind: str
    lane: str | None
    properties: Mapping[str, str]
    process: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One process and the file it stands in. ``nodes`` include those of its embedded sub-processes."""

    id: str
    name: str
    file: str
    sha256: str
    nodes: Mapping[str, Node]

    @property
    def start(self) -> str:
        """Id of the start event: in `not_by` of a step it stands for whoever has opened the case."""
        return next(
            node.id for node in self.nodes.values() if node.kind == "startEvent" and node.process == self.id
        )


@dataclass(frozen=True, slots=True)
class Model:
    """Parsed diagrams: immutable, shared between cases and threads.

    ``digest`` names the diagrams exactly; a state only fits a model with its digest. ``guarded`` tells
    whether the shapes that SpiffWorkflow misreads were refused.
    """

    flows: Mapping[str, Flow]
    digest: str
    guarded: bool
    specs: Mapping[str, Any] = field(repr=False)
    shapes: Mapping[str, Shape] = field(repr=False)
    scripts: Scripts = field(repr=False)
    nodes: Mapping[tuple[str, str], Node] = field(repr=False)
    decisions: Mapping[str, Table] = field(repr=False)

    def decide(self, decision: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """What a decision table beside the diagrams says; of COLLECT each output is a list.

        Raises ``KeyError``: there is no such table.
        """
        return self.decisions[decision].answer(data)

    def node(self, process: str, node_id: str) -> Node:
        """A node of a process or of an embedded sub-process. Raises ``KeyError``."""
        return self.nodes[process, node_id]


TARIFFS = "policies/"
"""The folder of decision tables that are no part of the diagrams."""


def read_model(files: Mapping[str, bytes], *, guard: bool = True) -> Model:
    """Read diagrams (``.bpmn``) and decision tables (``.dmn``) by name and content.

    With ``guard`` off, shapes that SpiffWorkflow misreads and a wider expression language are let through:
    for other people's diagrams only. Raises ``ModelRefused`` with all faults found.
    """
    faults: list[Fault] = []
    diagrams: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for name in sorted(files):
        if not name.endswith((".bpmn", ".dmn")):
            continue
        try:
            root = read_xml(files[name])
        except (etree.XMLSyntaxError, Unsafe) as fault:
            faults.append(Fault(name, "-", Text(f"不是有效的 XML：{fault}", f"not valid XML: {fault}")))
            continue
        (diagrams if name.endswith(".bpmn") else tables)[name] = root
    if faults:
        raise ModelRefused(faults)
    scripts = Scripts(strict=guard)
    if guard:
        faults += _misread({name: files[name] for name in diagrams}, scripts)
    unread: list[Fault] = []
    parser = _parser(diagrams, tables, unread)
    specs = _specs(parser, unread)
    told = {fault.file for fault in faults}  # what is wrong there was said better already
    faults += [fault for fault in unread if fault.file not in told]
    owners = {p.get("id"): name for name, root in diagrams.items() for p in root.iter(BPMN + "process")}
    shapes: dict[str, Shape] = {}
    decisions = _decisions(parser, scripts, faults, guard)
    for spec in specs.values():
        retype(spec)
        file = spec.file or ""
        shapes[spec.name] = shape_of(spec)
        if guard:
            faults += faults_of_joins(file, shapes[spec.name])
        for task_spec in spec.task_specs.values():
            engine = getattr(task_spec, "dmnEngine", None)
            if isinstance(engine, DMNEngine):
                if guard:
                    faults += faults_of_table(file, task_spec.name, engine.decision_table, scripts)
                if not faults:
                    task_spec.dmnEngine = Table(engine.decision_table, scripts)
    if faults:
        raise ModelRefused(faults)
    nodes = {(n.process, n.id): n for root in diagrams.values() for n in _nodes(root, specs)}
    flows = {
        process: _flow(process, name, diagrams[name], files[name], nodes)
        for process, name in owners.items()
        if process in specs
    }
    return Model(
        flows=MappingProxyType(flows),
        digest=_digest({name: files[name] for name in (*diagrams, *tables)}),
        guarded=guard,
        specs=MappingProxyType(specs),
        shapes=MappingProxyType(shapes),
        scripts=scripts,
        nodes=MappingProxyType(nodes),
        decisions=MappingProxyType(decisions),
    )


def _misread(diagrams: Mapping[str, bytes], scripts: Scripts) -> Iterator[Fault]:
    drawings = [read(name, content) for name, content in diagrams.items()]
    drawn = [one for one in drawings if isinstance(one, Drawing)]
    yield from (one for one in drawings if isinstance(one, Fault))
    processes = {process.get("id", "") for drawing in drawn for process in drawing.processes()}
    for drawing in drawn:
        yield from faults_of_drawing(drawing, processes, scripts)


def _digest(files: Mapping[str, bytes]) -> str:
    """Twelve hexadecimal digits over names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def _decisions(
    parser: SpiffBpmnParser, scripts: Scripts, faults: list[Fault], guard: bool
) -> dict[str, Table]:
    """The decision tables that lie beside the diagrams, by the id of the decision. Tariffs are no part of
    them: `workflow.amounts` reads those.
    """
    found: dict[str, Table] = {}
    for name, one in parser.dmn_parsers.items():
        if (one.filename or "").startswith(TARIFFS):
            continue
        try:
            one.parse()
        except Exception as fault:
            faults.append(_fault(one.filename or "", fault))
            continue
        table = one.decision.decisionTables[0]
        wrong = list(faults_of_table(one.filename or "", name, table, scripts)) if guard else []
        faults += wrong
        if not wrong:
            found[name] = Table(table, scripts)
    return found


def _parser(diagrams: Mapping[str, Any], tables: Mapping[str, Any], faults: list[Fault]) -> SpiffBpmnParser:
    parser = SpiffBpmnParser()
    for name, root in tables.items():
        try:
            parser.add_dmn_xml(root, name)
        except Exception as fault:
            faults.append(_fault(name, fault))
    for name, root in diagrams.items():
        try:
            parser.add_bpmn_xml(root, name)
        except Exception as fault:
            faults.append(_fault(name, fault))
    return parser


def _specs(parser: SpiffBpmnParser, faults: list[Fault]) -> dict[str, Any]:
    specs: dict[str, Any] = {}
    # Parsing a process adds its embedded sub-processes to the list, so it grows while it is worked off.
    done: set[str] = set()
    while waiting := [p for p in parser.get_process_ids() if p not in done]:
        for process in waiting:
            done.add(process)
            file = parser.process_parsers[process].filename or ""
            try:
                specs[process] = parser.get_spec(process)
            except Exception as fault:
                faults.append(_fault(file, fault))
    return specs


def _fault(file: str, fault: Exception) -> Fault:
    element = "-"
    if isinstance(fault, ValidationException):
        element = getattr(fault, "id", "") or "-"
    return Fault(file, element, Text(f"无法解析：{fault}", f"cannot be parsed: {fault}"))


def _nodes(root: Any, specs: Mapping[str, Any]) -> Iterator[Node]:
    """The nodes drawn in one file. A node belongs to the process or sub-process it stands in."""
    for element in root.iter():
        parent, name = element.getparent(), element.get("id")
        spec = None if parent is None else specs.get(parent.get("id"))
        if spec is None or name not in spec.task_specs:
            continue
        task_spec = spec.task_specs[name]
        instance = spec.task_specs.get(f"{name} [child]", task_spec)  # of a repeated task
        properties = (getattr(instance, "extensions", None) or {}).get("properties") or {}
        yield Node(
            id=name,
            name=element.get("name") or name,
            kind=local(element),
            lane=instance.lane,
            properties=MappingProxyType(dict(properties)),
            process=spec.name,
        )


def _flow(process: str, file: str, root: Any, content: bytes, nodes: Mapping[tuple[str, str], Node]) -> Flow:
    element = next(p for p in root.iter(BPMN + "process") if p.get("id") == process)
    inside = {process} | {e.get("id") for e in element.iter() if e.get("id")}
    own = {n.id: n for n in nodes.values() if n.process in inside}
    return Flow(
        id=process,
        name=element.get("name") or process,
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        nodes=MappingProxyType(own),
    )
