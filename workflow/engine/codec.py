"""The state of a case as bytes: about 1 kB of JSON arrays, the diagrams apart.

    [format, digest of the diagrams, process, next id, tick, last end event, variables, [workflow, …]]
    workflow: [parent task, process, tasks, data, correlations, ended, completed]
    task:     [id, parent, number of its spec, state, data, tick, internal data, triggered]

Trailing zeros of a task are left out. Data of a task is kept as the difference from ``variables``. An id is
counted from that of the row before, a parent by rows, a tick back from that of the case: so the numbers stay
small however long the case lasts. Rows stand with parents before children, so order matters: store a state as
bytes, never as JSONB (sharp edge 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import compress, repeat
from operator import is_not
from typing import Any

import orjson
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from workflow.engine.kernel import Case
from workflow.engine.shapes import Shape
from workflow.engine.tasks import CaseTask, own, same
from workflow.engine.workflows import SubCase

FORMAT = 1
_AS_PARENT = 2
"""A waiting task inherits its data again each time it is looked at, so it mostly has that of its parent."""

_READY, _WAITING = TaskState.READY, TaskState.WAITING
_ABSENT = object()


class StateUnreadable(ValueError):
    """The bytes are no state, or not one of these diagrams."""


class _Base:
    """The variables of a case, from which the data of its tasks differs little or not at all."""

    __slots__ = ("_names", "nested", "values")

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.nested = [name for name, value in values.items() if value.__class__ in (list, dict)]
        self._names: list[str] | None = None

    @property
    def names(self) -> list[str]:
        """In the order of the bits that say what is missing."""
        if self._names is None:
            self._names = sorted(self.values)
        return self._names

    def pack(self, data: dict[str, Any]) -> Any:
        """0 for nothing, 1 for the very variables, else [what differs, what is missing].

        The missing are bits, in hexadecimal digits, over the sorted names of the variables.
        """
        values = self.values
        if not data:
            return 0
        if same(data, values):
            return 1
        differs: dict[str, Any] = {}
        missing: set[str] = set()
        found = list(map(data.get, values, repeat(_ABSENT)))
        pairs = zip(values, found, values.values(), strict=True)
        # most are the very same objects and are passed over without a step of Python each
        for name, mine, value in compress(pairs, map(is_not, found, values.values())):
            if mine is _ABSENT:
                missing.add(name)
            elif _unlike(mine, value):
                differs[name] = mine
        if len(data) + len(missing) > len(values):
            differs.update({name: mine for name, mine in data.items() if name not in values})
        if missing:
            bits = sum(1 << number for number, name in enumerate(self.names) if name in missing)
            return [differs, f"{bits:x}"]
        return [differs] if differs else 1

    def unpack(self, packed: Any) -> dict[str, Any]:
        if packed == 0:
            return {}
        data = self.values.copy()
        for name in self.nested:
            data[name] = own(data[name])
        if packed != 1:
            data.update(packed[0])
            if len(packed) > 1:
                bits = int(packed[1], 16)
                for number, name in enumerate(self.names):
                    if bits >> number & 1:
                        del data[name]
        return data

    def copy(self, data: dict[str, Any]) -> dict[str, Any]:
        """Data of a task for another one: lists and tables are its own."""
        return own(data) if self.nested else data.copy()


def dump(case: Case, digest: str, shapes: Mapping[str, Shape]) -> bytes:
    """The state as bytes. Raises ``TypeError`` for data that has no place in it."""
    base = _Base(case.variables)
    rows = []
    inner = sorted(case.subprocesses.values(), key=lambda one: (one.depth, one.parent_task_id))
    workflows: list[Any] = [case, *inner]
    for workflow in workflows:
        rows.append(
            [
                workflow.parent_task_id or 0,
                workflow.spec.name,
                _rows(workflow, shapes[workflow.spec.name], base, case.tick),
                base.pack(workflow.data),
                workflow.correlations or 0,
                base.pack(workflow.ended),
                int(workflow.completed),
            ]
        )
    return orjson.dumps(
        [FORMAT, digest, case.spec.name, case.next_id, case.tick, case.last_end, base.values, rows],
        option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS,
    )


def _rows(workflow: Any, shape: Shape, base: _Base, now: int) -> list[list[Any]]:
    rows: list[list[Any]] = []
    places: dict[int | None, int] = {None: -1}
    tasks, index, joins = workflow.tasks, shape.index, shape.joins
    last = workflow.parent_task_id or 0
    for place, task in enumerate(tasks.values()):
        number, name, state, data = task.id, task.task_spec.name, task._state, task.data
        places[number] = place
        row: list[Any] = [number - last, place - places[task._parent], index[name], state]
        last = number
        packed: Any = 0
        if data:
            above = tasks.get(task._parent) if state == _WAITING else None
            inherited = above is not None and _alike(data, above.data)
            packed = _AS_PARENT if inherited else base.pack(data)
        # Only the order of waiting tasks and of arrivals at joins is ever asked for.
        tick = now - task.last_state_change + 1 if state == _WAITING or name in joins else 0
        internal = _pack_internal(task) if task.internal_data else 0
        if task.triggered:
            row += [packed, tick, internal, 1]
        elif internal:
            row += [packed, tick, internal]
        elif tick:
            row += [packed, tick]
        elif packed:
            row.append(packed)
        rows.append(row)
    return rows


def _alike(data: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether data are equal, types included."""
    if len(data) != len(other):
        return False
    if same(data, other):
        return True
    return all(
        name in other and (one is other[name] or not _unlike(one, other[name])) for name, one in data.items()
    )


def _unlike(one: Any, other: Any) -> bool:
    kind = one.__class__
    if kind is not other.__class__:
        return True
    if kind is list or kind is dict or kind is tuple:
        return orjson.dumps(one) != orjson.dumps(other)  # [1] and [True] are equal and not the same
    return bool(one != other)


def _pack_internal(task: CaseTask) -> Any:
    packed: dict[str, Any] = {}
    for name, value in task.internal_data.items():
        if name == "merged":
            packed[name] = [len(value), value[-1] if value else ""]
        elif name == "seen_events":
            if value:
                known = task.task_spec.event_definition.event_definitions
                packed[name] = [[known.index(e.event_definition), e.payload, e.correlations] for e in value]
        elif value is not False or name != "event_fired":
            packed[name] = value
    return packed or 0


def _unpack_internal(packed: dict[str, Any], task_spec: Any) -> dict[str, Any]:
    if "merged" in packed:
        count, last = packed["merged"]
        packed["merged"] = [""] * (count - 1) + [last] if count else []
    if "seen_events" in packed:
        known = task_spec.event_definition.event_definitions
        packed["seen_events"] = [
            BpmnEvent(known[n], payload, keys) for n, payload, keys in packed["seen_events"]
        ]
    return packed


def process_of(state: bytes, digest: str) -> tuple[str, list[Any]]:
    """The id of the process and the decoded rows. Raises ``StateUnreadable``."""
    try:
        rows = orjson.loads(state)
        kind, made_on, process = rows[0], rows[1], rows[2]
    except (ValueError, LookupError, TypeError) as fault:
        raise StateUnreadable(f"not a state: {fault}") from fault
    if kind != FORMAT:
        raise StateUnreadable(f"state of format {kind}, this kernel reads format {FORMAT}")
    if made_on != digest:
        raise StateUnreadable(f"state of diagrams {made_on}, not of {digest}")
    return process, rows


def data_of(rows: list[Any], task: int) -> dict[str, Any] | None:
    """The data of one task without building the case; None when there is no such task."""
    base, workflows = _Base(rows[6]), rows[7]
    for parent_id, _name, tasks, *_ in workflows:
        last = parent_id
        for place, row in enumerate(tasks):
            last += row[0]
            if last != task:
                continue
            while len(row) > 4 and row[4] == _AS_PARENT:
                place -= row[1]
                row = tasks[place]
            return base.unpack(row[4]) if len(row) > 4 else {}
    return None


def load(
    rows: list[Any],
    specs: Mapping[str, Any],
    shapes: Mapping[str, Shape],
    engine: Any,
    clock: datetime,
    due: Callable[[str], datetime],
) -> Case:
    """The case as it was dumped, with the clock of the next command."""
    _, _, process, next_id, tick, last_end, variables, workflows = rows
    base = _Base(variables)
    case = Case(specs[process], specs, engine, clock, due)
    case.next_id, case.tick, case.last_end, case.variables = next_id, tick, last_end, variables
    waiting: list[CaseTask] = []
    parents: dict[int, CaseTask] = {}
    for parent_id, name, tasks, data, correlations, ended, completed in workflows:
        workflow: Any = case
        if parent_id:
            parent = parents[parent_id]
            workflow = case.subprocesses[parent_id] = SubCase(specs[name], parent, case)
            workflow.completed_event.connect(parent.task_spec._on_subworkflow_completed, parent)
        in_order = _tasks(tasks, workflow, shapes[name].specs, base, tick)
        parents.update(workflow.tasks)
        for task in in_order:
            state = task._state
            if state == _WAITING and isinstance(task.task_spec, CatchingEvent):
                waiting.append(task)
            elif state == _READY:
                case.note_ready(task)
        workflow.task_tree = in_order[0]
        if data:
            workflow.data = base.unpack(data)
        if correlations:
            workflow.correlations = correlations
        if ended:
            workflow.ended = base.unpack(ended)
        workflow.completed = bool(completed)
        workflow.touched = False
    waiting.sort(key=lambda task: task.last_state_change)
    case.event_manager.tasks = {task.id: task for task in waiting}
    return case


def _tasks(
    rows: list[list[Any]], workflow: Any, known: tuple[Any, ...], base: _Base, now: int
) -> list[CaseTask]:
    """The tasks of one workflow, each hung on its parent."""
    found: list[CaseTask] = []
    number = workflow.parent_task_id or 0
    for place, row in enumerate(rows):
        size = len(row)
        task = CaseTask.__new__(CaseTask)
        task.id = number = number + row[0]
        task.workflow = workflow
        task.task_spec = spec = known[row[2]]
        task._state = row[3]
        task._children = []
        task.thread_id = 0
        task.triggered = size > 7
        task.last_state_change = now - row[5] + 1 if size > 5 and row[5] else 0
        task.internal_data = _unpack_internal(row[6], spec) if size > 6 and row[6] else {}
        packed = row[4] if size > 4 else 0
        above = found[place - row[1]] if row[1] <= place else None
        if above is None:
            task._parent = None
        else:
            task._parent = above.id
            above._children.append(number)
        if packed == 0:
            task.data = {}
        elif packed == _AS_PARENT and above is not None:
            task.data = base.copy(above.data)
        else:
            task.data = base.unpack(packed)
        found.append(task)
        workflow.tasks[number] = task
    return found
