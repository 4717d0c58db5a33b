"""Draws random diagrams from a seed: blocks within blocks, with events on them, that nobody has tuned for."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="urn:random">'
    + "".join(f'<bpmn:message id="msg{n}" name="msg{n}"/>' for n in (1, 2, 3))
    + "".join(f'<bpmn:signal id="sig{n}" name="sig{n}"/>' for n in (1, 2))
)
CONDITIONS = ("v1 == 1", "v2 == 2", "v1 &gt; 1 and v2 &lt; 3", "v3 == 'a'", "v3 != 'a'")
SCRIPTS = ("v1 = v1 + 1", "v4 = v2", "v3 = 'a'", "v5 = [v1, v2]", "v2 = 0")
CARDINALITY = "<bpmn:loopCardinality>{}</bpmn:loopCardinality>"
UNTIL = "<bpmn:completionCondition>v1 == 1</bpmn:completionCondition>"
LOOPS = (
    '<bpmn:standardLoopCharacteristics loopMaximum="2"/>',
    '<bpmn:standardLoopCharacteristics loopMaximum="4" testBefore="true">'
    "<bpmn:loopCondition>v1 == 1</bpmn:loopCondition></bpmn:standardLoopCharacteristics>",
)


class Drawing:
    """One process, or one embedded sub-process, being drawn."""

    def __init__(self, r: random.Random, name: str, callable_: list[str], deep: int = 0) -> None:
        self.r, self.name, self.callable, self.deep = r, name, callable_, deep
        self.parts: list[str] = []
        self.count = 0

    def node(self, tag: str, inside: str = "", **attributes: str) -> str:
        self.count += 1
        name = f"{tag[:4]}_{self.count}_{self.name}"
        told = "".join(f' {key}="{value}"' for key, value in attributes.items())
        self.parts.append(f'<bpmn:{tag} id="{name}"{told}>{inside}</bpmn:{tag}>')
        return name

    def flow(self, source: str, target: str, condition: str = "") -> str:
        name = f"{source}_to_{target}"
        inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        ends = f'sourceRef="{source}" targetRef="{target}"'
        self.parts.append(f'<bpmn:sequenceFlow id="{name}" {ends}>{inside}</bpmn:sequenceFlow>')
        return name

    def body(self, depth: int) -> str:
        """The whole inside, from start to end; now and then with two ends side by side."""
        begin = self.node("startEvent")
        first, last = self.sequence(depth)
        self.flow(begin, first)
        if self.r.random() < 0.2:
            fork = self.node("parallelGateway")
            self.flow(last, fork)
            for _ in range(2):
                first, last = self.sequence(depth - 1)
                self.flow(fork, first)
                self.flow(last, self.node("endEvent"))
        else:
            self.flow(last, self.node("endEvent"))
        return "".join(self.parts)

    def sequence(self, depth: int) -> tuple[str, str]:
        blocks = [self.block(depth) for _ in range(self.r.randint(1, 3))]
        for (_, last), (first, _) in pairwise(blocks):
            self.flow(last, first)
        return blocks[0][0], blocks[-1][1]

    def block(self, depth: int) -> tuple[str, str]:
        lot = self.r.random()
        if depth <= 0 or lot < 0.45:
            return self.activity(depth)
        if lot < 0.62:
            return self.choice("exclusiveGateway", depth)
        if lot < 0.72:
            return self.choice("inclusiveGateway", depth)
        if lot < 0.88:
            return self.side_by_side(depth)
        return self.loop()

    def choice(self, kind: str, depth: int) -> tuple[str, str]:
        place = len(self.parts)
        split, meet = self.node(kind, default="DEFAULT"), self.node(kind)
        for number in range(self.r.randint(2, 3)):
            first, last = self.sequence(depth - 1)
            flow = self.flow(split, first, self.r.choice(CONDITIONS) if number else "")
            if number == 0:
                self.parts[place] = self.parts[place].replace("DEFAULT", flow)
            ends_here = number and kind == "exclusiveGateway" and self.r.random() < 0.1
            self.flow(last, self.node("endEvent") if ends_here else meet)
        return split, meet

    def side_by_side(self, depth: int) -> tuple[str, str]:
        fork, join = self.node("parallelGateway"), self.node("parallelGateway")
        for _ in range(self.r.randint(2, 3)):
            first, last = self.sequence(depth - 1)
            self.flow(fork, first)
            self.flow(last, join)
        return fork, join

    def loop(self) -> tuple[str, str]:
        merge = self.node("exclusiveGateway")
        first, last = self.sequence(0)
        again = self.node("userTask")
        place = len(self.parts)
        ask, after = self.node("exclusiveGateway", default="DEFAULT"), self.node("userTask")
        self.flow(merge, first)
        self.flow(last, again)
        self.flow(again, ask)
        self.flow(ask, merge, "v6 == 1")
        self.parts[place] = self.parts[place].replace("DEFAULT", self.flow(ask, after))
        return merge, after

    def activity(self, depth: int) -> tuple[str, str]:
        r, lot = self.r, self.r.random()
        if lot < 0.12:
            return (name := self.node("scriptTask", f"<bpmn:script>{r.choice(SCRIPTS)}</bpmn:script>"), name)
        if lot < 0.18:
            return (name := self.node("intermediateCatchEvent", self.event(conditional=False)), name)
        if lot < 0.24:
            thrown = r.choice([self.message(), self.signal()])
            return (name := self.node("intermediateThrowEvent", thrown), name)
        if lot < 0.32:
            name = self.node("userTask", self.instances())
        elif lot < 0.38:
            name = self.node("userTask", r.choice(LOOPS))
        elif lot < 0.5 and self.callable:
            repeated = r.choice(["", "", "", LOOPS[0], self.instances()])
            name = self.node("callActivity", repeated, calledElement=r.choice(self.callable))
        elif lot < 0.58 and self.deep < 2:
            inner = Drawing(r, f"{self.name}_{self.count}", self.callable, self.deep + 1)
            name = self.node("subProcess", inner.body(r.randint(0, 1)))
        elif lot < 0.64:
            name = self.node("receiveTask", messageRef=f"msg{r.randint(1, 3)}")
        else:
            name = self.node("userTask")
        return (name, name) if depth < 0 or r.random() < 0.7 else self.interrupted(name)

    def interrupted(self, activity: str) -> tuple[str, str]:
        """The activity with boundary events, whose branches meet the main flow again or end."""
        meet = self.node("exclusiveGateway")
        self.flow(activity, meet)
        for _ in range(self.r.randint(1, 2)):
            cuts = self.r.random() < 0.5
            told = {"attachedToRef": activity, "cancelActivity": str(cuts).lower()}
            event = self.node("boundaryEvent", self.event(), **told)
            first, last = self.sequence(-1)
            self.flow(event, first)
            stop = "<bpmn:terminateEventDefinition/>" if self.r.random() < 0.15 else ""
            self.flow(last, meet if cuts and self.r.random() < 0.6 else self.node("endEvent", stop))
        return activity, meet

    def instances(self) -> str:
        inside = CARDINALITY.format(self.r.randint(2, 3)) + self.r.choice(["", UNTIL])
        sequential = self.r.choice(["true", "false"])
        tag = "multiInstanceLoopCharacteristics"
        return f'<bpmn:{tag} isSequential="{sequential}">{inside}</bpmn:{tag}>'

    def message(self) -> str:
        return f'<bpmn:messageEventDefinition messageRef="msg{self.r.randint(1, 3)}"/>'

    def signal(self) -> str:
        return f'<bpmn:signalEventDefinition signalRef="sig{self.r.randint(1, 2)}"/>'

    def event(self, conditional: bool = True) -> str:
        length = f'<bpmn:timeDuration>"P{self.r.randint(1, 6)}D"</bpmn:timeDuration>'
        timer = f"<bpmn:timerEventDefinition>{length}</bpmn:timerEventDefinition>"
        when = "<bpmn:condition>v1 == 3</bpmn:condition>"
        kinds = [timer, self.message(), self.signal()]
        if conditional:
            kinds.append(f"<bpmn:conditionalEventDefinition>{when}</bpmn:conditionalEventDefinition>")
        return self.r.choice(kinds)


def diagrams(seed: int, number: int, depth: int | None = None) -> Iterable[tuple[str, bytes]]:
    """``number`` processes as (id, diagram), each may call those before it; ``depth`` of blocks in blocks."""
    made: list[str] = []
    for index in range(number):
        name = f"r{index}"
        r = random.Random(seed * 1000 + index)
        body = Drawing(r, name, made[-6:]).body(r.randint(1, 3) if depth is None else depth)
        process = f'<bpmn:process id="{name}" isExecutable="true">{body}</bpmn:process>'
        yield name, f"{HEAD}{process}</bpmn:definitions>".encode()
        made.append(name)
