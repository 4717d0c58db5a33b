"""One diagram as the kernel uses it, read once per process.

Most diagrams of a changed rule book are those of the one before. What is remembered here hangs on nothing but
what it is remembered by: the file, and the little of other files that it borrows. It never changes again, so
several models may share it, as the cases and threads of one model do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.borrowing import Borrowed
from workflow.engine.guards import faults_of_drawing, faults_of_joins
from workflow.engine.lint_drawing import read
from workflow.engine.scripts import Scripts, Table
from workflow.engine.shapes import Shape, shape_of
from workflow.engine.specs import retype
from workflow.engine.tables import faults_of_table
from workflow.engine.xml import BPMN, local, read_xml

REMEMBERED = 256
"""Diagrams a process remembers: some four rule books in which nothing is the same."""


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
class Diagram:
    """One file. ``ids`` are those of its processes and embedded sub-processes, readable or not.

    ``faults``: what would be misread or cannot be read; ``flaws``: what is wrong with what was read.
    """

    ids: tuple[str, ...]
    flows: Mapping[str, Flow]
    specs: Mapping[str, Any]
    shapes: Mapping[str, Shape]
    nodes: Mapping[tuple[str, str], Node]
    faults: tuple[Fault, ...]
    flaws: tuple[Fault, ...]


@lru_cache(maxsize=REMEMBERED)
def diagram_of(file: str, content: bytes, borrowed: Borrowed, guard: bool) -> Diagram:
    """Read one diagram, which must be sound XML; what is wrong with it stands in the result.

    ``guard``: see ``read_model``.
    """
    scripts = Scripts(strict=guard)
    faults = tuple(_misread(file, content, borrowed, scripts)) if guard else ()
    root = read_xml(content)
    unread: list[Fault] = []
    parser = parser_of(dict(borrowed.tables), [])
    # The parser knows a document by its address in memory: none of them may go before it does.
    lent = [read_xml(part) for part in borrowed.declarations]
    for part in lent:
        with suppress(Exception):  # told of the file it stands in
            parser.add_bpmn_xml(part)
    try:
        parser.add_bpmn_xml(root, file)
    except Exception as fault:
        unread.append(unparsed(file, fault))
    specs = _specs(parser, unread)
    for spec in specs.values():
        retype(spec)
    shapes = {spec.name: shape_of(spec) for spec in specs.values()}
    flaws = [flaw for spec in specs.values() for flaw in _finish(file, spec, shapes, scripts, guard)]
    nodes = {(node.process, node.id): node for node in _nodes(root, specs)}
    inside = [process for process in root.iter(BPMN + "process") if process.get("id") in specs]
    return Diagram(
        ids=tuple(parser.process_parsers),
        flows=MappingProxyType({p.get("id"): _flow(p, file, content, nodes) for p in inside}),
        specs=MappingProxyType(specs),
        shapes=MappingProxyType(shapes),
        nodes=MappingProxyType(nodes),
        faults=faults or tuple(unread),  # what is wrong there was said better already
        flaws=tuple(flaws),
    )


def parser_of(tables: Mapping[str, bytes], faults: list[Fault]) -> SpiffBpmnParser:
    """A parser that knows these decision tables; one that it cannot take is a fault."""
    parser = SpiffBpmnParser()
    for name, content in tables.items():
        try:
            parser.add_dmn_xml(read_xml(content), name)
        except Exception as fault:
            faults.append(unparsed(name, fault))
    return parser


def unparsed(file: str, fault: Exception) -> Fault:
    """What the parser could not read."""
    element = "-"
    if isinstance(fault, ValidationException):
        element = getattr(fault, "id", "") or "-"
    return Fault(file, element, Text(f"无法解析：{fault}", f"cannot be parsed: {fault}"))


def _misread(file: str, content: bytes, borrowed: Borrowed, scripts: Scripts) -> Iterator[Fault]:
    drawing = read(file, content)
    if isinstance(drawing, Fault):
        yield drawing
    else:
        yield from faults_of_drawing(drawing, borrowed.processes, scripts)


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
                faults.append(unparsed(file, fault))
    return specs


def _finish(
    file: str, spec: Any, shapes: Mapping[str, Shape], scripts: Scripts, guard: bool
) -> Iterator[Fault]:
    """Tell what is wrong with a parsed process, and give it the decision tables it asks, unless they are."""
    if guard:
        yield from faults_of_joins(file, shapes[spec.name])
    for task_spec in spec.task_specs.values():
        engine = getattr(task_spec, "dmnEngine", None)
        if isinstance(engine, DMNEngine):
            flaws = (
                list(faults_of_table(file, task_spec.name, engine.decision_table, scripts)) if guard else []
            )
            yield from flaws
            if not flaws:
                task_spec.dmnEngine = Table(engine.decision_table, scripts)


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


def _flow(process: Any, file: str, content: bytes, nodes: Mapping[tuple[str, str], Node]) -> Flow:
    inside = {element.get("id") for element in process.iter()}
    return Flow(
        id=process.get("id"),
        name=process.get("name") or process.get("id"),
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        nodes=MappingProxyType({node.id: node for node in nodes.values() if node.process in inside}),
    )
