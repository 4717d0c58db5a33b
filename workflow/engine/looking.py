"""Look into a state without changing it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition

from bpmn.text import Text
from workflow.engine import codec
from workflow.engine.commands import no_dues
from workflow.engine.faults import StepRefused
from workflow.engine.model import Model
from workflow.engine.steps import timers_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def variables(model: Model, state: bytes, task: int) -> Mapping[str, Any]:
    """What an open task knows: its decision variables.

    Raises ``StepRefused`` for a state that does not fit the model or a task that is not there.
    """
    found = codec.data_of(_rows(model, state), task)
    if found is None:
        raise StepRefused(Text(f"没有待办任务 {task}", f"there is no open task {task}"))
    return MappingProxyType(found)


def awaited(model: Model, state: bytes) -> frozenset[str]:
    """Names of the messages and signals that something in the case waits for.

    Raises ``StepRefused`` for a state that does not fit the model.
    """
    case = codec.load(_rows(model, state), model.specs, model.shapes, model.scripts, _EPOCH, no_dues)
    names = (
        getattr(definition, "name", None)
        for task in case.event_manager.tasks.values()
        for definition in (
            getattr(task.task_spec.event_definition, "event_definitions", None)
            or [task.task_spec.event_definition]
        )
        if isinstance(definition, MessageEventDefinition | SignalEventDefinition)
    )
    return frozenset(name for name in names if name is not None)


def timers(model: Model, state: bytes) -> Mapping[int, datetime]:
    """When the timers end that something in the case waits for: task → moment in UTC.

    Raises ``StepRefused`` for a state that does not fit the model.
    """
    case = codec.load(_rows(model, state), model.specs, model.shapes, model.scripts, _EPOCH, no_dues)
    return {timer.task: timer.due for timer in timers_of(case)}


def _rows(model: Model, state: bytes) -> Any:
    try:
        return codec.process_of(state, model.digest)[1]
    except codec.StateUnreadable as fault:
        raise StepRefused(Text(f"无法读取状态：{fault}", f"the state cannot be read: {fault}")) from fault
