"""Refusing what SpiffWorkflow 3.2.0 would misread without a word, each with file, element and reason.

The rows are those of the table of sharp edges: 6 decision tables (``tables``), 7 timers on event-based
gateways, 8 event sub-processes, 9 cycle timers, 10 events and conditions without effect and calls that hang,
12 expressions outside the language, 13 dates without a time zone; and joins that lie on a loop, which count
old arrivals. A model is read with these guards up; the linter reports them with its own rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from lxml import etree

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.expressions import Expression, ExpressionError
from workflow.engine.lint_drawing import CHOOSING, NODES, SPACES, SPIFF, Drawing, Node
from workflow.engine.scripts import Scripts
from workflow.engine.shapes import Shape
from workflow.engine.xml import local

_CATCH = frozenset({"messageEventDefinition", "signalEventDefinition", "timerEventDefinition",
                    "conditionalEventDefinition"})  # fmt: skip
EFFECTIVE: Mapping[str, frozenset[str]] = {
    "startEvent": _CATCH,
    "intermediateCatchEvent": _CATCH,
    "boundaryEvent": _CATCH | {"cancelEventDefinition", "errorEventDefinition", "escalationEventDefinition"},
    "intermediateThrowEvent": frozenset(
        {"escalationEventDefinition", "messageEventDefinition", "signalEventDefinition"}
    ),
    "endEvent": frozenset({"messageEventDefinition", "cancelEventDefinition", "errorEventDefinition",
                           "escalationEventDefinition", "terminateEventDefinition"}),
}  # fmt: skip
"""Which event definitions have an effect where; every other one silently becomes a none event."""
EXPRESSIONS = frozenset({"conditionExpression", "condition", "loopCardinality", "loopCondition",
                         "completionCondition", "messagePayload", "messagePath"})  # fmt: skip
SCRIPTS = frozenset({"script", "preScript", "postScript"})
TIMERS = frozenset({"timeDate", "timeDuration"})
_DURATION = re.compile(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)")


def faults_of_drawing(drawing: Drawing, processes: Collection[str], scripts: Scripts) -> Iterator[Fault]:
    """What one diagram would be misread in; ``processes`` are the ids of all that can be called."""
    yield from _scopes(drawing)
    yield from _flows(drawing)
    yield from _shared_ids(drawing)
    for node in drawing.nodes.values():
        yield from _events(drawing, node)
        if node.tag == "callActivity" and node.element.get("calledElement") not in processes:
            called = node.element.get("calledElement")
            yield drawing.fault(node.id, f"没有流程“{called}”", f"there is no process {called!r} to call")
        if node.element.get("isForCompensation") == "true":
            yield drawing.fault(node.id, "不支持补偿活动", "compensation has no effect")
    for element in drawing.root.iter():
        yield from _computed(drawing, element, scripts)


def faults_of_joins(file: str, shape: Shape) -> Iterator[Fault]:
    """Joins of one process that lie on a loop."""
    for name in shape.looping_joins:
        yield Fault(
            file,
            name,
            Text(
                "并行或包容汇合处在回路上，会把上一轮的到达算进来；请把并行部分放进被调用的流程",
                "a join on a loop counts old arrivals: put the parallel part into a process that is called",
            ),
        )


def _scopes(drawing: Drawing) -> Iterator[Fault]:
    inner = [node.element for node in drawing.of("subProcess", "transaction")]
    for scope in (*drawing.processes(), *inner):
        ident = scope.get("id", "-")
        if scope.get("triggeredByEvent") == "true":
            yield drawing.fault(
                ident, "不支持事件子流程：它会改动共用的流程定义",
                "an event sub-process changes the shared specification",
            )  # fmt: skip
        elif scope.get("isExecutable") != "false" and scope.find("b:endEvent", SPACES) is None:
            yield drawing.fault(
                ident, "没有结束事件，流程会一直停在那里", "it has no end event and would hang"
            )


def _flows(drawing: Drawing) -> Iterator[Fault]:
    defaults = {node.element.get("default") for node in drawing.of(*CHOOSING)}
    for flow in drawing.flows:
        source, target = drawing.nodes.get(flow.source), drawing.nodes.get(flow.target)
        if source is None or target is None:
            yield drawing.fault(flow.id, "连线没有起点或终点", "the flow lacks its source or target")
            continue
        if flow.condition is not None and source.tag not in CHOOSING:
            yield drawing.fault(
                flow.id,
                "只有排他网关和包容网关的出线才能带条件，这里的会被忽略",
                "a condition is ignored unless the flow leaves a choosing gateway",
            )
        elif flow.condition is not None and flow.id in defaults:
            yield drawing.fault(
                flow.id, "默认出线的条件会被忽略", "the condition of a default flow is ignored"
            )
        if source.tag == "eventBasedGateway" and "timerEventDefinition" in target.definitions():
            yield drawing.fault(
                target.id,
                "事件网关后面不能接定时事件",
                "timers behind an event-based gateway share one due date",
            )


def _shared_ids(drawing: Drawing) -> Iterator[Fault]:
    """SpiffWorkflow indexes every id below a process, extension elements included; the last one wins."""
    for element in drawing.root.iterfind(".//{%s}*[@id]" % SPIFF):  # noqa: UP031 - braces are XPath's here
        if element.get("id") in drawing.nodes:
            yield drawing.fault(
                element.get("id", ""),
                f"{local(element)}与节点用了同一个id",
                f"a {local(element)} has the id of a node, which hides that node",
            )


def _events(drawing: Drawing, node: Node) -> Iterator[Fault]:
    for definition in node.definitions():
        if node.tag in EFFECTIVE and definition not in EFFECTIVE[node.tag]:
            yield drawing.fault(
                node.id,
                f"{definition}在这里不起作用，会变成空事件",
                f"{definition} has no effect here and becomes a none event",
            )
    if node.text("b:timerEventDefinition/b:timeCycle") is not None:
        yield drawing.fault(
            node.id,
            "不支持循环定时：停机后会一次补发所有周期",
            "a cycle timer fires once for every cycle that was missed",
        )


def _computed(drawing: Drawing, element: etree._Element, scripts: Scripts) -> Iterator[Fault]:
    """Conditions, scripts, parameters and timers are compiled once, when a diagram is loaded."""
    name = local(element)
    compiled: Callable[[str], object] = scripts.script if name in SCRIPTS else scripts.expression
    if name == "parameter" and element.tag.startswith(f"{{{SPIFF}}}"):
        source = element.get("value", "")
    elif name in EXPRESSIONS or name in SCRIPTS or name in TIMERS:
        source = (element.text or "").strip()
    else:
        return
    owner = _owner(element)
    timer = "定时：" if name in TIMERS else "", "timer: " if name in TIMERS else ""
    try:
        found = compiled(source)
    except ExpressionError as refused:
        told = refused.reason
        yield drawing.fault(owner, f"{timer[0]}“{source}”：{told.zh}", f"{timer[1]}{source!r}: {told.en}")
        return
    if name in TIMERS:
        yield from _written_down(drawing, owner, name, found)
    elif "due" in getattr(found, "functions", ()):
        yield drawing.fault(owner, "due() 只能用于定时事件", "due() is only for timers")


def _owner(element: etree._Element) -> str:
    """The flow or node an expression belongs to; for others the nearest element with an id."""
    above = [element, *element.iterancestors()]
    own = [one for one in above if local(one) in NODES or local(one) == "sequenceFlow"]
    named = [one.get("id", "") for one in (*own, *above) if one.get("id")]
    return named[0] if named else "-"


def _written_down(drawing: Drawing, owner: str, name: str, expression: object) -> Iterator[Fault]:
    """A timer whose value is written down must be readable and name its time zone."""
    if not isinstance(expression, Expression) or expression.names or expression.functions:
        return
    value = str(expression.evaluate({}))
    if name == "timeDuration" or value.upper().startswith("P"):
        if not _DURATION.fullmatch(value.upper()):
            yield drawing.fault(owner, f"“{value}”不是时长", f"{value!r} is no date or duration")
        return
    try:
        aware = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        yield drawing.fault(owner, f"“{value}”不是日期或时长", f"{value!r} is no date or duration")
        return
    if not aware:
        yield drawing.fault(owner, f"“{value}”没有时区", f"{value!r} has no time zone")
