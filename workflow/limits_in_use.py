"""Limits and steps belong together: every step has its limit, and every limit is a step's or a duty's."""

from collections.abc import Iterator, Set
from typing import Final

from bpmn import Fault, Rulebook, RulebookError, Text
from workflow.deadlines.limits import FILE
from workflow.duties.rules import FILE as DUTIES
from workflow.duties.rules import duties_of
from workflow.engine.lint_drawing import Drawing, read
from workflow.engine.lint_field import LIMITS, STEPS, Known, limits_of, survey

NO_STEP: Final = Text(
    "没有环节、也没有工作日历的事项用到这个时限；写错了就改，确实没有的写明no_step和原因",
    "no step and no duty of the work calendar names this limit: mend the name, or say why in no_step",
)
HAS_ONE: Final = Text(
    "写了no_step，可是有环节或工作日历的事项用到它", "it says no_step, yet a step or a duty names it"
)
NO_LIMIT: Final = Text("这个环节没有写明时限（limit）", "this step names no limit")


def require_used(rulebook: Rulebook) -> None:
    """Refuse a step without a limit of the rule book, and a limit that nothing is measured by.

    A rule book from before there were duties is let be: cases live by it.

    Raises:
        RulebookError: file, element and reason of each.
    """
    if DUTIES not in rulebook.files:
        return
    duties = duties_of(rulebook).values()
    drawings = [
        drawing
        for path, content in sorted(rulebook.files.items())
        if path.endswith(".bpmn") and isinstance(drawing := read(path, content), Drawing)
    ]
    known = survey(drawings)
    used = {duty.limit for duty in duties if not duty.cases}
    faults: list[Fault] = []
    for drawing in drawings:
        faults += _steps_without(drawing, known, rulebook.limits.keys(), used)
    for limit in rulebook.limits.values():
        if limit.no_step is None and limit.id not in used:
            faults.append(Fault(FILE, limit.id, NO_STEP))
        elif limit.no_step is not None and limit.id in used:
            faults.append(Fault(FILE, f"{limit.id}.no_step", HAS_ONE))
    if faults:
        raise RulebookError(faults)


def _steps_without(drawing: Drawing, known: Known, limits: Set[str], used: set[str]) -> Iterator[Fault]:
    """The steps of a diagram that no limit measures; the limits that its nodes name go into `used`."""
    steps = {node.id for node in drawing.of(*STEPS)}
    for node in drawing.nodes.values():
        named = set(limits_of(node, known))
        used |= named
        if node.id in steps and not node.words("limit"):
            yield Fault(drawing.file, node.id, NO_LIMIT)
        written = {word for key in LIMITS for word in node.words(key)}  # looked up in workflow.fitting
        for name in sorted(named - limits - written):
            told = Text(f"没有期限“{name}”", f"there is no limit {name!r}")
            yield Fault(drawing.file, node.id, told)
