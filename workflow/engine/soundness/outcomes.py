"""What may become of a token of a scope: the steps it passes, the ways it is sent, what interrupts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bpmn.text import Text
from workflow.engine.lint_drawing import CHOOSING, Flow, Node
from workflow.engine.soundness import reasons
from workflow.engine.soundness.knowing import Knowing
from workflow.engine.soundness.scopes import CALLS, PARALLEL, Scope, interrupts
from workflow.engine.soundness.values import ANYTHING, Data, Names, World, frozen

NOTHING: frozenset[str] = frozenset()


class Token(NamedTuple):
    """``place``: a flow that has been taken, or a node at which the case rests. ``side``: it comes from a
    boundary event that interrupts nothing. ``fired``: such events of the node that have already come.
    """

    place: str
    side: bool
    fired: frozenset[str]
    data: Data


Marking = frozenset[Token]


class Outcome(NamedTuple):
    """What may become of one token, or of those that meet at a join: the tokens that follow.

    ``told``: the name of what was done. ``data``: what was known when none follows. ``sweeps``: every other
    token of the scope is removed too. ``event``: somebody or something from outside brings it about, the step
    need not be done.
    """

    node: str
    tokens: tuple[Token, ...]
    told: str | None
    side: bool = False
    data: Data = ()
    sweeps: bool = False
    event: bool = False


class Problem(NamedTuple):
    """Something that must not happen, seen while a move was made. One of a kind is told for an element."""

    kind: str
    element: str
    reason: Text
    told: str | None


@dataclass
class Result:
    """What a scope can come to, for one way of being entered."""

    exits: set[Data] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    escalations: set[str] = field(default_factory=set)
    cancelled: bool = False

    def add(self, other: Result) -> None:
        """Take over what came from inside, but for the exits."""
        self.errors |= other.errors
        self.escalations |= other.escalations
        self.cancelled |= other.cancelled


Inside = Callable[[Scope, Data, Names], Result]
"""Explores the scope behind a call: which one, entered with what, and what is read afterwards."""


class Outcomes:
    """The outcomes of one scope, entered in one way; each is worked out once.

    ``result``, ``entered`` (nodes), ``taken`` (flows) and ``problems`` grow on the way.
    """

    def __init__(self, scope: Scope, needed: Names, top: bool, inside: Inside) -> None:
        self.scope = scope
        self.knowing = Knowing(scope)
        self.live = scope.live(needed)
        self.needed = needed
        self.top = top
        self.inside = inside
        self.result = Result()
        self.entered: set[str] = set()
        self.taken: set[str] = set()
        self.problems: list[Problem] = []
        self.known: dict[Token, list[Outcome]] = {}
        self.joined: dict[tuple[str, Marking], list[Outcome]] = {}

    def start(self, node: Node, entry: Data) -> Token:
        """The first token, at a start event."""
        return Token(node.id, False, NOTHING, self._kept(node.id, dict(entry)))

    def node_at(self, token: Token) -> Node:
        """The node a token rests at, or is on its way to."""
        flow = self.scope.flows.get(token.place)
        return self.scope.nodes[flow.target if flow else token.place]

    def of(self, token: Token) -> list[Outcome]:
        if token not in self.known:
            node = self.node_at(token)
            rests = token.place == node.id and node.id in self.scope.waiting
            self.known[token] = list((self._wait if rests else self._enter)(token, node))
        return self.known[token]

    def of_join(self, gateway: Node, arrived: Marking) -> list[Outcome]:
        key = gateway.id, arrived
        if key not in self.joined:
            self.joined[key] = list(self._join(gateway, arrived))
        return self.joined[key]

    def _kept(self, node: str, data: World) -> Data:
        live = self.live[node]
        return frozen({name: value for name, value in data.items() if name in live})

    def _left_behind(self, data: World) -> Data:
        return frozen({name: value for name, value in data.items() if name in self.needed})

    def _leave(
        self, token: Token, node: str, data: World, told: str | None, flows: Sequence[Flow] | None = None
    ) -> Outcome:
        """A node is done: a token on each of its outgoing flows, or of those that were chosen."""
        flows = self.scope.outgoing(node) if flows is None else flows
        self.taken.update(flow.id for flow in flows)
        tokens = [Token(flow.id, token.side, NOTHING, self._kept(flow.target, data)) for flow in flows]
        left = () if tokens else self._left_behind(data)
        return Outcome(node, tuple(tokens), told, token.side, left)

    def _enter(self, token: Token, node: Node) -> Iterator[Outcome]:
        self.entered.add(node.id)
        data = dict(token.data)
        if node.id in self.scope.waiting:
            again = reasons.repeated_again(self.scope.deeds[node.id], data)
            if again is not None:
                self.problems.append(Problem("again", node.id, again, node.name))
            yield Outcome(node.id, (token._replace(place=node.id),), None)
        elif node.tag in PARALLEL or node.tag in CHOOSING:
            yield from self._through(token, node, data)
        elif node.tag == "endEvent":
            yield self._at_end(token, node, data)
        elif node.tag in CALLS:
            yield from self._called(token, node)
        else:
            self._escalates(node)
            told = None if node.tag == "startEvent" else node.name
            for after in self.knowing.done(node, data):
                yield self._leave(token, node.id, after, told)

    def _through(self, token: Token, node: Node, data: World) -> Iterator[Outcome]:
        if node.tag not in CHOOSING or len(self.scope.outgoing(node.id)) < 2:
            yield self._leave(token, node.id, data, None)
            return
        for chosen, after in self._chosen(node, data):
            if chosen:
                told = node.name + "、".join(flow.name for flow in chosen)
                yield self._leave(token, node.id, after, told, chosen)
            else:
                self.problems.append(Problem("no way", node.id, reasons.NO_WAY, node.name))

    def _chosen(self, node: Node, data: World) -> Iterator[tuple[list[Flow], World]]:
        """The flows a choosing gateway may take: one, or several of an inclusive one."""
        default = node.element.get("default")
        outgoing = self.scope.outgoing(node.id)
        several = node.tag == "inclusiveGateway"
        worlds: list[tuple[list[Flow], World]] = [([], data)]
        for flow in (flow for flow in outgoing if flow.id != default):
            going_on = []
            for chosen, world in worlds:
                for truth, after in self.knowing.domains.ways(flow.condition or "True", world):
                    if not truth:
                        going_on.append((chosen, after))
                    elif several:
                        going_on.append(([*chosen, flow], after))
                    else:
                        yield [flow], after
            worlds = going_on
        last = [flow for flow in outgoing if flow.id == default]
        for chosen, world in worlds:
            yield chosen or last, world

    def _join(self, gateway: Node, arrived: Marking) -> Iterator[Outcome]:
        """Each of the tokens may have come last: its data wins, as in the engine."""
        self.entered.add(gateway.id)
        side = all(token.side for token in arrived)
        copies = [dict(token.data) for token in arrived]
        for name in self.scope.torn(copies, self.live[gateway.id]):
            self.problems.append(Problem(f"torn {name}", gateway.id, reasons.torn(name), None))
        seen = set()
        for last in sorted(arrived, key=lambda token: token.place):
            data: World = {}
            for copy in (*copies, dict(last.data)):
                data.update(copy)
            if frozen(data) not in seen:
                seen.add(frozen(data))
                yield from self._through(last._replace(side=side), gateway, data)

    # -- steps and events ----------------------------------------------------------------------------------

    def _wait(self, token: Token, node: Node) -> Iterator[Outcome]:
        """Everything that may happen to a token that rests at a node."""
        if node.tag in CALLS:
            yield from self._called(token, node)
            return
        reached = [node]
        if node.tag == "eventBasedGateway":
            flows = self.scope.outgoing(node.id)
            self.taken |= {flow.id for flow in flows}
            reached = [self.scope.nodes[flow.target] for flow in flows]
            self.entered |= {one.id for one in reached}
        for one in reached:
            for after in self.knowing.done(one, dict(token.data)):
                yield self._leave(token, one.id, after, one.name)
        yield from self._interrupted(token, node, Result())

    def _called(self, token: Token, node: Node) -> Iterator[Outcome]:
        """A call comes back, or something interrupts it."""
        scope = self.scope.diagrams.inside(self.scope, node)
        deed = self.scope.deeds[node.id]
        found = Result()
        backs: dict[Data, World] = {}
        for before in self.knowing.scripted(deed.pre, [dict(token.data)]):
            exits: list[World] = [{}]
            if scope is not None:
                given: World = {**before, **({deed.item: ANYTHING} if deed.item else {})}
                entry = frozen({name: given[name] for name in scope.reads if name in given})
                inner = self.inside(scope, entry, self._read_after(node) & (scope.writes | scope.reads))
                found.add(inner)
                exits = [dict(one) for one in inner.exits]
            for world in self.knowing.come_back(node, before, exits):
                backs.setdefault(frozen(world), world)
        for world in backs.values():
            yield self._leave(token, node.id, world, node.name)
        yield from self._interrupted(token, node, found)

    def _read_after(self, node: Node) -> Names:
        """What somebody may read once a call has come back."""
        flows = self.scope.outgoing(node.id)
        return frozenset().union(*(self.live[flow.target] for flow in flows)) if flows else self.needed

    def _interrupted(self, token: Token, node: Node, inner: Result) -> Iterator[Outcome]:
        """The boundary events of a step. Errors, escalations and cancelling come from inside only."""
        caught: set[str] = set()
        for event in self.scope.attached(node.id):
            kind = next(iter(event.definitions()), "")
            if kind == "errorEventDefinition":
                comes = bool(meant := _meant(event, inner.errors))
                caught |= meant
            elif kind == "escalationEventDefinition":
                comes = bool(_meant(event, inner.escalations))
            elif kind == "cancelEventDefinition":
                comes = inner.cancelled
            else:
                comes = node.id in self.scope.waiting
            if not comes or event.id in token.fired:
                continue
            self.entered.add(event.id)
            cuts = interrupts(event)
            beside = token._replace(side=token.side or not cuts)
            still = () if cuts else (token._replace(fired=token.fired | {event.id}),)
            from_outside = kind != "timerEventDefinition"
            for after in self.knowing.done(event, dict(token.data)):
                outcome = self._leave(beside, event.id, after, event.name)
                yield outcome._replace(tokens=(*still, *outcome.tokens), event=from_outside)
        self.result.escalations |= inner.escalations
        for code in sorted(inner.errors - caught):
            self._fails(code, node)

    def _fails(self, code: str, node: Node) -> None:
        self.result.errors.add(code)
        if self.top:
            self.problems.append(Problem("uncaught", node.id, reasons.uncaught(code), node.name))

    def _escalates(self, node: Node) -> None:
        if "escalationEventDefinition" in node.definitions():
            self.result.escalations.add(_reference(node))

    def _at_end(self, token: Token, node: Node, data: World) -> Outcome:
        kinds = node.definitions()
        self._escalates(node)
        sweeps = Outcome(node.id, (), node.name, sweeps=True)
        if "errorEventDefinition" in kinds:
            self._fails(_reference(node), node)
        elif "cancelEventDefinition" in kinds:
            self.result.cancelled = True
        elif "terminateEventDefinition" in kinds:
            self.result.exits.add(self._left_behind(data))
        else:
            return self._leave(token, node.id, data, node.name)
        return sweeps


def _reference(node: Node) -> str:
    """The error or escalation an event names; "" for none."""
    for child in node.element:
        for kind in ("errorRef", "escalationRef"):
            if child.get(kind):
                return str(child.get(kind))
    return ""


def _meant(event: Node, thrown: set[str]) -> set[str]:
    """Which of the thrown errors or escalations a boundary event catches; one that names none catches all."""
    named = _reference(event)
    return thrown & {named} if named else set(thrown)
