"""What the engine takes but what would not be meant: beyond the guards, which refuse what it misreads."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.faults import Fault
from workflow.engine.lint_drawing import CHOOSING, GATEWAYS, NODES, SPACES, Drawing, Node
from workflow.engine.xml import local

HARMLESS = frozenset({"extensionElements", "documentation", "ioSpecification", "laneSet", "sequenceFlow",
                      "dataObject", "dataObjectReference", "textAnnotation", "association", "group",
                      "property", "incoming", "outgoing", "standardLoopCharacteristics",
                      "multiInstanceLoopCharacteristics", "completionCondition"})  # fmt: skip
_EACH = "b:multiInstanceLoopCharacteristics"
_LOOP = "b:standardLoopCharacteristics"
COLLECTION = f"{_EACH}/b:loopDataInputRef"
OUTPUT = f"{_EACH}/b:loopDataOutputRef"
REPEATS = (
    COLLECTION,
    f"{_EACH}/b:loopCardinality",
    f"{_EACH}/b:completionCondition",
    f"{_LOOP}/b:loopCondition",
)
"""Where a repeated step says what it is repeated for, how often and until when."""


def check(drawing: Drawing, decisions: frozenset[str]) -> Iterator[Fault]:
    """``decisions``: ids of the decision tables at hand."""
    for scope in drawing.processes():
        if scope.get("isExecutable") == "false":
            yield drawing.fault(scope.get("id", "-"), "流程未设为可执行", "the process is not executable")
        if scope.find("b:startEvent", SPACES) is None:
            yield drawing.fault(scope.get("id", "-"), "没有开始事件", "there is no start event")
        yield from _unknown_elements(drawing, scope)
    for node in drawing.nodes.values():
        if len(drawing.outgoing[node.id]) > 1 and node.tag not in GATEWAYS | {"startEvent"}:
            yield drawing.fault(
                node.id, "有多条出线而不是网关", "several flows leave a node that is no gateway"
            )
        yield from _waiting(drawing, node)
        yield from _repeated(drawing, node)
        if node.tag == "task":
            yield drawing.fault(
                node.id, "没有写明由人还是由系统办理", "a plain task says not who or what does it"
            )
        elif node.tag in CHOOSING:
            yield from _defaults(drawing, node)
        elif node.tag == "serviceTask":
            if node.element.find("b:extensionElements/s:serviceTaskOperator", SPACES) is None:
                yield drawing.fault(node.id, "服务任务没有说明做什么", "the service task names no operator")
        elif node.tag == "businessRuleTask":
            decision = node.text("b:extensionElements/s:calledDecisionId")
            if decision not in decisions:
                yield drawing.fault(node.id, f"没有决策表“{decision}”", f"there is no decision {decision!r}")


def decisions_in(content: bytes) -> frozenset[str]:
    """Ids of the decisions in a .dmn file; none in one that cannot be read."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return frozenset()
    return frozenset(item.get("id", "") for item in root.iter() if local(item) == "decision")


def _unknown_elements(drawing: Drawing, scope: etree._Element) -> Iterator[Fault]:
    for child in scope:
        tag = local(child)
        if tag and tag not in NODES | HARMLESS:
            yield drawing.fault(
                child.get("id", "-"),
                f"引擎不认识“{tag}”",
                f"the engine knows no {tag}, or gives it no effect",
            )
        if tag in ("subProcess", "transaction", "adHocSubProcess"):
            yield from _unknown_elements(drawing, child)


def _waiting(drawing: Drawing, node: Node) -> Iterator[Fault]:
    kinds = node.definitions()
    if node.tag in ("intermediateCatchEvent", "boundaryEvent") and not kinds:
        yield drawing.fault(node.id, "没有说明等候什么", "it does not say what it waits for")
    if node.tag != "boundaryEvent":
        return
    if node.element.get("attachedToRef") not in drawing.nodes:
        yield drawing.fault(node.id, "没有附着在任务上", "it is attached to nothing")
    if "timerEventDefinition" in kinds and node.element.get("cancelActivity") == "false":
        yield drawing.fault(
            node.id,
            "提醒不画在流程里：不中断的定时分支会带回旧数据",
            "a reminder branch brings back stale data: deadlines are a property of the task",
        )
    beside = drawing.attached.get(node.element.get("attachedToRef", ""), [])
    if _interrupts_in_time(node) and next(filter(_interrupts_in_time, beside)) is not node:
        yield drawing.fault(
            node.id,
            "一个环节只能有一个会中断它的定时：两个同时到期时两条路都会走",
            "a second timer that interrupts the same step: when both are due at once, both ways are taken",
        )


def _interrupts_in_time(node: Node) -> bool:
    return "timerEventDefinition" in node.definitions() and node.element.get("cancelActivity") != "false"


def _repeated(drawing: Drawing, node: Node) -> Iterator[Fault]:
    loop = node.element.find(_LOOP, SPACES)
    if loop is not None and not loop.get("loopMaximum") and node.text(f"{_LOOP}/b:loopCondition") is None:
        yield drawing.fault(node.id, "重复没有次数也没有条件，永远办不完", "it is repeated without an end")
    each = node.element.find(_EACH, SPACES)
    if each is None:
        return
    collection = node.text(COLLECTION)
    if collection is not None and not collection.isidentifier():
        yield drawing.fault(
            node.id,
            f"“{collection}”不是变量名，重复几次要看一个变量",
            f"{collection!r} is no variable: a step is repeated for each of the list in a variable",
        )
    if (node.text(OUTPUT) is None) != (node.gives is None):
        yield drawing.fault(
            node.id,
            "收集结果要同时写明列表（loopDataOutputRef）和每份的变量（outputDataItem）",
            "results are gathered only if both the list and the variable of each instance are named",
        )


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
        if flow.id != default and flow.condition is None:
            yield drawing.fault(flow.id, "缺少条件", "it has no condition")
