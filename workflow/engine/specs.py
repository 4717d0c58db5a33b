"""SpiffWorkflow's task specifications with our behaviour where theirs cuts.

Nothing of SpiffWorkflow is patched: a parsed specification gets the class below in place of its own
(``retype``), so stock code in the same process runs as it always did. What differs, by row of the table of
sharp edges: joins look at tasks without a depth limit and in a fixed order (1), timers take the time of the
command instead of the wall clock (13), a service task leaves an effect instead of calling out (11), loop and
ad-hoc tasks no longer change the shared specification when a case reaches them (8).
"""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
    TimerEventDefinition,
)
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import (
    CallActivity,
    EventSubprocess,
    SubWorkflowTask,
)
from SpiffWorkflow.spiff.specs.defaults import ServiceTask
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.deep_merge import DeepMerge
from SpiffWorkflow.util.task import TaskState

from workflow.engine.tasks import own
from workflow.engine.tree import DEFINITE, NOT_FINISHED, PREDICTED, preorder

ANSWERS = "answers"
"""Where a waiting task keeps what a message from outside brought until it runs."""

DUE = "event_value"
"""Where a waiting timer keeps when it is due."""

_LIVE = TaskState.READY | TaskState.WAITING


class EndJoin(_EndJoin):
    """The end of a process: waits for every other token, then merges what the branches brought."""

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        return not any(
            task._state & NOT_FINISHED and task is not my_task and task.task_spec.name != "End"
            for task in my_task.workflow.tasks.values()
        )

    def _run_hook(self, my_task: Any) -> Any:
        # Branches that ended in earlier commands were pruned; what they brought waits in `ended`.
        DeepMerge.merge(my_task.data, my_task.workflow.ended)
        return super()._run_hook(my_task)


class _DeepJoin:
    """Finds the instances of a structured join however deep they lie."""

    name: str
    split_task: str

    def _find_tasks(self, my_task: Any) -> list[Any]:
        split = my_task.find_ancestor(self.split_task) or my_task.workflow.task_tree
        return [
            task
            for task in preorder(split, end_at_spec=self.name)
            if task.task_spec is self and not task.is_descendant_of(my_task)
        ]


class AfterBoundary(_DeepJoin, BoundaryEventJoin):
    """Joins a task with its boundary events."""


class AfterStart(_DeepJoin, StartEventJoin):
    """Joins several start events."""


class ParallelJoin(ParallelGateway):
    """A parallel gateway that counts arrivals in one flat scan."""

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        missing = set(self._inputs)
        for task in [t for t in my_task.workflow.tasks.values() if t.task_spec is self]:
            if task.is_descendant_of(my_task):
                # My own successor in a loop: nobody needs to wait for the flow it will come by.
                origin = task
                while origin is not None and origin.task_spec.name not in missing:
                    origin = origin.parent
                if origin is not None:
                    missing.discard(origin.task_spec.name)
            elif not my_task.is_descendant_of(task) and task.parent._state == TaskState.COMPLETED:
                missing.discard(task.parent.task_spec.name)
        return not missing


class InclusiveJoin(InclusiveGateway):
    """An inclusive gateway that looks at its inputs in the order of the diagram, not of a set."""

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        instances: list[Any] = []
        sources: list[Any] = []
        for task in my_task.workflow.get_tasks(end_at_spec=self.name):
            if task.task_spec is self:
                instances.append(task)
            elif task._state & _LIVE:
                sources.append(task.task_spec)
        done = [task.parent.task_spec for task in instances if task.parent._state == TaskState.COMPLETED]
        arrived = list(dict.fromkeys(done))
        for task in instances:
            if task.parent._state & TaskState.DEFINITE_MASK and task.parent.task_spec not in arrived:
                return False
        checked: list[Any] = []
        for spec in arrived:
            source = _source_of(spec, sources, checked)
            if source is not None:
                sources.remove(source)
        waiting = [spec for spec in self.inputs if spec not in arrived]
        return not any(_source_of(spec, sources, checked) is not None for spec in waiting)


def _source_of(spec: Any, sources: list[Any], checked: list[Any]) -> Any:
    """The active task spec a token may still come from by way of ``spec``. Looks at each spec once."""
    while True:
        checked.append(spec)
        spec = next((parent for parent in spec.inputs if parent not in checked), None)
        if spec is None or spec in sources:
            return spec


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


def _after(now: datetime, duration: str) -> datetime:
    """``now`` and an ISO 8601 duration, months by the calendar."""
    read = TimerEventDefinition.parse_iso_duration(duration)
    length: timedelta = TimerEventDefinition.get_timedelta_from_start(read, now)
    return now + length


class _FromCommand(TimerEventDefinition):
    """A timer that takes the time of the command for now. It has fired from the instant it is due."""

    def has_fired(self, my_task: Any) -> bool:
        value = my_task.internal_data.get(DUE)
        top = my_task.workflow.top_workflow
        if value is None:
            value = self._due(my_task, top.clock).astimezone(UTC).isoformat()
            my_task.internal_data[DUE] = value
        if datetime.fromisoformat(value) <= top.clock:
            my_task.internal_data["event_fired"] = True
        return bool(my_task.internal_data.get("event_fired", False))

    def _due(self, my_task: Any, now: datetime) -> datetime:
        value = my_task.workflow.script_engine.evaluate(my_task, self.expression)
        if not isinstance(value, datetime):
            value = self._read(str(value), now)
        if value.tzinfo is None:
            raise ValueError(f"a date without a time zone: {value.isoformat()}")
        return value

    def _read(self, text: str, now: datetime) -> datetime:
        raise NotImplementedError


class DateTimer(_FromCommand, TimeDateEventDefinition):
    """A timer with a date, or with ``due('D04')``."""

    @property
    def asks(self) -> bool:
        """Whether its date comes from the calendar, and so may move while it waits."""
        return "due(" in self.expression

    def _read(self, text: str, now: datetime) -> datetime:
        if text.upper().startswith("P"):
            return _after(now, text)
        return datetime.fromisoformat(text)


class DurationTimer(_FromCommand, DurationTimerEventDefinition):
    """A timer with an ISO 8601 duration, counted from the command that reached it."""

    def _read(self, text: str, now: datetime) -> datetime:
        return _after(now, text)


class CycleTimer(CycleTimerEventDefinition):
    """A timer that fires again and again. Our own diagrams may not use it."""

    def cycle_complete(self, my_task: Any) -> bool:
        now = my_task.workflow.top_workflow.clock
        value = my_task.internal_data.get("event_value")
        if value is None:
            text = my_task.workflow.script_engine.evaluate(my_task, self.expression)
            cycles, start, length = self._read(str(text), now)
            value = {"cycles": cycles, "next": start.isoformat(), "duration": length.total_seconds()}
        ready = False
        if value["cycles"] == 0:
            my_task.internal_data["event_fired"] = True
        elif (next_one := datetime.fromisoformat(value["next"])) <= now:
            length = timedelta(seconds=value["duration"])
            value = {**value, "next": (next_one + length).isoformat(), "cycles": value["cycles"] - 1}
            ready = True
        my_task.internal_data["event_value"] = value
        return ready

    def _read(self, text: str, now: datetime) -> tuple[int, datetime, timedelta]:
        if text.upper().replace("--", "/").count("/") > 1:
            cycles, start, length = self.parse_iso_recurring_interval(text)
            return cycles, start, length
        count, _, duration = text.upper().partition("/")
        first = _after(now, duration)
        return int(count.strip("R") or -1), first, first - now


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
