"""What the kernel must know about a process and can work out once, when the diagram is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import AdHocSubprocessSpec
from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.specs.MultiChoice import MultiChoice

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """One process. ``specs`` in the order that the rows of a state refer to; ``joins`` those that wait for
    several tokens, the end of the process among them.

    ``joins_after`` gives for a task the parallel and inclusive joins that its token may still reach: what has
    arrived at those must be remembered. ``looping_joins`` are joins that lie on a loop; SpiffWorkflow counts
    old arrivals for new ones there, so guarded models refuse them and unguarded ones are not pruned.
    """

    specs: tuple[Any, ...]
    index: Mapping[str, int]
    joins: frozenset[str]
    joins_after: Mapping[str, frozenset[str]]
    looping_joins: tuple[str, ...]
    prunable: bool

    def joins_from(self, name: str) -> frozenset[str]:
        """The joins a task of this name may still reach."""
        return self.joins_after.get(name, _NONE)


def shape_of(spec: Any) -> Shape:
    """The shape of one parsed process."""
    specs = tuple(spec.task_specs.values())
    joins_after: dict[str, set[str]] = {}
    looping = []
    for join in specs:
        if not isinstance(join, UnstructuredJoin) or isinstance(join, _EndJoin) or len(set(join._inputs)) < 2:
            continue
        before: set[str] = set()
        reached = list(join._inputs)
        while reached:
            name = reached.pop()
            if name not in before:
                before.add(name)
                reached.extend(spec.task_specs[name]._inputs)
        for name in before | {join.name}:
            joins_after.setdefault(name, set()).add(join.name)
        if join.name in before:
            looping.append(join.name)
    return Shape(
        specs=specs,
        index={task_spec.name: number for number, task_spec in enumerate(specs)},
        joins=frozenset(one.name for one in specs if isinstance(one, UnstructuredJoin)),
        joins_after={name: frozenset(joins) for name, joins in joins_after.items()},
        looping_joins=tuple(looping),
        prunable=not looping and not isinstance(spec, AdHocSubprocessSpec),
    )


def chooses(task_spec: Any) -> bool:
    """Whether its predicted children are made anew when it runs, so that they need not be kept."""
    return isinstance(task_spec, MultiChoice)
