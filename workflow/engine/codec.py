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
from copy import deepcopy
from datetime import datetime
from typing import Any

import orjson
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from workflow.engine.kernel import Case, SubCase
from workflow.engine.shapes import Shape
from workflow.engine.tasks import CaseTask, same

FORMAT = 1
_AS_PARENT = 2
"""A waiting task inherits its data again each time it is looked at, so it mostly has that of its parent."""

_WAITING = TaskState.WAITING
_ABSENT = object()


class StateUnreadable(ValueError):
    """The bytes are no state, or not one of these diagrams."""


def dump(case: Case, digest: str, shapes: Mapping[str, Shape]) -> bytes:
    """The state as bytes. Raises ``TypeError`` for data that has no place in it."""
    base = case.variables
    rows = []
    inner = sorted(case.subprocesses.values(), key=lambda one: (one.depth, one.parent_task_id))
    workflows: list[Any] = [case, *inner]
    for workflow in workflows:
        index = shapes[workflow.spec.name].index
        rows.append(
            [
                workflow.parent_task_id or 0,
                workflow.spec.name,
                _rows(workflow, index, base, case.tick),
                _pack(workflow.data, base),
                workflow.correlations or 0,
                _pack(workflow.ended, base),
                int(workflow.completed),
            ]
        )
    return orjson.dumps(
        [FORMAT, digest, case.spec.name, case.next_id, case.tick, case.last_end, base, rows],
        option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS,
    )


def _rows(workflow: Any, index: Mapping[str, int], base: dict[str, Any], now: int) -> list[list[Any]]:
    rows: list[list[Any]] = []
    places: dict[int | None, int] = {None: -1}
    last = workflow.parent_task_id or 0
    for place, task in enumerate(workflow.tasks.values()):
        places[task.id] = place
        row: list[Any] = [
            task.id - last,
            place - places[task._parent],
            index[task.task_spec.name],
            task._state,
        ]
        last = task.id
        above = workflow.tasks.get(task._parent)
        shared = task._state == _WAITING and above is not None and _alike(task.data, above.data)
        data = _AS_PARENT if shared else _pack(task.data, base)
        # Only the order of waiting tasks and of arrivals at joins is ever asked for.
        ordered = task._state == _WAITING or isinstance(task.task_spec, UnstructuredJoin)
        tick = now - task.last_state_change + 1 if ordered else 0
        internal = _pack_internal(task) if task.internal_data else 0
        if task.triggered:
            row += [data, tick, internal, 1]
        elif internal:
            row += [data, tick, internal]
        elif tick:
            row += [data, tick]
        elif data:
            row.append(data)
        rows.append(row)
    return rows


def _pack(data: dict[str, Any], base: dict[str, Any]) -> Any:
    """0 for nothing, 1 for the same as ``base``, else [what differs, what is missing].

    The missing are bits, in hexadecimal digits, over the sorted names of ``base``.
    """
    if not data:
        return 0
    if same(data, base):
        return 1
    differs: dict[str, Any] = {}
    missing: list[str] = []
    for name, value in base.items():
        own = data.get(name, _ABSENT)
        if own is value:
            continue
        if own is _ABSENT:
            missing.append(name)
        elif own.__class__ is not value.__class__ or _unlike(own, value):
            differs[name] = own
    for name, own in data.items():
        if name not in base:
            differs[name] = own
    if missing:
        bits = {name: 1 << number for number, name in enumerate(sorted(base))}
        return [differs, f"{sum(bits[name] for name in missing):x}"]
    return [differs] if differs else 1


def _alike(data: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(data) and (same(data, other) or (len(data) == len(other) and _pack(data, other) == 1))


def _unlike(one: Any, other: Any) -> bool:
    if isinstance(one, dict | list | tuple):
        return orjson.dumps(one) != orjson.dumps(other)  # [1] and [True] are equal and not the same
    return bool(one != other)


def _unpack(packed: Any, base: dict[str, Any], nested: list[str]) -> dict[str, Any]:
    if packed == 0:
        return {}
    data = base.copy()
    for name in nested:
        data[name] = deepcopy(data[name])
    if packed != 1:
        data.update(packed[0])
        if len(packed) > 1:
            bits = int(packed[1], 16)
            for number, name in enumerate(sorted(base)):
                if bits >> number & 1:
                    del data[name]
    return data


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


def _own(data: dict[str, Any]) -> dict[str, Any]:
    """A copy whose lists and tables are its own; most values are neither."""
    return {
        name: deepcopy(value) if value.__class__ in (list, dict) else value for name, value in data.items()
    }


def data_of(rows: list[Any], task: int) -> dict[str, Any] | None:
    """The data of one task without building the case; None when there is no such task."""
    base, workflows = rows[6], rows[7]
    for parent_id, _name, tasks, *_ in workflows:
        last = parent_id
        for place, row in enumerate(tasks):
            last += row[0]
            if last != task:
                continue
            while len(row) > 4 and row[4] == _AS_PARENT:
                place -= row[1]
                row = tasks[place]
            nested = [name for name, value in base.items() if value.__class__ in (list, dict)]
            return _unpack(row[4], base, nested) if len(row) > 4 else {}
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
    _, _, process, next_id, tick, last_end, base, workflows = rows
    case = Case(specs[process], specs, engine, clock, due)
    case.next_id, case.tick, case.last_end, case.variables = next_id, tick, last_end, base
    nested = [name for name, value in base.items() if value.__class__ in (list, dict)]
    waiting: list[CaseTask] = []
    parents: dict[int, CaseTask] = {}
    for parent_id, name, tasks, data, correlations, ended, completed in workflows:
        workflow: Any = case
        if parent_id:
            parent = parents[parent_id]
            workflow = case.subprocesses[parent_id] = SubCase(specs[name], parent, case)
            workflow.completed_event.connect(parent.task_spec._on_subworkflow_completed, parent)
        known = shapes[name].specs
        all_tasks = workflow.tasks
        in_order: list[CaseTask] = []
        last = parent_id
        for place, row in enumerate(tasks):
            task = _task(row, workflow, known, base, nested)
            task.id = last = last + row[0]
            if row[1] <= place:
                above = in_order[place - row[1]]
                task._parent = above.id
                above._children.append(last)
                if len(row) > 4 and row[4] == _AS_PARENT:
                    task.data = _own(above.data) if nested else above.data.copy()
            else:
                task._parent = None
            task.last_state_change = tick - row[5] + 1 if len(row) > 5 and row[5] else 0
            in_order.append(task)
            all_tasks[last] = task
            if task._state == _WAITING and isinstance(task.task_spec, CatchingEvent):
                waiting.append(task)
        parents.update(all_tasks)
        workflow.task_tree = in_order[0]
        if data:
            workflow.data = _unpack(data, base, nested)
        if correlations:
            workflow.correlations = correlations
        if ended:
            workflow.ended = _unpack(ended, base, nested)
        workflow.completed = bool(completed)
    waiting.sort(key=lambda task: task.last_state_change)
    case.event_manager.tasks = {task.id: task for task in waiting}
    return case


def _task(
    row: list[Any], workflow: Any, known: tuple[Any, ...], base: dict[str, Any], nested: list[str]
) -> CaseTask:
    task = CaseTask.__new__(CaseTask)
    size = len(row)
    task.task_spec = spec = known[row[2]]
    task._state = row[3]
    task.workflow = workflow
    task._children = []
    task.thread_id = 0
    task.data = _unpack(row[4], base, nested) if size > 4 and row[4] != _AS_PARENT else {}
    task.internal_data = _unpack_internal(row[6], spec) if size > 6 and row[6] else {}
    task.triggered = size > 7
    return task
