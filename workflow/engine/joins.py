"""Joins that look at tasks without a depth limit and in a fixed order (sharp edge 1)."""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, StartEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.util.deep_merge import DeepMerge
from SpiffWorkflow.util.task import TaskState

from workflow.engine.tree import NOT_FINISHED, preorder

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
