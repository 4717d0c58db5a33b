"""What a running case would need on the way ahead in other diagrams: variables, and who did which step.

The linter makes sure that on every path from the start a variable is set before it is read. A case that is
moved has not come that path: it is followed from where it stands, with what it knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from bpmn.faults import Fault
from bpmn.rulebook import Rulebook
from bpmn.text import Text
from workflow.engine.kernel import Case
from workflow.engine.lint_drawing import Drawing, Node, read
from workflow.engine.lint_paths import Names, Variables, following
from workflow.engine.migrate_marking import joins, rests
from workflow.engine.steering import steering_of
from workflow.engine.tree import LIVE

Frozen = frozenset[tuple[str, str, Names]]
Scope = str
"""Id of a process or of an embedded sub-process."""


@dataclass(slots=True)
class Standing:
    """Where a case stands and what is known there: by scope and node; and by scope and the step behind it,
    what has arrived at joins.
    """

    at: dict[Scope, dict[str, Names]] = field(default_factory=dict)
    arrived: dict[Scope, dict[str, Names]] = field(default_factory=dict)


def standing_of(case: Case) -> Standing:
    """What a running case knows at each of its open places."""
    found = Standing()
    for workflow in case.workflows():
        scope = workflow.spec.name
        for task in workflow.tasks.values():
            spec, parent = task.task_spec, workflow.tasks.get(task._parent)
            if joins(spec) and parent is not None and not parent._state & LIVE:
                _add(found.arrived, scope, parent.task_spec.name, parent.data)
            elif task._state & LIVE and (rests(spec) or isinstance(spec, BoundaryEvent)):
                # of a call that is running the state keeps no data; the event on it has what it began with
                _add(found.at, scope, spec.name.removesuffix(" [child]"), task.data)
    return found


def _add(places: dict[Scope, dict[str, Names]], scope: Scope, node: str, data: Mapping[str, Any]) -> None:
    here = places.setdefault(scope, {})
    known = frozenset(data)
    here[node] = here[node] & known if node in here else known


class Ahead(Variables):
    """Follows variables from where the case stands; ``steps`` are the nodes it can still come to."""

    def __init__(self, owner: Mapping[str, Drawing], book: Rulebook, standing: Standing) -> None:
        super().__init__(owner, steering_of(book))
        self.standing = standing
        self.ends: dict[Scope, Names] = {}
        self.steps: dict[tuple[Scope, str], Node] = {}

    def follow(self, drawing: Drawing, scope: Scope) -> Names:
        """From the open places of a running process to its ends; what is certainly known there."""
        if scope in self.ends:
            return self.ends[scope]
        live = self.standing.at.get(scope, {})
        before: dict[str, Names] = {}
        after: dict[str, Names] = dict(self.standing.arrived.get(scope, {}))
        todo = [name for name in live if name in drawing.nodes]
        while todo:
            node = drawing.nodes[todo.pop(0)]
            coming = self._before(drawing, node, before, after, frozenset())
            here = live.get(node.id)
            known = coming if here is None else here
            if here is not None and any(flow.source in after for flow in drawing.incoming[node.id]):
                known = here & (coming or here)
            if known is None:
                continue
            more = self._sets(drawing, node, known) if here is None else self._rest(drawing, node, known)
            result = known | more
            if before.get(node.id) == known and after.get(node.id) == result:
                continue
            before[node.id], after[node.id] = known, result
            todo += following(drawing, node.id)
        for name, known in before.items():
            node = drawing.nodes[name]
            self.steps[scope, name] = node
            self._reads(drawing, node, known, after[name])
        ends = [after[name] for name in before if drawing.nodes[name].tag == "endEvent"]
        self.ends[scope] = frozenset.intersection(*ends) if ends else frozenset()
        return self.ends[scope]

    def after(self, drawing: Drawing, scope: Scope, entry: Names) -> Names:
        """A process that begins anew ahead of the case."""
        new = (scope, entry) not in self.done
        result = super().after(drawing, scope, entry)
        if new:
            self.steps.update({(scope, n.id): n for n in drawing.nodes.values() if n.scope == scope})
        return result

    def _rest(self, drawing: Drawing, node: Node, known: Names) -> Names:
        """What the open step still sets: what ran when it opened was the old diagram's."""
        inner = node.element.get("calledElement", "") if node.tag == "callActivity" else node.id
        if inner in self.standing.at:
            return self.follow(self.owner.get(inner, drawing), inner)
        return self._sets(drawing, node, known) - (self._assigns(node, "preScript") - known)


@dataclass(frozen=True, slots=True)
class Digested:
    """A rule book that is told from others by its digest."""

    digest: str
    book: Rulebook = field(compare=False)


@lru_cache(maxsize=4)
def _drawings(book: Digested) -> Mapping[str, Drawing]:
    found: dict[str, Drawing] = {}
    for file, content in sorted(book.book.files.items()):
        drawing = read(file, content) if file.endswith(".bpmn") else None
        if drawing is not None and not isinstance(drawing, Fault):
            found.update({process.get("id", ""): drawing for process in drawing.processes()})
    return found


def _frozen(places: Mapping[Scope, Mapping[str, Names]]) -> Frozen:
    return frozenset((scope, node, names) for scope, here in places.items() for node, names in here.items())


def _thawed(places: Frozen) -> dict[Scope, dict[str, Names]]:
    found: dict[Scope, dict[str, Names]] = {}
    for scope, node, names in sorted(places, key=lambda place: place[:2]):
        found.setdefault(scope, {})[node] = names
    return found


@lru_cache(maxsize=256)  # cases that stand at one place mostly know the same
def _ahead(book: Digested, flow: str, at: Frozen, arrived: Frozen) -> Ahead:
    owner = _drawings(book)
    ahead = Ahead(owner, book.book, Standing(_thawed(at), _thawed(arrived)))
    ahead.follow(owner[flow], flow)
    return ahead


def needs(
    book: Rulebook, flow: str, standing: Standing, *, gone: Collection[str], added: Collection[str]
) -> Iterator[Text]:
    """What the case cannot give on the way ahead.

    ``gone``: steps people have done in it that the new diagrams no longer have; ``added``: steps that only
    the new ones have. A rule of separation that names such a step could not see who did it before.
    """
    ahead = _ahead(Digested(book.digest, book), flow, _frozen(standing.at), _frozen(standing.arrived))
    names = {node.id: node.element.get("name") or node.id for node in ahead.steps.values()}
    for _, element, name in sorted(ahead.faults):
        place = names.get(element, element)
        label = book.variables[name].name if name in book.variables else Text(name, name)
        yield Text(
            f"新版本在“{place}”要用“{label.zh}”（{name}），本案还没有这一项",
            f"the new version uses {name} ({label.en}) at “{place}”; this case does not have it",
        )
    if gone:
        known = {name for _, name in ahead.steps}
        told = "、".join(sorted(gone))
        for (_, step), node in sorted(ahead.steps.items()):
            missed = [other for other in node.words("not_by") if other in added and other not in known]
            if missed:
                yield Text(
                    f"“{names[step]}”要避开办过{'、'.join(missed)}的人，本案办的却是已经取消的{told}",
                    f"“{names[step]}” excludes whoever did {', '.join(missed)}; in this case it was {told}, "
                    "which is gone",
                )
