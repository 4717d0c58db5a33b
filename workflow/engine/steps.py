"""The public face: ``start`` and ``step``, pure functions from state and command to a new state.

No database, no clock, no chance: the same model, state, command, time and due dates give the same bytes in
every process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.spiff.specs.event_definitions import SignalEventDefinition
from SpiffWorkflow.util.task import TaskState

from bpmn.text import Text
from workflow.engine import codec
from workflow.engine.commands import (
    Command,
    Complete,
    Due,
    Effect,
    Message,
    Open,
    Retime,
    Signal,
    Step,
    Tick,
    TimerAt,
    no_dues,
)
from workflow.engine.expressions import ExpressionFailed
from workflow.engine.faults import Incident, StepRefused
from workflow.engine.kernel import Case
from workflow.engine.model import Model, Node
from workflow.engine.prune import prune
from workflow.engine.specs import ANSWERS, CaseMessage
from workflow.engine.tasks import CaseTask

KERNEL = "1"
"""Version of everything the bytes of a state depend on, SpiffWorkflow and pruning included."""

_READY, _WAITING = TaskState.READY, TaskState.WAITING
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def start(model: Model, process: str, variables: Mapping[str, Any], at: datetime, due: Due = no_dues) -> Step:
    """Begin a case. Raises ``StepRefused`` for an unknown process or unfit data, ``Incident`` if it fails."""
    spec = model.specs.get(process)
    if spec is None:
        raise StepRefused(Text(f"没有流程“{process}”", f"there is no process {process}"))
    case = Case(spec, model.specs, model.scripts, _aware(at), due)
    data = _fit(variables)
    case.variables = dict(data)
    with_incidents(case, lambda: _begin(case, data))
    return finish(model, case)


def step(model: Model, state: bytes, command: Command, at: datetime, due: Due = no_dues) -> Step:
    """Carry out one command. ``state`` is not changed.

    Raises ``StepRefused`` if the command does not fit the case or the state does not fit the model, and
    ``Incident`` if the diagram fails.
    """
    try:
        _, rows = codec.process_of(state, model.digest)
    except codec.StateUnreadable as fault:
        raise StepRefused(Text(f"无法读取状态：{fault}", f"the state cannot be read: {fault}")) from fault
    case = codec.load(rows, model.specs, model.shapes, model.scripts, _aware(at), due)
    if case.completed:
        raise StepRefused(Text("案件已经结束", "the case is over"))
    match command:
        case Complete(task=number, answers=answers):
            task = _open_task(case, number)
            data = _fit(answers)
            case.current = task
            with_incidents(case, lambda: _complete(task, data))
        case Message(name=name, answers=answers):
            _send(case, _message(model, case, name, _fit(answers)), Text(f"没有任务在等待消息“{name}”", name))
        case Signal(name=name):
            definition = SignalEventDefinition(name)
            _send(case, BpmnEvent(definition), Text(f"没有任务在等待信号“{name}”", name))
        case Tick():
            with_incidents(case, case.refresh_timers)
        case Retime():
            with_incidents(case, case.forget_due_dates)
    with_incidents(case, case.settle)
    return finish(model, case)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("the time of a command needs a time zone")
    return at.astimezone(UTC)


def _fit(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as it will be read back from a state. Raises ``StepRefused`` for what has no place there."""
    return {name: _value(name, value) for name, value in data.items()}


def _value(name: str, value: Any) -> Any:
    if value is None or value.__class__ in (str, bool):
        return value
    if value.__class__ is int and -(2**63) <= value < 2**63:
        return value
    if value.__class__ is float and value == value and abs(value) != float("inf"):
        return value
    if value.__class__ in (list, tuple):
        return [_value(name, one) for one in value]
    if value.__class__ is dict and all(isinstance(key, str) for key in value):
        return {key: _value(name, one) for key, one in value.items()}
    kind = type(value).__name__
    raise StepRefused(Text(f"“{name}”的值不能存入状态：{kind}", f"{name}: a {kind} has no place in a state"))


def with_incidents(case: Case, act: Callable[[], Any]) -> Any:
    """Call; turn whatever fails into an ``Incident`` at the node that was being worked on."""
    try:
        return act()
    except (StepRefused, Incident):
        raise
    except Exception as fault:
        cause: BaseException = fault
        if isinstance(fault, SpiffWorkflowException):
            cause = fault.__cause__ or fault.__context__ or fault
        task = case.current
        node = f"{task.workflow.spec.name}.{task.task_spec.name}" if task is not None else case.spec.name
        raise Incident(node, cause) from fault


def _begin(case: Case, data: dict[str, Any]) -> None:
    case.begin()
    case.task_tree.data.update(data)
    case.settle()


def _open_task(case: Case, number: int) -> CaseTask:
    task = case.get_task_from_id(number)
    if task is None or not task.task_spec.manual:
        raise StepRefused(Text(f"没有待办任务 {number}", f"there is no open task {number}"))
    if task._state != _READY:
        raise StepRefused(Text(f"任务 {number} 尚未就绪或已经结束", f"task {number} is not open any more"))
    return task


def _complete(task: CaseTask, data: dict[str, Any]) -> None:
    task.data.update(data)
    task.workflow.top_workflow.variables.update(data)
    task.run()


def _message(model: Model, case: Case, name: str, payload: dict[str, Any]) -> BpmnEvent:
    keys: dict[str, Any] = {}
    for task in case.event_manager.tasks.values():
        for known in _definitions(task):
            if isinstance(known, CaseMessage) and known.name == name:
                with suppress(ExpressionFailed):  # a message without the key does not correlate
                    found = known.calculate_correlations(model.scripts, known.correlation_properties, payload)
                    keys.update(found)
    return BpmnEvent(CaseMessage(name), payload=payload, correlations=keys)


def _definitions(task: CaseTask) -> list[Any]:
    definition = task.task_spec.event_definition
    return getattr(definition, "event_definitions", None) or [definition]


def _send(case: Case, event: BpmnEvent, name: Text) -> None:
    waiting = [task for task in case.event_manager.tasks.values() if task.task_spec.catches(task, event)]
    if not waiting:
        raise StepRefused(Text(name.zh, f"nobody waits for {name.en}"))
    with_incidents(case, lambda: _deliver(case, event, waiting))


def _deliver(case: Case, event: BpmnEvent, waiting: list[CaseTask]) -> None:
    case.current = waiting[0]
    if event.payload:
        for task in waiting:
            # Stock drops what a message brings unless the diagram names a variable for it.
            if all(getattr(known, "message_var", None) is None for known in _definitions(task)):
                task.internal_data[ANSWERS] = event.payload
    case.event_manager.catch(event, internal=False)


def finish(model: Model, case: Case) -> Step:
    """Prune and write the case as it now stands; it is of no use afterwards.

    Raises ``Incident`` for data that cannot be written.
    """
    ended = None
    if case.over():
        case.completed = True
        case.ended = {}
        ended = case.last_end or ""
    effects = tuple(
        Effect(operator, MappingProxyType(params), task.task_spec.name)
        for task, operator, params in case.effects
    )
    sent = tuple(_sent(case.bpmn_events))
    prune(case, model.shapes)
    opened, timers = tuple(_opens(model, case)), tuple(timers_of(case))
    try:
        state = codec.dump(case, model.digest, model.shapes)
    except TypeError as fault:
        raise Incident(case.path[-1] if case.path else case.spec.name, fault) from fault
    step = Step(
        state=state,
        open=opened,
        timers=timers,
        effects=effects,
        path=tuple(case.path),
        variables=MappingProxyType(case.variables),
        dues={limit: when.astimezone(UTC).isoformat() for limit, when in case.dues.items()},
        ended=ended,
        sent=sent,
    )
    case.fall_apart()
    return step


def _sent(events: Iterable[Any]) -> Iterable[Message | Signal]:
    for event in events:
        definition = event.event_definition
        if isinstance(definition, CaseMessage):
            yield Message(definition.name, event.payload or {})
        elif isinstance(definition, SignalEventDefinition):
            yield Signal(definition.name)


def _opens(model: Model, case: Case) -> Iterable[Open]:
    for workflow in case.workflows():
        for task in workflow.tasks.values():
            spec = task.task_spec
            if task._state == _READY and spec.manual:
                yield _open(model, task, "user")
            elif (
                task._state == _WAITING
                and isinstance(spec, CatchingEvent)
                and not isinstance(spec, BoundaryEvent)
                and spec.bpmn_id is not None
            ):
                yield _open(model, task, "wait")


def _open(model: Model, task: CaseTask, kind: Literal["user", "wait"]) -> Open:
    process, spec = task.workflow.spec.name, task.task_spec
    node = model.nodes.get((process, spec.bpmn_id)) or Node(
        spec.name, spec.name, "task", spec.lane, {}, process
    )
    return Open(
        id=task.id,
        node=node.id,
        process=process,
        name=node.name,
        kind=kind,
        lane=node.lane,
        properties=_filled(node.properties, task.data),
    )


def _filled(properties: Mapping[str, str], data: Mapping[str, Any]) -> Mapping[str, str]:
    if not any("{" in value for value in properties.values()):
        return properties
    return MappingProxyType(
        {
            name: _PLACEHOLDER.sub(lambda found: str(data.get(found[1], found[0])), value)
            for name, value in properties.items()
        }
    )


def timers_of(case: Case) -> Iterable[TimerAt]:
    """The timers that run in a case."""
    for task in case.event_manager.tasks.values():
        value = task.internal_data.get("event_value")
        if task._state == _WAITING and value is not None:
            if not any(isinstance(known, TimerEventDefinition) for known in _definitions(task)):
                continue
            when = value["next"] if isinstance(value, dict) else value
            yield TimerAt(task.id, task.task_spec.name, datetime.fromisoformat(when))
