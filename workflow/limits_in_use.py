"""Limits and steps belong together: every step has its limit, and every limit is a step's or a duty's."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bpmn import Fault, Rulebook, RulebookError, Text
from workflow.deadlines.limits import FILE
from workflow.duties.rules import FILE as DUTIES
from workflow.duties.rules import duties_of
from workflow.engine.lint_drawing import Drawing, Node, read
from workflow.engine.lint_field import ALL, LIMITS, STEPS, Known, dues_of, filled, known_of, together

NO_STEP: Final = Text(
    "没有环节、也没有工作日历的事项用到这个时限；写错了就改，确实没有的写明no_step和原因",
    "no step and no duty of the work calendar names this limit: mend the name, or say why in no_step",
)
HAS_ONE: Final = Text(
    "写了no_step，可是有环节或工作日历的事项用到它", "it says no_step, yet a step or a duty names it"
)
NO_LIMIT: Final = Text("这个环节没有写明时限（limit）", "this step names no limit")


@dataclass(frozen=True, slots=True)
class _Place:
    """A node as far as limits go: those it names, those its timer waits for, whether it lacks its own."""

    node: str
    words: frozenset[str]
    dues: frozenset[str]
    lacking: bool

    def named(self, known: Known) -> set[str]:
        """Every limit it may mean: its own, those it lets run or stand, and the one its timer waits for."""
        return {each for word in self.words for each in filled(word, known)} - {ALL} | self.dues


def require_used(rulebook: Rulebook) -> None:
    """Refuse a step without a limit of the rule book, and a limit that nothing is measured by.

    A rule book from before there were duties is let be: cases live by it.

    Raises:
        RulebookError: file, element and reason of each.
    """
    if DUTIES not in rulebook.files:
        return
    duties = duties_of(rulebook).values()
    drawn = {
        path: seen
        for path, content in sorted(rulebook.files.items())
        if path.endswith(".bpmn") and (seen := _seen(content)) is not None
    }
    known = together(what for what, _ in drawn.values())
    used = {duty.limit for duty in duties if not duty.cases}
    faults: list[Fault] = []
    for path, (_, places) in drawn.items():
        for place in places:
            used |= place.named(known)
            faults += _faults_of(path, place, known, rulebook.limits.keys())
    for limit in rulebook.limits.values():
        if limit.no_step is None and limit.id not in used:
            faults.append(Fault(FILE, limit.id, NO_STEP))
        elif limit.no_step is not None and limit.id in used:
            faults.append(Fault(FILE, f"{limit.id}.no_step", HAS_ONE))
    if faults:
        raise RulebookError(faults)


@lru_cache(maxsize=256)
def _seen(content: bytes) -> tuple[Known, tuple[_Place, ...]] | None:
    """What one diagram knows, and its places; None of what is no diagram. Remembered: of a changed rule book
    most diagrams are as they were.
    """
    drawing = read("", content)
    if not isinstance(drawing, Drawing):
        return None
    steps = {node.id for node in drawing.of(*STEPS)}
    places = (_place(node, node.id in steps) for node in drawing.nodes.values())
    return known_of(drawing), tuple(place for place in places if place.words or place.dues or place.lacking)


def _place(node: Node, step: bool) -> _Place:
    words = frozenset(word for key in LIMITS for word in node.words(key))
    return _Place(node.id, words, frozenset(dues_of(node)), step and not node.words("limit"))


def _faults_of(file: str, place: _Place, known: Known, limits: Set[str]) -> Iterator[Fault]:
    """The step that no limit measures, and the limits that there are not."""
    if place.lacking:
        yield Fault(file, place.node, NO_LIMIT)
    for name in sorted(place.named(known) - limits - place.words):  # those are looked up in workflow.fitting
        told = Text(f"没有期限“{name}”", f"there is no limit {name!r}")
        yield Fault(file, place.node, told)
