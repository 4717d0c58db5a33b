"""Which ways of cases deviate (bpmn/conformance.toml): how rare is rare, and the marks that say why."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault, RulebookError
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FILE: Final = "conformance.toml"


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a way deviates; set where any of the five is so."""

    id: str
    name: Text
    steps: frozenset[str]
    outcomes: frozenset[str]
    repeated: bool
    reassigned: bool
    attempts: bool


@dataclass(frozen=True, slots=True)
class Deviating:
    """`rare`: percent of the cases; `again`: steps that may be repeated."""

    rare: Decimal
    again: frozenset[str]
    marks: Mapping[str, Mark]


NOTHING: Final = Deviating(Decimal(0), frozenset(), MappingProxyType({}))


@lru_cache(maxsize=16)
def read_deviating(content: bytes) -> Deviating:
    """Check and read the file. Raises RulebookError with every fault."""
    faults: list[Fault] = []
    found = check_deviating(faults, content)
    if faults:
        raise RulebookError(faults)
    return found


def check_deviating(faults: list[Fault], content: bytes) -> Deviating:
    """Read the file; what is wrong is added to `faults`."""
    top = read_toml(faults, FILE, content)
    if top is None:
        return NOTHING
    rare = _percent(top)
    again = frozenset(top.strings("again"))
    marks = {name: _mark(name, section) for name, section in top.tables("marks").items()}
    top.close()
    return Deviating(rare, again, MappingProxyType(marks))


def _percent(top: Section) -> Decimal:
    try:
        rare = Decimal(top.string("rare"))
    except InvalidOperation:
        rare = Decimal(-1)
    if not 0 <= rare <= 100:
        top.fault("应为0到100的百分数", "should be a percentage from 0 to 100", "rare")
        return Decimal(0)
    return rare


def _mark(name: str, section: Section) -> Mark:
    mark = Mark(
        id=name,
        name=section.text("name"),
        steps=frozenset(section.strings("steps")),
        outcomes=frozenset(section.strings("outcomes")),
        repeated=section.flag("repeated", False),
        reassigned=section.flag("reassigned", False),
        attempts=section.flag("attempts", False),
    )
    if not (mark.steps or mark.outcomes or mark.repeated or mark.reassigned or mark.attempts):
        section.fault("没有写明什么情况下标记", "does not say when it is set")
    section.close()
    return mark
