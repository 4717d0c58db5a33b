"""The running case: SpiffWorkflow's workflow and task with our stepper, ids and clock.

Everything is a subclass; stock code in the same process is not touched. One `Case` lives for one command: it
is read from its state, moved, pruned, written and thrown away. When anything fails the object is thrown away
too, so a half-done command leaves no trace (sharp edge 15).
"""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.specs.MultiChoice import MultiChoice

from workflow.engine.tasks import READY, WAITING, CaseTask, same
from workflow.engine.timers import DUE, DateTimer
from workflow.engine.tree import FINISHED, preorder
from workflow.engine.workflows import Catcher, Flat, SubCase

STEP_LIMIT = 2_000
"""Automatic tasks one command may run. More is an endless loop in the diagram (sharp edge 13)."""

_ABSENT = object()


class EndlessLoop(Exception):
    """A command ran more than ``STEP_LIMIT`` automatic tasks."""


class Case(Flat, BpmnWorkflow):
    """The whole case during one command.

    ``clock`` is the command's own time. ``variables`` is everything the case has learnt, the newest value of
    each name. ``path``, ``effects`` and ``dues`` collect what happened.
    """

    depth = 0
    parent_task_id = None
    parent_workflow = None
    top_workflow: Any = None

    def __init__(
        self,
        spec: Any,
        specs: Mapping[str, Any],
        engine: Any,
        clock: datetime,
        due: Callable[[str], datetime],
    ) -> None:
        self.top_workflow = self
        self.subprocess_specs = specs
        self.subprocesses: dict[int, SubCase] = {}
        self._ready: list[CaseTask] = []
        self.bpmn_events: list[Any] = []
        self.event_manager = Catcher(self)
        self._prepare(spec)
        for name in spec.data_objects:
            self.data["data_objects"][name] = None
        self._engine = engine
        self.clock = clock
        self.due = due
        self.next_id = 1
        self.tick = 0
        self.variables: dict[str, Any] = {}
        self.last_end: str | None = None
        self.current: CaseTask | None = None
        self.path: list[str] = []
        self.effects: list[tuple[CaseTask, str, dict[str, Any]]] = []
        self.dues: dict[str, datetime] = {}

    @property
    def script_engine(self) -> Any:
        return self._engine

    def create_subprocess(self, my_task: CaseTask, spec_name: str) -> SubCase:
        sub = SubCase(self.subprocess_specs[spec_name], my_task, self)
        self.subprocesses[my_task.id] = sub
        sub.begin()
        return sub

    def workflows(self) -> Iterable[Any]:
        return [self, *self.subprocesses.values()]

    def get_task_from_id(self, task_id: int) -> CaseTask | None:
        for workflow in self.workflows():
            if task_id in workflow.tasks:
                found: CaseTask = workflow.tasks[task_id]
                return found
        return None

    def cancel(self, workflow: Any = None) -> list[CaseTask]:
        return self._cancel() if workflow is None else workflow.cancel()

    def _task_completed_notify(self, task: CaseTask) -> None:
        self.note(task)
        if isinstance(task.task_spec, EndEvent):
            self.last_end = task.task_spec.name
        super()._task_completed_notify(task)

    def _task_removed_notify(self, task: CaseTask) -> None:
        self.touched = True
        self.event_manager.tasks.pop(task.id, None)

    def note(self, task: CaseTask) -> None:
        """Remember that a task has completed and what it has changed."""
        spec = task.task_spec
        if spec.bpmn_id is not None:
            self.path.append(f"{task.workflow.spec.name}.{spec.bpmn_id}")
        if isinstance(spec, MultiChoice | Join):
            return  # these only pass on what others brought
        self.learn(task.data, task.before)
        output = getattr(spec, "data_output", None)
        if output is not None and output.bpmn_id in task.data:
            self.variables[output.bpmn_id] = task.data[output.bpmn_id]

    def learn(self, data: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        """Take over what differs from ``before`` into the variables of the case."""
        if same(data, before):
            return
        for name, value in data.items():
            old = before.get(name, _ABSENT)
            if old is not value and (old != value or old.__class__ is not value.__class__):
                self.variables[name] = value

    # -- stepping ------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Run everything automatic and every timer that is due, until nothing automatic is READY."""
        left = STEP_LIMIT
        while True:
            moved = True
            while moved and (self._ready or self.subprocesses):  # else a pass would find nothing
                left, moved = self._pass(left)
            self.refresh_timers()
            if not self._automatic():
                return

    def _pass(self, left: int) -> tuple[int, bool]:
        """One pass in stock's order: the deepest sub-process first, then its parent's task, the top last."""
        active = [sub for sub in self.subprocesses.values() if not sub.completed]
        for sub in sorted(active, key=lambda one: one.depth, reverse=True):
            ran = 1
            while ran:
                ran = self._run(sub, left)
                left -= ran
            sub.parent_task.task_spec._update(sub.parent_task)
        ran = self._run(self, left)
        still = sum(not sub.completed for sub in self.subprocesses.values())
        return left - ran, ran > 0 or still > len(active)

    def _run(self, workflow: Any, left: int) -> int:
        """Run the READY automatic tasks of a workflow and of the sub-processes in it."""
        ready = [task for task in self._automatic() if self._within(task.workflow, workflow)]
        if len(ready) > 1:
            walk = preorder(workflow.task_tree, READY, inner=self.subprocesses)
            ready = [task for task in walk if not task.task_spec.manual]
        ran = 0
        for task in ready:
            # A task cancelled or dropped earlier in this pass must not run (sharp edge 2).
            if task._state == READY and task.workflow.tasks.get(task.id) is task:
                if ran >= left:
                    raise EndlessLoop(f"more than {STEP_LIMIT} automatic steps in one command")
                self.current = task
                task.run()
                ran += 1
        return ran

    def note_ready(self, task: CaseTask) -> None:
        """Remember an automatic task that has become READY, so that nobody has to search for it."""
        if not task.task_spec.manual:
            self._ready.append(task)

    def _automatic(self) -> list[CaseTask]:
        """The automatic tasks that are READY; one that has been so twice may stand there twice."""
        if self._ready:
            self._ready = [task for task in self._ready if self._still_ready(task)]
        return self._ready

    def _still_ready(self, task: CaseTask) -> bool:
        workflow = task.workflow
        return (
            task._state == READY
            and workflow.tasks.get(task.id) is task
            and (workflow is self or self.subprocesses.get(workflow.parent_task_id) is workflow)
        )

    @staticmethod
    def _within(workflow: Any, outer: Any) -> bool:
        """Whether a workflow is another one or lies in it."""
        while workflow is not None:
            if workflow is outer:
                return True
            workflow = workflow.parent_workflow
        return False

    def refresh_timers(self) -> None:
        """Look at every waiting timer once; one that is due becomes READY."""
        for task in list(self.event_manager.tasks.values()):
            definition = task.task_spec.event_definition
            if task._state == WAITING and isinstance(
                definition, TimerEventDefinition | MultipleEventDefinition
            ):
                self.current = task
                task.task_spec._update(task)

    def forget_due_dates(self) -> None:
        """Timers that wait for a due date of the calendar will ask for it again when they are looked at."""
        for task in self.event_manager.tasks.values():
            definition = task.task_spec.event_definition
            if task._state == WAITING and isinstance(definition, DateTimer) and definition.asks:
                task.internal_data.pop(DUE, None)

    def over(self) -> bool:
        """Whether the case has ended."""
        return self.completed or not any(t._state & ~FINISHED for t in self.tasks.values())

    def fall_apart(self) -> None:
        """All of it, once the step is written."""
        for sub in self.subprocesses.values():
            sub.fall_apart()
        super().fall_apart()
