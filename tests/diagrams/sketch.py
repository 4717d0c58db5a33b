"""Diagrams sketched in a few lines, for tests that need no picture.

    sketch("flow", '''
        start -> ask -> gw_ok
        gw_ok -> yes : answer == 'yes'
        gw_ok -> no
    ''', ask="user", gw_ok="xor", yes="end", no="end")

``a -> b : condition``; the flow of an ``xor`` or ``or`` without a condition is its default. Nodes that are
not described are user tasks; ``start`` is the start event and names beginning with ``end`` are ends.
"""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="urn:sketch">'
    '<bpmn:message id="m" name="m"/><bpmn:signal id="s" name="s"/><bpmn:error id="e" name="e" errorCode="e"/>'
    '<bpmn:escalation id="x" name="x" escalationCode="x"/>'
)
TAGS = {
    "user": "userTask", "script": "scriptTask", "service": "serviceTask", "call": "callActivity",
    "xor": "exclusiveGateway", "or": "inclusiveGateway", "par": "parallelGateway",
    "event": "eventBasedGateway", "end": "endEvent", "receive": "receiveTask", "rule": "businessRuleTask",
    "catch": "intermediateCatchEvent", "on": "boundaryEvent", "beside": "boundaryEvent",
}  # fmt: skip
TIMER = "<bpmn:timeDuration>'P1D'</bpmn:timeDuration>"
DEFINITIONS = {
    "message": '<bpmn:messageEventDefinition messageRef="m"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="s"/>',
    "timer": f"<bpmn:timerEventDefinition>{TIMER}</bpmn:timerEventDefinition>",
    "error": '<bpmn:errorEventDefinition errorRef="e"/>',
    "escalation": '<bpmn:escalationEventDefinition escalationRef="x"/>',
    "terminate": "<bpmn:terminateEventDefinition/>",
}


def sketch(process: str, flows: str, **nodes: str) -> bytes:
    """One process. ``nodes``: by id, its kind and what belongs to it.

    Such as ``script x = 1``, ``call other``, ``on ask message`` (a boundary event that interrupts ``ask``),
    ``beside ask timer`` (one that does not), ``user each list item`` (repeated), ``user state PAUSED_CASE``,
    ``end terminate``.
    """
    lines = [line.strip() for line in flows.strip().splitlines() if line.strip()]
    drawn: list[tuple[str, str, str]] = []
    for line in lines:
        way, _, condition = line.partition(" : ")
        ids = [one.strip() for one in way.split("->")]
        drawn += [(a, b, condition.strip()) for a, b in pairwise(ids)]
    known = list(dict.fromkeys([*(one for flow in drawn for one in flow[:2]), *nodes]))
    parts = [_node(one, nodes.get(one, ""), drawn) for one in known]
    for source, target, condition in drawn:
        asked = (
            f"<bpmn:conditionExpression>{escape(condition)}</bpmn:conditionExpression>" if condition else ""
        )
        named = f"{source}_to_{target}", quoteattr(condition)
        ends = f'id="{named[0]}" name={named[1]} sourceRef="{source}" targetRef="{target}"'
        parts.append(f"<bpmn:sequenceFlow {ends}>{asked}</bpmn:sequenceFlow>")
    body = f'<bpmn:process id="{process}" isExecutable="true">{"".join(parts)}</bpmn:process>'
    return f"{HEAD}{body}</bpmn:definitions>".encode()


def _node(ident: str, told: str, flows: list[tuple[str, str, str]]) -> str:
    if ident == "start":
        return f'<bpmn:startEvent id="{ident}"/>'
    if not told:
        told = "end" if ident.startswith("end") else "user"
    kind, _, rest = told.partition(" ")
    tag, inside, more = TAGS[kind], "", ""
    words = rest.split()
    if kind in ("xor", "or"):
        default = [f"{a}_to_{b}" for a, b, condition in flows if a == ident and not condition]
        more = f' default="{default[0]}"' if default and len([1 for a, *_ in flows if a == ident]) > 1 else ""
    elif kind == "script":
        inside = f"<bpmn:script>{escape(rest.replace('; ', chr(10)))}</bpmn:script>"
    elif kind == "service":
        operator = f'<spiffworkflow:serviceTaskOperator id="{rest}"><spiffworkflow:parameters/>'
        inside = (
            f"<bpmn:extensionElements>{operator}</spiffworkflow:serviceTaskOperator></bpmn:extensionElements>"
        )
    elif kind == "rule":
        called = f"<spiffworkflow:calledDecisionId>{rest}</spiffworkflow:calledDecisionId>"
        inside = f"<bpmn:extensionElements>{called}</bpmn:extensionElements>"
    elif kind in ("on", "beside"):
        more = f' attachedToRef="{words[0]}" cancelActivity="{str(kind == "on").lower()}"'
        inside = DEFINITIONS[words[1]]
    elif kind == "receive":
        more = ' messageRef="m"'
    elif words and words[0] in DEFINITIONS:
        inside = DEFINITIONS[words[0]]
    elif kind == "call":
        more = f' calledElement="{words[0]}"'
        words = words[1:]
    if "state" in words:
        state = words[words.index("state") + 1]
        value = f'<spiffworkflow:property name="state" value="{state}"/>'
        properties = f"<spiffworkflow:properties>{value}</spiffworkflow:properties>"
        inside += f"<bpmn:extensionElements>{properties}</bpmn:extensionElements>"
    if "each" in words:
        collection, item, *gathered = words[words.index("each") + 1 :]
        output = f"<bpmn:loopDataOutputRef>{gathered[0]}</bpmn:loopDataOutputRef>" if gathered else ""
        given = f'<bpmn:outputDataItem id="{gathered[1]}" name="{gathered[1]}"/>' if gathered else ""
        inside += (
            '<bpmn:multiInstanceLoopCharacteristics isSequential="false">'
            f"<bpmn:loopDataInputRef>{collection}</bpmn:loopDataInputRef>{output}"
            f'<bpmn:inputDataItem id="{item}" name="{item}"/>{given}</bpmn:multiInstanceLoopCharacteristics>'
        )
    name = ident.replace("_", " ") + ("?" if kind in ("xor", "or") else "")
    return f'<bpmn:{tag} id="{ident}" name="{name}"{more}>{inside}</bpmn:{tag}>'
