"""Move a running case onto other diagrams, in place: every open task keeps its id, its data and its dates.

SpiffWorkflow's own migration (``bpmn/util/diff.py``) resets every open task (sharp edge 14). Here nothing
that is open is touched: only the specification each task refers to is exchanged, and what was merely
predicted is predicted anew. What cannot be moved so is refused with every reason.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from bpmn.rulebook import Rulebook
from bpmn.text import Text
from workflow.engine import codec
from workflow.engine.commands import Step, no_dues
from workflow.engine.faults import EngineError, StepRefused
from workflow.engine.kernel import Case
from workflow.engine.migrate_needs import needs, standing_of
from workflow.engine.migrate_obstacles import obstacles
from workflow.engine.model import Model
from workflow.engine.steps import finish
from workflow.engine.tree import LIVE, NOT_FINISHED, PREDICTED

_FORESEEN = PREDICTED | TaskState.FUTURE
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Moving a case asks no clock: nothing is started and no timer is looked at."""


class MoveRefused(EngineError):
    """The case cannot be moved. ``reasons`` are all of them; nothing has changed."""

    def __init__(self, reasons: list[Text]) -> None:
        super().__init__("; ".join(reason.en for reason in reasons))
        self.reasons = tuple(reasons)


def migrate(
    old: Model, new: Model, state: bytes, book: Rulebook | None = None, done: Collection[str] = ()
) -> Step:
    """The state on the diagrams of ``new``, and what is open in it: the same tasks as before.

    With the new rule book it is also made sure that the case brings all that the way ahead needs; ``done``
    are then the steps that people have done in it. Neither changes the result.

    Raises ``MoveRefused`` with every reason, ``StepRefused`` for a state that does not fit ``old``.
    """
    try:
        _, rows = codec.process_of(state, old.digest)
    except codec.StateUnreadable as fault:
        raise StepRefused(Text(f"无法读取状态：{fault}", f"the state cannot be read: {fault}")) from fault
    case = codec.load(rows, old.specs, old.shapes, old.scripts, _NO_TIME, no_dues)
    if case.completed:
        raise MoveRefused([Text("案件已经结束", "the case is over")])
    reasons = obstacles(old, new, case)
    if not reasons and book is not None:
        before, after = ({node for _, node in model.nodes} for model in (old, new))
        gone, added = set(done) & before - after, after - before
        reasons = list(needs(book, case.spec.name, standing_of(case), gone=gone, added=added))
    if reasons:
        raise MoveRefused(reasons)
    _exchange(case, new)
    return finish(new, case)


def _exchange(case: Case, new: Model) -> None:
    case.subprocess_specs = new.specs
    case._engine = new.scripts
    for workflow in case.workflows():
        workflow.spec = new.specs[workflow.spec.name]
        workflow.touched = True
        _forget_predictions(workflow)
        for task in workflow.tasks.values():
            seen = _numbered(task)
            # A finished task is only kept for its data; where its step is gone, the start stands for it.
            task.task_spec = workflow.spec.task_specs.get(task.task_spec.name, workflow.spec.start)
            if seen:
                known = task.task_spec.event_definition.event_definitions
                task.internal_data["seen_events"] = [
                    BpmnEvent(known[number], payload, keys) for number, payload, keys in seen
                ]
        for task in [one for one in workflow.tasks.values() if one._state & LIVE]:
            task.task_spec._predict(task, mask=NOT_FINISHED)


def _forget_predictions(workflow: Any) -> None:
    foreseen = {task.id for task in workflow.tasks.values() if task._state & _FORESEEN}
    for task in workflow.tasks.values():
        task._children = [child for child in task._children if child not in foreseen]
    for number in foreseen:
        del workflow.tasks[number]


def _numbered(task: Any) -> list[tuple[int, Any, Any]]:
    """Events that a gateway has seen, by their place among those it waits for."""
    definition = getattr(task.task_spec, "event_definition", None)
    if not isinstance(definition, MultipleEventDefinition):
        return []
    known = definition.event_definitions
    return [
        (known.index(event.event_definition), event.payload, event.correlations)
        for event in task.internal_data.get("seen_events") or ()
    ]
