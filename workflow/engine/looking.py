"""Look into a state without changing it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bpmn.text import Text
from workflow.engine import codec
from workflow.engine.faults import StepRefused
from workflow.engine.model import Model


def variables(model: Model, state: bytes, task: int) -> Mapping[str, Any]:
    """What an open task knows: its decision variables.

    Raises ``StepRefused`` for a state that does not fit the model or a task that is not there.
    """
    try:
        _, rows = codec.process_of(state, model.digest)
    except codec.StateUnreadable as fault:
        raise StepRefused(Text(f"无法读取状态：{fault}", f"the state cannot be read: {fault}")) from fault
    found = codec.data_of(rows, task)
    if found is None:
        raise StepRefused(Text(f"没有待办任务 {task}", f"there is no open task {task}"))
    return MappingProxyType(found)
