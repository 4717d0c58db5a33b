"""What a diagram takes from other files: a process it calls, a message it names, a decision table."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from workflow.engine.xml import BPMN, read_xml

_DECLARED = tuple(
    BPMN + name
    for name in ("message", "signal", "error", "escalation", "correlationKey", "correlationProperty")
)
_REFERENCES = ("messageRef", "signalRef", "errorRef", "escalationRef")
_CORRELATED = BPMN + "correlationPropertyRetrievalExpression"
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Outline:
    """One diagram seen from the others.

    The processes it holds and calls; the messages, signals, errors and escalations it ``refers`` to and those
    it ``declares``; the messages it ``correlates``. ``declarations``: these elements alone, as a document.
    ``asks``: whether it asks a decision table.
    """

    processes: frozenset[str]
    calls: frozenset[str]
    refers: frozenset[str]
    declares: frozenset[str]
    correlates: frozenset[str]
    declarations: bytes
    asks: bool

    def lends(self, other: Outline) -> bool:
        """Whether something declared here is meant by another diagram, which does not declare it itself."""
        wanted = other.refers - other.declares
        return not (self.declares.isdisjoint(wanted) and self.correlates.isdisjoint(other.refers))


@dataclass(frozen=True, slots=True)
class Borrowed:
    """What reading one diagram hangs on beside it. ``processes``: those it calls that are at hand."""

    processes: frozenset[str]
    declarations: tuple[bytes, ...]
    tables: tuple[tuple[str, bytes], ...]


@lru_cache(maxsize=_REMEMBERED)
def outline_of(content: bytes) -> Outline:
    """Raises ``lxml.etree.XMLSyntaxError`` or ``Unsafe``."""
    root = read_xml(content)
    declared = list(root.iter(*_DECLARED))
    return Outline(
        processes=frozenset(process.get("id", "") for process in root.iterchildren(BPMN + "process")),
        calls=frozenset(call.get("calledElement", "") for call in root.iter(BPMN + "callActivity")),
        refers=frozenset(
            element.get(name)
            for element in root.iter(etree.Element)
            for name in _REFERENCES
            if element.get(name)
        ),
        declares=frozenset(element.get("id", "") for element in declared),
        correlates=frozenset(element.get("messageRef", "") for element in root.iter(_CORRELATED)),
        declarations=_alone(root, declared),
        asks=next(root.iter(BPMN + "businessRuleTask"), None) is not None,
    )


def _alone(root: Any, declared: list[Any]) -> bytes:
    if not declared:
        return b""
    alone = etree.Element(root.tag, nsmap=root.nsmap)
    alone.extend(deepcopy(element) for element in declared)
    return etree.tostring(alone)


def borrowed(outlines: Mapping[str, Outline], tables: Mapping[str, bytes]) -> dict[str, Borrowed]:
    """What each of several diagrams takes from the others and from the decision tables."""
    at_hand = frozenset().union(*(outline.processes for outline in outlines.values()))
    lenders = {file: outline for file, outline in outlines.items() if outline.declarations}
    every = tuple(tables.items())
    return {
        file: Borrowed(
            processes=outline.calls & at_hand,
            declarations=tuple(
                other.declarations for name, other in lenders.items() if name != file and other.lends(outline)
            ),
            tables=every if outline.asks else (),
        )
        for file, outline in outlines.items()
    }
