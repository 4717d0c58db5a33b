"""Why a running case cannot be moved to other diagrams, as far as the diagrams say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask

from bpmn.text import Text
from workflow.engine.kernel import Case
from workflow.engine.migrate_marking import Unclear, can_stand, marking_of
from workflow.engine.model import Model
from workflow.engine.tree import LIVE

LOOP = ("task_spec", "cardinality", "condition", "maximum", "test_before")
ITEMS = ("data_input", "data_output", "input_item", "output_item")


def obstacles(old: Model, new: Model, case: Case) -> list[Text]:
    """Every reason, the outermost process first; empty when the case can be moved."""
    reasons: list[Text] = []
    for workflow in case.workflows():
        spec = new.specs.get(workflow.spec.name)
        if spec is None:
            name = process_name(old, workflow.spec.name)
            told = Text(f"新版本里没有流程“{name}”", f"the new version has no process “{name}”")
            return [*reasons, told]  # nothing below it can be compared
        found = list(_of_process(old, workflow, spec))
        reasons += found or _of_marking(old, new, workflow, spec)
    return list(dict.fromkeys(reasons))


def process_name(model: Model, process: str) -> str:
    """The name a process or embedded sub-process is drawn with."""
    flow = model.flows.get(process)
    if flow is not None:
        return flow.name
    return next((node.name for node in model.nodes.values() if node.id == process), process)


def _of_process(old: Model, workflow: Any, spec: Any) -> Iterator[Text]:
    here = workflow.spec
    if _kept(here) != _kept(spec):
        name = process_name(old, here.name)
        yield Text(f"流程“{name}”共享的数据项变了", f"the data shared in “{name}” have changed")
    for task in workflow.tasks.values():
        if task._state & LIVE and task.task_spec.bpmn_id is not None:
            yield from _of_place(old, workflow, task.task_spec, spec)


def _kept(spec: Any) -> tuple[Any, ...]:
    """What a process keeps beside its tasks."""
    inside = spec.io_specification
    names = (
        None
        if inside is None
        else tuple(tuple(each.bpmn_id for each in side) for side in (inside.data_inputs, inside.data_outputs))
    )
    return (sorted(spec.data_objects), sorted(spec.correlation_keys), names)


def _of_place(old: Model, workflow: Any, spec: Any, process: Any) -> Iterator[Text]:
    """What has become of one place where the case stands."""
    node = old.nodes.get((workflow.spec.name, spec.bpmn_id))
    name = spec.bpmn_id if node is None else node.name
    other = process.task_specs.get(spec.name)
    if other is None:
        yield Text(f"新版本里没有环节“{name}”", f"the new version has no step “{name}”")
        return
    if type(other) is not type(spec):
        yield Text(f"环节“{name}”变成了另一种环节", f"the step “{name}” has become another kind of step")
        return
    if other.lane != spec.lane:
        yield Text(
            f"环节“{name}”原由{spec.lane}办理，新版本改由{other.lane}办理",
            f"the step “{name}” has moved from the lane {spec.lane} to {other.lane}",
        )
    if isinstance(spec, SubWorkflowTask) and other.spec != spec.spec:
        yield Text(f"环节“{name}”改为调用另一个流程", f"the step “{name}” now calls another process")
    if isinstance(spec, LoopTask) and _loop(other) != _loop(spec):
        yield Text(f"环节“{name}”重复办理的方式变了", f"the step “{name}” is repeated in another way")
    if isinstance(spec, CatchingEvent) and (_event(other) != _event(spec)):
        yield Text(f"“{name}”等待的是另一件事", f"“{name}” now waits for something else")
    if _attached(process, spec.name) != _attached(workflow.spec, spec.name):
        yield Text(
            f"环节“{name}”上可能中途发生的事件变了", f"other events can now interrupt the step “{name}”"
        )


def _loop(spec: Any) -> tuple[Any, ...]:
    items = (getattr(spec, name, None) for name in ITEMS)
    return (
        *(getattr(spec, name, None) for name in LOOP),
        *(None if item is None else item.bpmn_id for item in items),
    )


def _event(spec: Any) -> tuple[Any, ...]:
    """What an event waits for. A timer may have got another date: one that runs keeps its own."""
    cancels = getattr(spec, "cancel_activity", None)
    return (type(spec).__name__, cancels, *_definition(spec.event_definition))


def _definition(definition: Any) -> tuple[Any, ...]:
    kind = type(definition).__name__
    if isinstance(definition, TimerEventDefinition):
        return (kind,)
    if isinstance(definition, MultipleEventDefinition):
        return (kind, definition.parallel, *(_definition(each) for each in definition.event_definitions))
    return (kind, definition.name, getattr(definition, "message_var", None))


def _attached(process: Any, name: str) -> dict[str, tuple[Any, ...]]:
    split = process.task_specs.get(f"{name}.BoundaryEventSplit")
    if not isinstance(split, BoundaryEventSplit):
        return {}
    return {each.name: _event(each) for each in split.outputs if isinstance(each, BoundaryEvent)}


def _of_marking(old: Model, new: Model, workflow: Any, spec: Any) -> list[Text]:
    """Whether the new process can stand where this one does."""
    name = process_name(new, spec.name)
    try:
        if can_stand(spec, marking_of(workflow)):
            return []
    except Unclear:
        return [
            Text(
                f"流程“{name}”分支太多，无法确认能从现在的位置办完",
                f"“{name}” has too many branches to be sure that the case can end from here",
            )
        ]
    places = [
        old.nodes.get((workflow.spec.name, place)) for source, place in marking_of(workflow) if not source
    ]
    names = [node.name for node in places if node is not None]
    zh, en = "、".join(f"“{each}”" for each in names), ", ".join(f"“{each}”" for each in names)
    if len(marking_of(workflow)) > 1:
        return [
            Text(
                f"新版本里的并行分支或汇合变了，不会同时停在{zh}",
                f"branches or joins have changed: the new version never stands at {en} at the same time",
            )
        ]
    return [Text(f"新版本里走不到{zh}", f"the new version never comes to {en}")]
