"""Diagrams as the kernel uses them: read once from bytes, guarded, then never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from lxml import etree

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.borrowing import Outline, borrowed, outline_of
from workflow.engine.diagram import Diagram, Flow, Node, diagram_of, parser_of, unparsed
from workflow.engine.faults import ModelRefused
from workflow.engine.scripts import Scripts, Table
from workflow.engine.shapes import Shape
from workflow.engine.tables import faults_of_table
from workflow.engine.xml import Unsafe, read_xml

__all__ = ["Flow", "Model", "Node", "read_model"]

Key = TypeVar("Key")
Value = TypeVar("Value")


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
    for other people's diagrams only. A diagram that was read lately is not read again, unless what it takes
    from other files has changed. Raises ``ModelRefused`` with all faults found.
    """
    drawn = {name: files[name] for name in sorted(files) if name.endswith((".bpmn", ".dmn"))}
    outlines, tables = _outlines(drawn)
    scripts = Scripts(strict=guard)
    lent = borrowed(outlines, tables)
    diagrams = {name: diagram_of(name, drawn[name], lent[name], guard) for name in outlines}
    decisions, wrong = _decisions(tables, scripts, guard)
    faults = [fault for diagram in diagrams.values() for fault in diagram.faults]
    faults += _twice(diagrams)
    faults += wrong
    faults += [flaw for diagram in diagrams.values() for flaw in diagram.flaws]
    if faults:
        raise ModelRefused(faults)
    return Model(
        flows=_all([diagram.flows for diagram in diagrams.values()]),
        digest=_digest(drawn),
        guarded=guard,
        specs=_all([diagram.specs for diagram in diagrams.values()]),
        shapes=_all([diagram.shapes for diagram in diagrams.values()]),
        scripts=scripts,
        nodes=_all([diagram.nodes for diagram in diagrams.values()]),
        decisions=MappingProxyType(decisions),
    )


def _outlines(drawn: Mapping[str, bytes]) -> tuple[dict[str, Outline], dict[str, bytes]]:
    """The diagrams seen from outside, and the decision tables. Raises ``ModelRefused`` for what is no XML."""
    faults: list[Fault] = []
    outlines: dict[str, Outline] = {}
    tables: dict[str, bytes] = {}
    for name, content in drawn.items():
        try:
            if name.endswith(".bpmn"):
                outlines[name] = outline_of(content)
            else:
                read_xml(content)
                tables[name] = content
        except (etree.XMLSyntaxError, Unsafe) as fault:
            faults.append(Fault(name, "-", Text(f"不是有效的 XML：{fault}", f"not valid XML: {fault}")))
    if faults:
        raise ModelRefused(faults)
    return outlines, tables


def _twice(diagrams: Mapping[str, Diagram]) -> Iterator[Fault]:
    """Processes that stand in two files; within one, whoever reads it complains."""
    owner: dict[str, str] = {}
    for name, diagram in diagrams.items():
        for process in diagram.ids:
            if owner.setdefault(process, name) != name and not diagram.faults:
                yield Fault(
                    name,
                    process,
                    Text(
                        f"无法解析：{owner[process]}里也有流程{process}",
                        f"cannot be parsed: {owner[process]} has a process {process} too",
                    ),
                )


def _all(parts: Iterable[Mapping[Key, Value]]) -> Mapping[Key, Value]:
    return MappingProxyType({key: value for part in parts for key, value in part.items()})


def _digest(files: Mapping[str, bytes]) -> str:
    """Twelve hexadecimal digits over names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def _decisions(
    tables: Mapping[str, bytes], scripts: Scripts, guard: bool
) -> tuple[dict[str, Table], list[Fault]]:
    """The decision tables that lie beside the diagrams, by the id of the decision. Tariffs are no part of
    them: `workflow.amounts` reads those.
    """
    found: dict[str, Table] = {}
    faults: list[Fault] = []
    for name, one in parser_of(tables, faults).dmn_parsers.items():
        if (one.filename or "").startswith(TARIFFS):
            continue
        try:
            one.parse()
        except Exception as fault:
            faults.append(unparsed(one.filename or "", fault))
            continue
        table = one.decision.decisionTables[0]
        wrong = list(faults_of_table(one.filename or "", name, table, scripts)) if guard else []
        faults += wrong
        if not wrong:
            found[name] = Table(table, scripts)
    return found, faults
