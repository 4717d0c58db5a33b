"""Forgetting history: after every command only what a later command can look at is kept.

SpiffWorkflow keeps every task a case ever had. A later step looks at very few of them:

- open tasks (READY, WAITING, STARTED) and what is predicted below them. Only the predicted children of
  exclusive and inclusive gateways may go, as those make them anew; predicted boundary events must stay;
- the parent of a WAITING task, because it inherits its data again each time it is looked at;
- an event split whose task or events are still open, with its children: the join behind it asks for them;
- what arrived at a parallel or inclusive join that an open task can still reach, with the parents, whose data
  the join merges.

Everything else is cut out and its kept descendants hang on the nearest kept ancestor. So the size of a state
follows the number of open tasks, not the length of the case, also where one parallel branch loops while
another waits. What branches brought to the end of a process is folded into ``ended`` before they are cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.control import EventSplit
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.deep_merge import DeepMerge
from SpiffWorkflow.util.task import TaskState

from workflow.engine.kernel import Case
from workflow.engine.shapes import Shape, chooses
from workflow.engine.tree import FINISHED, LIVE, NOT_FINISHED, PREDICTED

_WAITING = TaskState.WAITING
_STARTED = TaskState.STARTED
_CANCELLED = TaskState.CANCELLED


def prune(case: Case, shapes: Mapping[str, Shape]) -> None:
    """Cut out of the case all that no later command looks at. Takes time in the size of one command.

    A process that the command has not touched stands as the one before has left it.
    """
    _drop_finished_subprocesses(case)
    for workflow in case.workflows():
        shape = shapes[workflow.spec.name]
        if shape.prunable and workflow.touched:
            _prune(workflow, shape)


def _drop_finished_subprocesses(case: Case) -> None:
    if not case.subprocesses:
        return
    alive: dict[int, Any] = {}
    for sub in sorted(case.subprocesses.values(), key=lambda one: one.depth):
        parent = sub.parent_task
        above = parent.workflow
        stands = parent._state & NOT_FINISHED and above.tasks.get(parent.id) is parent
        if stands and (above is case or alive.get(above.parent_task_id) is above):
            alive[parent.id] = sub
    dropped = [sub for sub in case.subprocesses.values() if alive.get(sub.parent_task_id) is not sub]
    case.subprocesses = alive
    kept = {id(workflow) for workflow in case.workflows()}
    caught = case.event_manager.tasks
    for number in [n for n, task in caught.items() if id(task.workflow) not in kept]:
        del caught[number]
    for sub in dropped:
        sub.fall_apart()


def _needed(workflow: Any, shape: Shape) -> tuple[set[int], set[int]]:
    """Ids of the finished tasks to keep, and of the tasks among them whose data is still read."""
    tasks = workflow.tasks
    keep: set[int] = set()
    read: set[int] = set()
    joins: set[str] = set()
    for task in tasks.values():
        state = task._state
        if state & LIVE:
            if state == _WAITING and task._parent is not None:
                keep.add(task._parent)
                read.add(task._parent)
            if shape.joins_after:
                joins |= shape.joins_from(task.task_spec.name)
        if state & NOT_FINISHED and task._parent is not None:
            parent = tasks[task._parent]
            if parent._state & FINISHED and isinstance(parent.task_spec, EventSplit):
                keep.add(parent.id)
                keep.update(parent._children)
    if joins:
        for task in tasks.values():
            if task._state & FINISHED and task.task_spec.name in joins and task._parent is not None:
                keep.update((task.id, task._parent))
                read.add(task._parent)
    return keep, read


def _replaced(task: Any) -> bool:
    """Whether the task gets the data of its sub-process in place of its own when that ends."""
    task_spec = task.task_spec
    if not isinstance(task_spec, SubWorkflowTask) or task_spec.io_specification is not None:
        return False
    called = task.workflow.top_workflow.subprocess_specs[task_spec.spec]
    return called.io_specification is None


def _prune(workflow: Any, shape: Shape) -> None:
    tasks, root = workflow.tasks, workflow.task_tree
    keep, read = _needed(workflow, shape)
    end = workflow.spec.end
    arrived: list[Any] = []
    kept: dict[int, Any] = {}
    stack: list[tuple[Any, Any]] = [(root, None)]
    while stack:
        task, anchor = stack.pop()
        state = task._state
        children = task._children
        if state & PREDICTED and anchor is not None and chooses(tasks[task._parent].task_spec):
            continue
        if state & NOT_FINISHED or task is root or task.id in keep:
            if state & LIVE and isinstance(task.task_spec, LoopTask):
                # What finished instances computed is merged; only their number and the last one count.
                children = [child for child in children if tasks[child]._state & NOT_FINISHED]
            if anchor is None:
                task._parent = None
            elif task._parent != anchor.id:
                task._parent = anchor.id
            if anchor is not None:
                anchor._children.append(task.id)
            kept[task.id] = task
            if state & FINISHED and task.id not in read:
                task.data = {}
                task.internal_data = {}
            elif state == _STARTED and _replaced(task):
                task.data = {}
            below = task
        else:
            if task.task_spec is end and state == _CANCELLED:
                arrived.append(task)
            below = anchor
        stack.extend([(tasks[child], below) for child in reversed(children)])
        if below is task:
            task._children = []
    if arrived:
        arrived.sort(key=lambda task: task.last_state_change)
        for task in arrived:
            DeepMerge.merge(workflow.ended, tasks[task._parent].data)
    workflow.tasks = kept
    workflow.last_task = None
