"""Whether a process can ever stand where a case stands: its tokens, played on the diagram from the start.

A marking names the places that rest (a task, a call, a wait) and what has arrived at joins that still wait.
The new diagram was found sound from its start; so a case is safe in it exactly where the diagram can come by
itself. Choices are taken both ways: data are not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from heapq import heappop, heappush
from itertools import chain, combinations
from typing import Any

from SpiffWorkflow.bpmn.specs.control import (
    BoundaryEventJoin,
    BoundaryEventSplit,
    EventSplit,
    StartEventJoin,
    _EndJoin,
)
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent, EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.events.start_event import StartEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.util.task import TaskState

from workflow.engine.tree import FINISHED, LIVE

MOST_STATES = 4_000
_COMPLETED, _WAITING = TaskState.COMPLETED, TaskState.WAITING

Token = tuple[str, str]
"""("", place) for one that rests, (source, join) for one that has arrived at a join."""
Marking = tuple[Token, ...]


class Unclear(Exception):
    """The diagram has more states than can be looked through."""


def joins(spec: Any) -> bool:
    """Whether tokens wait here for each other."""
    return isinstance(spec, ParallelGateway | InclusiveGateway) and len(set(spec._inputs)) > 1


def rests(spec: Any) -> bool:
    """Whether a token stays here until something happens."""
    waits = isinstance(spec, CatchingEvent) and not isinstance(spec, BoundaryEvent | StartEvent)
    return bool(spec.manual) or waits or isinstance(spec, SubWorkflowTask | LoopTask)


def marking_of(workflow: Any) -> Marking:
    """Where the tokens of one running process are."""
    tokens: list[Token] = []
    for task in workflow.tasks.values():
        spec, state = task.task_spec, task._state
        parent = workflow.tasks.get(task._parent)
        if joins(spec):
            arrived = state == _WAITING or (state & FINISHED and state != _COMPLETED)
            if arrived and parent is not None and parent._state == _COMPLETED:
                tokens.append((parent.task_spec.name, spec.name))
        elif state & LIVE and rests(spec) and not (parent and isinstance(parent.task_spec, LoopTask)):
            tokens.append(("", spec.name))
    return tuple(sorted(tokens))


@lru_cache(maxsize=1024)  # most cases of an office stand at a few markings
def can_stand(spec: Any, marking: Marking) -> bool:
    """Whether the process of this specification can come to this marking from its start.

    Raises ``Unclear``.
    """
    return Net(spec, marking).reaches()


class Net:
    """The tokens' moves on one process. More tokens in one place than ``wanted`` has are not followed."""

    def __init__(self, spec: Any, wanted: Marking) -> None:
        self.specs: Mapping[str, Any] = spec.task_specs
        self.wanted = wanted
        self.most = max([1, *Counter(wanted).values()])
        self.attached: dict[str, list[Any]] = {}
        for split in spec.task_specs.values():
            if isinstance(split, BoundaryEventSplit):
                events = [each for each in split.outputs if isinstance(each, BoundaryEvent)]
                self.attached[self._main(split).name] = events

    @staticmethod
    def _main(split: Any) -> Any:
        return next(each for each in split.outputs if not isinstance(each, BoundaryEvent))

    def _after(self, name: str) -> list[Token]:
        """The ways out of a node, as tokens on them."""
        found = []
        for spec in self.specs[name].outputs:
            while isinstance(spec, BoundaryEventSplit):
                spec = self._main(spec)
            if not isinstance(spec, BoundaryEventJoin | StartEventJoin):
                found.append((name, spec.name))
        return found

    def reaches(self) -> bool:
        """The nearest markings come first; those from which a wanted token is out of reach, never."""
        wanted = Counter(self.wanted)
        before = {token: self._before(token) for token in wanted}
        seen: set[Marking] = set()
        todo: list[tuple[int, Marking]] = [(0, (token,)) for token in self._after("Start")]
        while todo:
            _, marking = heappop(todo)
            if marking == self.wanted:
                return True
            for after in self._moves(marking):
                here = Counter(after)
                places = {token[1] for token in here}
                if after in seen or max(here.values(), default=0) > self.most:
                    continue
                if all(token in here or places & before[token] for token in wanted):
                    seen.add(after)
                    heappush(todo, ((wanted - here).total() + (here - wanted).total(), after))
            if len(seen) > MOST_STATES:
                raise Unclear()
        return False

    def _before(self, token: Token) -> set[str]:
        """Every node from which a token may come to this place."""
        found: set[str] = set()
        todo = [token[0] or token[1]]
        while todo:
            spec = self.specs[todo.pop()]
            if spec.name not in found:
                found.add(spec.name)
                todo += spec._inputs
                todo += [main for main, events in self.attached.items() if spec in events]
        return found

    def _moves(self, marking: Marking) -> Iterator[Marking]:
        moving = next((t for t in marking if t[0] and not joins(self.specs[t[1]])), None)
        if moving is not None:
            yield from self._pass(marking, moving)
            return
        waiting = {token[1] for token in marking if token[0]}
        for name in sorted(waiting):
            here = {token for token in marking if token[1] == name and token[0]}
            if isinstance(self.specs[name], ParallelGateway):
                if {token[0] for token in here} == set(self.specs[name]._inputs):
                    yield _changed(marking, here, self._after(name))
                    return
            else:
                for chosen in _some(self._after(name)):
                    yield _changed(marking, here, chosen)
        for token in marking:
            if not token[0]:
                yield from self._leave(marking, token)

    def _pass(self, marking: Marking, token: Token) -> Iterator[Marking]:
        """Through a node where nothing waits, or to rest in one."""
        name = token[1]
        spec = self.specs[name]
        after = self._after(name)
        if rests(spec):
            yield _changed(marking, {token}, [("", name)])
        elif isinstance(spec, EndEvent) and isinstance(spec.event_definition, TerminateEventDefinition):
            yield ()
        elif isinstance(spec, EndEvent | _EndJoin) or not after:
            yield _changed(marking, {token}, [])
        elif isinstance(spec, InclusiveGateway):
            for chosen in _some(after):
                yield _changed(marking, {token}, chosen)
        elif isinstance(spec, MultiChoice | EventSplit):
            for one in after:
                yield _changed(marking, {token}, [one])
        else:
            yield _changed(marking, {token}, after)

    def _leave(self, marking: Marking, token: Token) -> Iterator[Marking]:
        """The resting token goes on, or an event at its place takes or adds one."""
        name = token[1]
        if isinstance(self.specs[name], EventBasedGateway):
            for one in self._after(name):
                yield _changed(marking, {token}, [one])
        else:
            yield _changed(marking, {token}, self._after(name))
        for event in self.attached.get(name, ()):
            yield _changed(marking, {token} if event.cancel_activity else set(), self._after(event.name))


def _changed(marking: Marking, less: set[Token], more: list[Token] | tuple[Token, ...]) -> Marking:
    left = list(marking)
    for token in less:
        left.remove(token)
    return tuple(sorted([*left, *more]))


def _some(ways: list[Token]) -> Iterator[tuple[Token, ...]]:
    """Every choice of one way or more."""
    return chain.from_iterable(combinations(ways, number) for number in range(1, len(ways) + 1))
