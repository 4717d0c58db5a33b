"""What SpiffWorkflow 3.2.0 would misread without a word, each rule reproduced against it (engine table)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from lxml import etree

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.expressions import ExpressionRefused, compile_expression, compile_script
from workflow.engine.lint_drawing import CHOOSING, GATEWAYS, NODES, SPACES, SPIFF, Drawing, Node, local

HARMLESS = frozenset({"extensionElements", "documentation", "ioSpecification", "laneSet", "sequenceFlow",
                      "dataObject", "dataObjectReference", "textAnnotation", "association", "group",
                      "property", "incoming", "outgoing", "standardLoopCharacteristics",
                      "multiInstanceLoopCharacteristics", "completionCondition"})  # fmt: skip

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
_EACH = "b:multiInstanceLoopCharacteristics"
COLLECTION = f"{_EACH}/b:loopDataInputRef"
OUTPUT = f"{_EACH}/b:loopDataOutputRef"
REPEATS = (
    COLLECTION,
    f"{_EACH}/b:loopCardinality",
    f"{_EACH}/b:completionCondition",
    "b:standardLoopCharacteristics/b:loopCondition",
)
"""Where a repeated step says what it is repeated for, how often and until when."""


def due(limit: str) -> datetime:
    """Stands for the kernel's ``due`` when timers are compiled; never called."""
    raise AssertionError(limit)


def check(drawing: Drawing, called: Mapping[str, Drawing], decisions: frozenset[str]) -> Iterator[Fault]:
    """``called``: drawing by process id; ``decisions``: ids of the decision tables at hand."""
    for scope in drawing.processes():
        if scope.get("isExecutable") == "false":
            yield drawing.fault(scope.get("id", "-"), "流程未设为可执行", "the process is not executable")
        if scope.find("b:startEvent", SPACES) is None:
            yield drawing.fault(scope.get("id", "-"), "没有开始事件", "there is no start event")
        yield from _unknown_elements(drawing, scope)
    yield from _flows(drawing)
    yield from _shared_ids(drawing)
    for node in drawing.nodes.values():
        yield from _events(drawing, node)
        yield from _timers(drawing, node)
        yield from _code(drawing, node)
        if node.tag in CHOOSING:
            yield from _defaults(drawing, node)
        elif node.tag == "callActivity":
            yield from _calls(drawing, node, called)
        elif node.tag == "parallelGateway":
            yield from _own_loop(drawing, node)
        elif node.tag == "businessRuleTask":
            decision = node.text("b:extensionElements/s:calledDecisionId")
            if decision not in decisions:
                yield drawing.fault(node.id, f"没有决策表“{decision}”", f"there is no decision {decision!r}")


def check_decisions(file: str, content: bytes) -> Iterator[Fault]:
    """A decision table may only be UNIQUE or COLLECT: anything else means “first match”."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        yield Fault(file, "-", Text(f"不是完好的XML：{error}", f"not well-formed XML: {error}"))
        return
    for table in root.iter():
        if local(table) == "decisionTable" and table.get("hitPolicy", "UNIQUE") not in ("UNIQUE", "COLLECT"):
            policy = table.get("hitPolicy")
            yield Fault(
                file,
                table.get("id", "-"),
                Text(
                    f"命中策略“{policy}”会被当作第一条命中，只能用UNIQUE或COLLECT",
                    f"hit policy {policy} would mean first match: only UNIQUE and COLLECT",
                ),
            )


def decisions_in(content: bytes) -> frozenset[str]:
    """Ids of the decisions in a .dmn file; none in one that cannot be read."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return frozenset()
    return frozenset(item.get("id", "") for item in root.iter() if local(item) == "decision")


def _unknown_elements(drawing: Drawing, scope: etree._Element) -> Iterator[Fault]:
    for child in scope:
        tag, ident = local(child), child.get("id", "-")
        if tag in ("", "incoming", "outgoing"):
            continue
        if tag not in NODES | HARMLESS:
            yield drawing.fault(
                ident, f"引擎不认识“{tag}”", f"the engine knows no {tag}, or gives it no effect"
            )
        if child.get("triggeredByEvent") == "true":
            yield drawing.fault(
                ident,
                "事件子流程会改动共用的流程定义",
                "an event sub-process changes the shared specification",
            )
        elif tag in ("subProcess", "transaction", "adHocSubProcess"):
            yield from _unknown_elements(drawing, child)


def _flows(drawing: Drawing) -> Iterator[Fault]:
    for flow in drawing.flows:
        source = drawing.nodes.get(flow.source)
        if source is None or flow.target not in drawing.nodes:
            yield drawing.fault(flow.id, "连线没有起点或终点", "the flow lacks its source or target")
        elif flow.condition is not None and source.tag not in CHOOSING:
            yield drawing.fault(
                flow.id,
                "条件不在排他网关的出线上，会被忽略",
                "a condition on a flow that leaves no choosing gateway is ignored",
            )
    for node in drawing.nodes.values():
        if len(drawing.outgoing[node.id]) > 1 and node.tag not in GATEWAYS | {"startEvent"}:
            yield drawing.fault(
                node.id, "有多条出线而不是网关", "several flows leave a node that is no gateway"
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
    if node.tag in EFFECTIVE:
        for definition in node.definitions():
            if definition not in EFFECTIVE[node.tag]:
                yield drawing.fault(
                    node.id,
                    f"{definition}在这里不起作用，会变成空事件",
                    f"{definition} has no effect here and becomes a none event",
                )
        if node.tag in ("intermediateCatchEvent", "boundaryEvent") and not node.definitions():
            yield drawing.fault(node.id, "没有说明等候什么", "it does not say what it waits for")
    if node.tag == "boundaryEvent" and node.element.get("attachedToRef") not in drawing.nodes:
        yield drawing.fault(node.id, "没有附着在任务上", "it is attached to nothing")


def _timers(drawing: Drawing, node: Node) -> Iterator[Fault]:
    if "timerEventDefinition" not in node.definitions():
        return
    if node.text("b:timerEventDefinition/b:timeCycle") is not None:
        yield drawing.fault(
            node.id, "循环定时器停机后会连发多次", "a cycle timer fires once for every cycle that was missed"
        )
    if node.tag == "boundaryEvent" and node.element.get("cancelActivity") == "false":
        yield drawing.fault(
            node.id,
            "提醒不画在流程里：不中断的定时分支会带回旧数据",
            "a reminder branch brings back stale data: deadlines are a property of the task",
        )
    for flow in drawing.incoming[node.id]:
        if flow.source in drawing.nodes and drawing.nodes[flow.source].tag == "eventBasedGateway":
            yield drawing.fault(
                node.id, "事件网关后面不能接定时器", "timers on an event-based gateway share one due date"
            )
    for kind in ("timeDate", "timeDuration"):
        source = node.text(f"b:timerEventDefinition/b:{kind}")
        if source is not None:
            yield from _timer_source(drawing, node, kind, source)


_DURATION = re.compile(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)")


def _timer_source(drawing: Drawing, node: Node, kind: str, source: str) -> Iterator[Fault]:
    try:
        expression = compile_expression(source, {"due": due})
    except ExpressionRefused as refused:
        yield drawing.fault(node.id, f"定时表达式：{refused.reason.zh}", f"timer: {refused.reason.en}")
        return
    if expression.names or expression.functions:
        return
    value = expression.evaluate({})
    if kind == "timeDuration" and not (isinstance(value, str) and _DURATION.fullmatch(value)):
        yield drawing.fault(node.id, f"“{value}”不是时长", f"{value!r} is no ISO 8601 duration")
    elif kind == "timeDate" and not _aware(value):
        yield drawing.fault(
            node.id, f"“{value}”不是带时区的时刻", f"{value!r} is no instant with a time zone"
        )


def _aware(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _code(drawing: Drawing, node: Node) -> Iterator[Fault]:
    """Conditions, scripts and parameters are compiled once, when a diagram is loaded."""
    sources: list[tuple[str, str | None, Callable[[str], object]]] = [
        (flow.id, flow.condition, compile_expression) for flow in drawing.outgoing[node.id]
    ]
    if node.tag == "scriptTask":
        sources.append((node.id, node.text("b:script") or "", compile_script))
    for hook in ("preScript", "postScript"):
        sources.append((node.id, node.text(f"b:extensionElements/s:{hook}"), compile_script))
    for parameter in node.element.iterfind(".//s:serviceTaskOperator//s:parameter", SPACES):
        sources.append((node.id, parameter.get("value", ""), compile_expression))
    for path in ("b:conditionalEventDefinition/b:condition", *REPEATS):
        sources.append((node.id, node.text(path), compile_expression))
    for element, source, compiled in sources:
        if source is None:
            continue
        try:
            compiled(source)
        except ExpressionRefused as refused:
            yield drawing.fault(
                element, f"“{source}”：{refused.reason.zh}", f"{source!r}: {refused.reason.en}"
            )
    operator = node.element.find("b:extensionElements/s:serviceTaskOperator", SPACES)
    if node.tag == "serviceTask" and operator is None:
        yield drawing.fault(node.id, "服务任务没有说明做什么", "the service task names no operator")


def _defaults(drawing: Drawing, node: Node) -> Iterator[Fault]:
    outgoing = drawing.outgoing[node.id]
    default = node.element.get("default")
    if len(outgoing) < 2:
        return
    if default is None or default not in {flow.id for flow in outgoing}:
        yield drawing.fault(
            node.id, "没有默认出线，可能走不下去", "it has no default flow: a case may get stuck"
        )
    for flow in outgoing:
        if flow.id == default and flow.condition is not None:
            yield drawing.fault(
                flow.id, "默认出线的条件会被忽略", "the condition of a default flow is ignored"
            )
        elif flow.id != default and flow.condition is None:
            yield drawing.fault(flow.id, "缺少条件", "it has no condition")


def _calls(drawing: Drawing, node: Node, called: Mapping[str, Drawing]) -> Iterator[Fault]:
    target = node.element.get("calledElement", "")
    if target not in called:
        yield drawing.fault(node.id, f"没有流程“{target}”", f"there is no process {target!r}")
    elif not any(end.scope == target for end in called[target].of("endEvent")):
        yield drawing.fault(
            node.id,
            f"流程“{target}”没有结束事件，会永远等下去",
            f"process {target} has no end event: it hangs",
        )


def _own_loop(drawing: Drawing, node: Node) -> Iterator[Fault]:
    incoming = drawing.incoming[node.id]
    if len(incoming) > 1 and drawing.reached(node.id) & {flow.source for flow in incoming}:
        yield drawing.fault(
            node.id,
            "并行汇合的一条入线来自它自己的回路",
            "a parallel join is fed by its own loop",
        )
