"""A workflow inside a running case: the whole case and each call activity or sub-process in it.

SpiffWorkflow's, with our stepper, ids and clock: see `workflow.engine.kernel`.
"""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.mixins.events.start_event import StartEvent
from SpiffWorkflow.bpmn.util.event import EventManager
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.util.event import Event
from SpiffWorkflow.util.task import TaskFilter, TaskState

from workflow.engine.tasks import WAITING, CaseTask
from workflow.engine.tree import NOT_FINISHED, preorder

if TYPE_CHECKING:
    from workflow.engine.kernel import Case


class Flat:
    """What the top workflow and its sub-workflows have in common: scans without a depth limit."""

    spec: Any
    tasks: dict[int, CaseTask]
    task_tree: CaseTask
    top_workflow: Case
    completed: bool
    success: bool
    last_task: CaseTask | None
    ended: dict[str, Any]
    touched = True
    """Whether a task of it has come, gone or changed its state since the case was read."""

    def update_waiting_tasks(self) -> None:
        waiting = [task for task in self.tasks.values() if task._state == WAITING]
        if len(waiting) > 1:
            waiting = list(preorder(self.task_tree, WAITING))
        for task in waiting:
            if task._state == WAITING and task.id in self.tasks:
                task.task_spec._update(task)

    def get_tasks_iterator(self, first_task: Any = None, **kwargs: Any) -> Any:
        end_at = kwargs.pop("end_at_spec", None)
        inner = None if kwargs.pop("skip_subprocesses", False) else self.top_workflow.subprocesses
        catches, lane = kwargs.pop("catches_event", None), kwargs.pop("lane", None)
        chosen = kwargs.pop("task_filter", None) or TaskFilter(**kwargs)
        for task in list(preorder(first_task or self.task_tree, chosen.state, end_at, inner)):
            if (
                chosen.matches(task)
                and (lane is None or task.task_spec.lane == lane)
                and (catches is None or task.task_spec.catches(task, catches))
            ):
                yield task

    def is_completed(self) -> bool:
        if not self.completed:
            self.completed = not any(task._state & NOT_FINISHED for task in self.tasks.values())
        return self.completed

    def collect_log_extras(self, dct: Any = None) -> dict[str, Any]:
        return dct or {}

    def _cancel(self) -> list[CaseTask]:
        self.success, self.completed = False, True
        open_tasks = list(preorder(self.task_tree, NOT_FINISHED))
        for task in open_tasks:
            task.cancel()
        return open_tasks

    def fall_apart(self) -> None:
        """Cut the rings in which a workflow and its tasks hold each other, so that they are freed now and
        not by a search for rings. It is of no use afterwards.
        """
        self.__dict__.clear()

    def begin(self) -> None:
        """Plant the tree of a new process."""
        start = self.spec.start
        self.task_tree = CaseTask(self, start, state=TaskState.FUTURE)
        start._predict(self.task_tree, mask=NOT_FINISHED)
        self.task_tree._ready()

    def _prepare(self, spec: Any) -> None:
        self.spec = spec
        self.data: dict[str, Any] = {}
        if spec.data_objects:
            self.data["data_objects"] = {}
        self.locks: dict[str, Any] = {}
        self.last_task = None
        self.success, self.completed = True, False
        self.tasks = {}
        self.correlations: dict[str, Any] = {}
        self.ended = {}
        self.completed_event, self.task_removed_event = Event(), Event()


class Catcher(EventManager):
    """Hands events to whoever waits; a task cancelled by an earlier catcher stays cancelled."""

    tasks: dict[int, CaseTask]
    workflow: Case

    def catch(self, event: Any, internal: bool = True) -> int:
        if event.target is not None:
            tasks = [
                task
                for task in self.tasks.values()
                if task.workflow is event.target and task.task_spec.event_definition.catches(task, event)
            ]
            if not tasks:
                event.target = event.target.parent_workflow
                self.catch(event)
        else:
            self.update_collaboration(event)
            tasks = [task for task in self.tasks.values() if task.task_spec.catches(task, event)]
            if not tasks and internal:
                self.workflow.bpmn_events.append(event)
        for task in tasks:
            if task._state & NOT_FINISHED or isinstance(task.task_spec, StartEvent):
                task.task_spec.catch(task, event)
                task.task_spec._update(task)
        return len(tasks)


class SubCase(Flat, BpmnSubWorkflow):
    """A running call activity or sub-process."""

    def __init__(self, spec: Any, parent: CaseTask, top: Case) -> None:
        self.top_workflow = top
        self.parent_task = parent
        self.parent_task_id = parent.id
        self.depth = parent.workflow.depth + 1
        self._prepare(spec)

    @property
    def parent_workflow(self) -> Any:
        return self.parent_task.workflow

    def cancel(self, success: bool = False) -> list[CaseTask]:
        return self._cancel()

    def _task_completed_notify(self, task: CaseTask) -> None:
        self.top_workflow.note(task)
        super()._task_completed_notify(task)

    def _task_removed_notify(self, task: CaseTask) -> None:
        self.touched = True
        self.top_workflow.event_manager.tasks.pop(task.id, None)
