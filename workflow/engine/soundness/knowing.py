"""What steps do to what a case knows: scripts, answers, facts, decision tables, repetition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workflow.engine.lint_drawing import Node
from workflow.engine.soundness.domains import Answers
from workflow.engine.soundness.scopes import Scope
from workflow.engine.soundness.values import ANYTHING, World, forget, joined


class Knowing:
    """The steps of one scope as changes of what is known."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.domains = scope.diagrams.reading.domains
        self.relevant = scope.diagrams.reading.relevant

    def scripted(self, source: str | None, worlds: list[World]) -> list[World]:
        if not source:
            return worlds
        return [after for world in worlds for after in self.domains.run(source, world, self.relevant)]

    def done(self, node: Node, data: World) -> list[World]:
        """What may be known when a step is done: its scripts have run, its questions are answered."""
        deed = self.scope.deeds[node.id]
        worlds = self.scripted(deed.script, self.scripted(deed.pre, [data]))
        if deed.answers is not None:
            worlds = [self._answered(deed.answers, world) for world in worlds]
        for name, value in deed.outputs.items():
            worlds = [{**forget(world, {name}), name: value} for world in worlds]
        if node.tag == "adHocSubProcess":
            names = self.scope.sets(node)
            worlds = [{**forget(world, names), **dict.fromkeys(names, ANYTHING)} for world in worlds]
        worlds = self.scripted(deed.post, worlds)
        if deed.repeated:
            worlds = [weakened([data, *worlds])]
        return [self._left_by(node, world) for world in worlds]

    def _answered(self, answers: Answers, data: World) -> World:
        after = forget(data, answers.values)
        for name, offered in answers.values.items():
            possible = [
                value
                for value, when in offered
                if when is None or any(truth for truth, _ in self.domains.ways(when, data))
            ]
            if name not in answers.always:
                possible += [data.get(name, self.domains.of(name)), None]
            after[name] = joined(possible)
        return after

    def _left_by(self, node: Node, data: World) -> World:
        """With who has set what, and with the traces of a repetition.

        A repeated step leaves its item behind, unless what its instances give is gathered in a list.
        """
        deed = self.scope.deeds[node.id]
        after = {**data, **{f"!{name}": node.id for name in self.scope.sets(node)}}
        trace = deed.gathered or deed.item
        if trace is None:
            return after
        return {**forget(after, {trace}), trace: ANYTHING, f"@{trace}": True}

    def come_back(self, node: Node, before: World, exits: Iterable[World]) -> list[World]:
        """What may be known when a call comes back with one of ``exits``."""
        deed = self.scope.deeds[node.id]
        inner = self.scope.diagrams.inside(self.scope, node)
        kept = forget(before, inner.writes if inner else (), answers_only=True)
        worlds: list[World] = [{**kept, **one} for one in exits]
        if deed.repeated:
            worlds = [weakened([kept, *worlds])]
        return [self._left_by(node, world) for world in self.scripted(deed.post, worlds)]


def weakened(worlds: Sequence[World]) -> World:
    """One world that allows for everything any of several says."""
    names = {name for world in worlds for name in world if not name.startswith("?")}
    return {name: joined(world.get(name, ANYTHING) for world in worlds) for name in names}
