"""Soundness by exploration: every marking a diagram can come to, looked at before any case does.

From every reachable marking an end can be reached; nothing is left open when an end is reached; no step is
dead; no place holds two tokens; joins are complete. Processes are explored one by one: a call activity asks
only what the called process can come to, given what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bpmn.faults import Fault
from bpmn.rulebook import Rulebook
from workflow.engine.lint_drawing import Drawing
from workflow.engine.soundness.deeds import Reading, never_scripted, relevant_names
from workflow.engine.soundness.domains import Decisions, decisions_of, domains_of
from workflow.engine.soundness.explorer import MOST, Explorer
from workflow.engine.soundness.scopes import Diagrams
from workflow.engine.steering import Steering, steering_of

__all__ = ["MOST", "Explored", "explore", "explore_all", "explorer_of"]


@dataclass(frozen=True)
class Explored:
    """``markings``: by id of process or sub-process, how many were explored."""

    faults: tuple[Fault, ...]
    markings: Mapping[str, int]


def explore(
    drawings: Sequence[Drawing], book: Rulebook | None, tables: Iterable[bytes] = (), most: int = MOST
) -> Explored:
    """Explore all diagrams. They must not call themselves in a circle.

    With a rule book, what people may answer is known; without it any variable may be answered with anything.
    ``tables``: contents of the decision tables; ``most``: how many markings may be looked at in all.
    """
    return explore_all(drawings, steering_of(book) if book else None, decisions_of(tables), most)


def explore_all(
    drawings: Sequence[Drawing], book: Steering | None, decisions: Decisions, most: int = MOST
) -> Explored:
    """As ``explore``, with all that it hangs on."""
    explorer = _explorer(drawings, book, decisions, most)
    explorer.explore()
    return Explored(tuple(explorer.faults.values()), explorer.markings)


def explorer_of(
    drawings: Sequence[Drawing], book: Rulebook | None, tables: Iterable[bytes] = (), most: int = MOST
) -> Explorer:
    """What ``explore`` explores with, for those who want to look at the markings themselves."""
    return _explorer(drawings, steering_of(book) if book else None, decisions_of(tables), most)


def _explorer(
    drawings: Sequence[Drawing], book: Steering | None, decisions: Decisions, most: int
) -> Explorer:
    relevant = relevant_names(drawings, book)
    domains = domains_of(drawings, book, relevant)
    free = never_scripted(drawings, relevant)
    reading = Reading(book, decisions, domains, relevant, free)
    return Explorer(Diagrams(drawings, reading), most)
