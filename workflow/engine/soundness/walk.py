"""From one marking of a scope to the next ones.

A marking is a set of tokens. A token knows what its branch knows: the engine gives every branch its own copy
of the data, and a join keeps the copy of the branch that comes last. Automatic steps run first, as in the
engine; then anything that a case may wait for can happen in any order: a step is completed, a message, a
signal or a timer comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from workflow.engine.soundness import reasons
from workflow.engine.soundness.outcomes import Marking, Outcome, Outcomes, Problem, Token
from workflow.engine.soundness.values import Data


class Move(NamedTuple):
    """A next marking, and the name of what was done; None for what has no name."""

    marking: Marking
    told: str | None


class Walk:
    """The moves of one scope, entered in one way."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.scope = outcomes.scope

    def begin(self, entry: Data) -> Iterator[Marking]:
        """One marking for each start event."""
        for start in self.scope.starts:
            yield frozenset({self.outcomes.start(start, entry)})

    def moves(self, marking: Marking) -> list[Move]:
        """Every next marking. Empty for a marking that is over or stuck."""
        tokens = sorted(marking, key=lambda token: token.place)
        for token in tokens:
            if self._is_moving(token):
                return list(self._moved(marking - {token}, self.outcomes.of(token)))
        for gateway, flows in self.scope.joins.items():
            arrived = self._arrived(marking, gateway, flows)
            if arrived:
                outcomes = self.outcomes.of_join(self.scope.nodes[gateway], arrived)
                return list(self._moved(marking - arrived, outcomes))
        resting = [token for token in tokens if token.place in self.scope.nodes]
        blocking = [token for token in resting if token.place in self.scope.blocking]
        moves: list[Move] = []
        for token in resting:
            outcomes = self.outcomes.of(token)
            if blocking and token not in blocking:
                outcomes = [outcome for outcome in outcomes if outcome.event]
            moves += self._moved(marking - {token}, outcomes)
        return moves

    def _is_moving(self, token: Token) -> bool:
        """Whether a token goes on by itself: it does not while it rests, or waits for others at a join."""
        flow = self.scope.flows.get(token.place)
        if flow is None:
            return token.place not in self.scope.waiting
        return flow.target not in self.scope.joins

    def _arrived(self, marking: Marking, gateway: str, flows: frozenset[str]) -> Marking:
        """The tokens a join takes if it may fire now; none if not."""
        arrived = frozenset(token for token in marking if token.place in flows)
        missing = flows - {token.place for token in arrived}
        if not arrived or not missing:
            return arrived
        if self.scope.nodes[gateway].tag == "parallelGateway":
            return frozenset()
        for token in marking - arrived:
            if not missing.isdisjoint(self.scope.ahead(self.outcomes.node_at(token).id, gateway)):
                return frozenset()
        return arrived

    def _moved(self, rest: Marking, outcomes: Sequence[Outcome]) -> Iterator[Move]:
        places = {token.place for token in rest}
        for outcome in outcomes:
            if outcome.sweeps:
                yield Move(frozenset(), outcome.told)
                continue
            taken = [token for token in outcome.tokens if token.place in places]
            if taken:
                node = self.outcomes.node_at(taken[0])
                told = outcome.told or node.name or None
                self.outcomes.problems.append(Problem("twice", node.id, reasons.TWICE, told))
                continue
            if not outcome.tokens:
                self._check_end(rest, outcome)
            yield Move(rest.union(outcome.tokens), outcome.told)

    def _check_end(self, rest: Marking, outcome: Outcome) -> None:
        """A token is used up. The scope is over when it was the last; side branches may end by themselves."""
        if not rest:
            self.outcomes.result.exits.add(outcome.data)
        still = [token for token in rest if self.outcomes.top or not token.side]
        if still and not outcome.side:
            nodes = [self.outcomes.node_at(token) for token in still]
            names = sorted({node.name or node.id for node in nodes})
            self.outcomes.problems.append(
                Problem("left", outcome.node, reasons.left_open(names), outcome.told)
            )
