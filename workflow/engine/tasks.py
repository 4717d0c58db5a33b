"""The task of a running case: SpiffWorkflow's, with our ids and our order of changes."""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Mapping
from copy import copy, deepcopy
from operator import is_
from types import MappingProxyType
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.deep_merge import DeepMerge
from SpiffWorkflow.util.task import TaskState

from workflow.engine.tree import preorder

READY, WAITING = TaskState.READY, TaskState.WAITING
_NESTED = frozenset({dict, list, set})


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two data hold the very same objects in the same order: quick, and never wrongly true."""
    return len(one) == len(other) and all(map(is_, one.values(), other.values())) and list(one) == list(other)


def own(value: Any) -> Any:
    """A copy that shares no list or table with the original. What is neither cannot be changed."""
    kind = value.__class__
    if kind is dict:
        return {name: own(one) if one.__class__ in _NESTED else one for name, one in value.items()}
    if kind is list:
        return [own(one) if one.__class__ in _NESTED else one for one in value]
    return deepcopy(value)


class CaseTask(Task):
    """A task with a small integer for an id and a counter for the order of its changes of state.

    ``before`` is the data as it stood when the task was run, to see what running it has changed.
    """

    before: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, workflow: Any, task_spec: Any, parent: Any = None, state: int = TaskState.MAYBE
    ) -> None:
        top = workflow.top_workflow
        self.id = top.next_id
        top.next_id += 1
        workflow.tasks[self.id] = self
        workflow.touched = True
        self.workflow = workflow
        self.task_spec = task_spec
        self._parent = None if parent is None else parent.id
        self._children: list[int] = []
        self._state = state
        self.triggered = False
        self.thread_id = 0
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        self.last_state_change = top.tick
        if parent is not None:
            parent._children.append(self.id)
        if state == READY:
            top.note_ready(self)

    @property
    def children(self) -> list[CaseTask]:
        return list(map(self.workflow.tasks.__getitem__, self._children))

    def _sync_children(self, task_specs: list[Any], state: int = TaskState.MAYBE) -> None:
        """As stock does it; most often there are no children yet."""
        if self._children:
            super()._sync_children(task_specs, state)
            return
        for task_spec in task_specs:
            self._add_child(task_spec, state)

    def _add_child(self, task_spec: Any, state: int = TaskState.MAYBE) -> CaseTask:
        task = CaseTask(self.workflow, task_spec, self, state)
        if state == READY:
            task._ready()
        return task

    def _set_state(self, value: int) -> None:
        if value != self._state:
            self._state = value
            self.workflow.touched = True
            top = self.workflow.top_workflow
            top.tick += 1
            # Stock sorts the branches of a join by wall clock. Within one command ours stands still, so the
            # order itself is what is kept.
            self.last_state_change = top.tick
            if value == READY:
                top.note_ready(self)

    def _inherit_data(self) -> None:
        inherited = self.workflow.tasks[self._parent].data
        if self.data:
            DeepMerge.merge(self.data, inherited)
            return
        self.data = inherited.copy()
        for name, value in inherited.items():
            if value.__class__ in _NESTED:
                self.data[name] = copy(value)

    def _ready(self) -> None:
        super()._ready()
        if self._state == READY and getattr(self.task_spec, "prescript", None) is not None:
            parent = self.workflow.tasks.get(self._parent)
            self.workflow.top_workflow.learn(self.data, {} if parent is None else parent.data)

    def run(self) -> Any:
        self.before = self.data.copy()
        return super().run()

    def is_descendant_of(self, task: Any) -> bool:
        tasks = self.workflow.tasks
        parent = tasks.get(self._parent)
        while parent is not None:
            if parent is task:
                return True
            parent = tasks.get(parent._parent)
        return False

    def find_ancestor(self, spec_name: str) -> Any:
        tasks = self.workflow.tasks
        parent = tasks.get(self._parent)
        while parent is not None and parent.task_spec.name != spec_name:
            parent = tasks.get(parent._parent)
        return parent

    def collect_log_extras(self, dct: Any = None) -> dict[str, Any]:
        return dct or {}

    def __iter__(self) -> Any:
        return preorder(self)
