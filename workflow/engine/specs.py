"""SpiffWorkflow's task specifications with our behaviour where theirs cuts.

Nothing of SpiffWorkflow is patched: a parsed specification gets a class of ours in place of its own
(``retype``), so stock code in the same process runs as it always did. What differs, by row of the table of
sharp edges: joins look at tasks without a depth limit and in a fixed order (1), timers take the time of the
command instead of the wall clock (13), a service task leaves an effect instead of calling out (11), loop and
ad-hoc tasks no longer change the shared specification when a case reaches them (8).
"""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import AdHocSubprocessSpec, BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, StartEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import (
    CallActivity,
    EventSubprocess,
    SubWorkflowTask,
)
from SpiffWorkflow.spiff.specs.defaults import ServiceTask
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition

from workflow.engine.joins import AfterBoundary, AfterStart, EndJoin, InclusiveJoin, ParallelJoin
from workflow.engine.tasks import own
from workflow.engine.timers import CycleTimer, DateTimer, DurationTimer
from workflow.engine.tree import DEFINITE, PREDICTED

ANSWERS = "answers"
"""Where a waiting task keeps what a message from outside brought until it runs."""


class Service(ServiceTask):
    """A service task: leaves an effect for the outbox and completes at once.

    There is no result yet; a variable that the diagram names for one is set to None.
    """

    def _execute(self, task: Any) -> bool:
        engine = task.workflow.script_engine
        params = {
            name: engine.evaluate(task, param["value"]) for name, param in self.operation_params.items()
        }
        task.workflow.top_workflow.effects.append((task, self.operation_name, params))
        if not self.result_variable.startswith("spiff__"):
            task.data[self.result_variable] = None
        return True


class CaseMessage(MessageEventDefinition):
    """A message whose content, sent as a command, becomes variables unless the diagram names one for it."""

    def update_task_data(self, my_task: Any) -> None:
        answers = my_task.internal_data.pop(ANSWERS, None)
        if answers:
            my_task.data.update(answers)
        super().update_task_data(my_task)


class _Settled:
    """Mixed into the class of every specification that is read: it will not change any more.

    Stock looks up a specification's neighbours by name whenever it asks for them.
    """

    _inputs: list[str]
    _outputs: list[str]
    _wf_spec: Any
    lookahead: int

    @cached_property
    def inputs(self) -> list[Any]:
        return [self._wf_spec.task_specs[name] for name in self._inputs]

    @cached_property
    def outputs(self) -> list[Any]:
        return [self._wf_spec.task_specs[name] for name in self._outputs]

    def test(self) -> None:
        """Stock asks each time a task becomes ready whether its specification is whole: once will do."""
        if "_whole" not in self.__dict__:
            super().test()  # type: ignore[misc]
            self._whole = True

    def _predict(self, my_task: Any, seen: Any = None, looked_ahead: int = 0, mask: int = PREDICTED) -> None:
        """As stock does it. What it notes as seen is never found again: it compares tasks with specs."""
        if my_task._state & mask:
            self._predict_hook(my_task)  # type: ignore[attr-defined]
        if my_task._children and (my_task._state & DEFINITE or looked_ahead + 1 < self.lookahead):
            for child in my_task.children:
                if child._state & mask:
                    child.task_spec._predict(child, seen, looked_ahead + 1, mask)


class _Called(_Settled):
    """A call activity or sub-process that finds the start of its process without a search."""

    spec: str

    def start_workflow(self, my_task: Any) -> None:
        top = my_task.workflow.top_workflow
        if self.spec not in top.subprocess_specs:
            return super().start_workflow(my_task)  # type: ignore[misc, no-any-return]
        sub = top.create_subprocess(my_task, self.spec)
        sub.completed_event.connect(self._on_subworkflow_completed, my_task)  # type: ignore[attr-defined]
        self.copy_data(my_task, sub)
        sub.task_tree.run()

    def copy_data(self, my_task: Any, sub: Any) -> None:
        if sub.spec.io_specification is not None:
            super().copy_data(my_task, sub)  # type: ignore[misc]
        else:
            data = my_task.data
            sub.task_tree.data.update(data if isinstance(self, CallActivity) else own(data))

    def update_data(self, my_task: Any, sub: Any) -> None:
        if sub.spec.io_specification is not None:
            super().update_data(my_task, sub)  # type: ignore[misc]
        else:
            my_task.data = own(sub.last_task.data)


@cache
def _settled(kind: Any) -> Any:
    mixed = _Called if issubclass(kind, SubWorkflowTask) else _Settled
    return type(kind.__name__, (mixed, kind), {"__module__": kind.__module__})


_TASKS = {
    _EndJoin: EndJoin,
    BoundaryEventJoin: AfterBoundary,
    StartEventJoin: AfterStart,
    ParallelGateway: ParallelJoin,
    InclusiveGateway: InclusiveJoin,
    ServiceTask: Service,
}
_EVENTS = {
    MessageEventDefinition: CaseMessage,
    TimeDateEventDefinition: DateTimer,
    DurationTimerEventDefinition: DurationTimer,
    CycleTimerEventDefinition: CycleTimer,
}


def retype(spec: BpmnProcessSpec) -> None:
    """Give the parsed specifications of one process our classes, and connect once what never changes."""
    for task_spec in list(spec.task_specs.values()):
        task_spec.__class__ = _TASKS.get(type(task_spec), type(task_spec))
        definition = getattr(task_spec, "event_definition", None)
        if definition is not None:
            for one in [definition, *_parts(definition)]:
                one.__class__ = _EVENTS.get(type(one), type(one))
        if isinstance(task_spec, LoopTask):
            child = spec.task_specs[task_spec.task_spec]
            if not child.completed_event.is_connected(task_spec.merge_child):
                child.completed_event.connect(task_spec.merge_child)
        if isinstance(task_spec, EventSubprocess) and not task_spec._inputs:
            # Stock connects these when the first case triggers them, and the next case starts with them.
            task_spec._inputs.append(spec.start.name)
            task_spec.connect(spec.end)
    if isinstance(spec, AdHocSubprocessSpec):
        for path in spec.conditional_paths:
            if spec.start.name not in path._inputs:
                path._inputs.append(spec.start.name)
    for task_spec in list(spec.task_specs.values()):
        kind: Any = type(task_spec)
        task_spec.__class__ = _settled(kind)


def _parts(definition: Any) -> list[Any]:
    return definition.event_definitions if isinstance(definition, MultipleEventDefinition) else []
