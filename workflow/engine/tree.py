"""Walking a tree of tasks without recursion and without a limit on depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

ANY = TaskState.ANY_MASK
NOT_FINISHED = TaskState.NOT_FINISHED_MASK
FINISHED = TaskState.FINISHED_MASK
PREDICTED = TaskState.PREDICTED_MASK
DEFINITE = TaskState.DEFINITE_MASK
LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


def preorder(
    first: Any, state: int = ANY, end_at_spec: str | None = None, inner: dict[int, Any] | None = None
) -> Iterator[Any]:
    """Tasks below and with ``first`` that are in ``state``, a parent before its children.

    ``inner`` maps task ids to the sub-workflows to descend into; the walk does not go below ``end_at_spec``.
    """
    least = (
        TaskState.MAYBE
        if state & PREDICTED
        else TaskState.FUTURE
        if state & DEFINITE
        else TaskState.COMPLETED
    )
    stack = [first]
    while stack:
        task = stack.pop()
        sub = inner.get(task.id) if inner else None
        if (task._state >= least or sub is not None) and task.task_spec.name != end_at_spec:
            tasks = task.workflow.tasks
            stack.extend([tasks[child] for child in reversed(task._children)])
            if sub is not None:
                stack.append(sub.task_tree)
        if task._state & state:
            yield task
