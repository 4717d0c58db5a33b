"""Refusing what SpiffWorkflow 3.2.0 would misread without a word, each with file, element and reason.

The rows are those of the table of sharp edges: 6 decision tables (``tables``), 7 timers on event-based
gateways, 8 event sub-processes, 9 cycle timers, 10 events and conditions without effect and calls that hang,
12 expressions outside the language, 13 dates without a time zone; and joins that lie on a loop, which count
old arrivals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import AdHocSubprocessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimeDateEventDefinition, TimerEventDefinition

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.expressions import Expression, ExpressionError
from workflow.engine.scripts import Scripts
from workflow.engine.shapes import Shape
from workflow.engine.xml import BPMN, local

_CAUGHT = frozenset({"message", "signal", "timer", "conditional"})
_EFFECTIVE = {
    "startEvent": _CAUGHT,
    "intermediateCatchEvent": _CAUGHT,
    "boundaryEvent": _CAUGHT | {"cancel", "error", "escalation"},
    "intermediateThrowEvent": frozenset({"message", "signal", "escalation"}),
    "endEvent": frozenset({"message", "cancel", "error", "escalation", "terminate"}),
}
_CHOOSING = ("exclusiveGateway", "inclusiveGateway")


def faults_of_diagram(file: str, root: Any, diagrams: Iterable[Any]) -> Iterator[Fault]:
    """Faults to be seen in the XML of one file; ``diagrams`` are the roots of all files."""
    elements = {e.get("id"): e for e in root.iter() if e.get("id") and e.tag.startswith(BPMN)}
    processes = {p.get("id") for one in diagrams for p in one.iter(BPMN + "process")}

    def fault(element: Any, zh: str, en: str) -> Fault:
        return Fault(file, element.get("id") or local(element), Text(zh, en))

    for element in root.iter():
        match local(element):
            case "process" | "subProcess" | "transaction":
                if element.get("triggeredByEvent") == "true":
                    yield fault(
                        element, "不支持事件子流程", "event sub-processes change the shared specification"
                    )
                elif element.get("isExecutable") != "false" and element.find(BPMN + "endEvent") is None:
                    yield fault(
                        element, "没有结束事件，流程会一直停在那里", "it has no end event and would hang"
                    )
            case "sequenceFlow":
                yield from _flow(element, elements, fault)
            case "callActivity":
                called = element.get("calledElement")
                if called not in processes:
                    yield fault(element, f"没有流程“{called}”", f"there is no process {called!r} to call")
            case "timeCycle":
                yield fault(
                    element.getparent().getparent(),
                    "不支持循环定时：停机后会一次补发所有周期",
                    "a cycle timer fires once for every cycle that was missed",
                )
            case name if name in _EFFECTIVE:
                for definition in element:
                    kind = local(definition)
                    if kind.endswith("EventDefinition") and kind[:-15] not in _EFFECTIVE[name]:
                        yield fault(
                            element, f"{kind}在这里不起作用", f"{kind} has no effect here and is read as none"
                        )
        if element.get("isForCompensation") == "true":
            yield fault(element, "不支持补偿活动", "compensation has no effect")


def _flow(flow: Any, elements: dict[str, Any], fault: Any) -> Iterator[Fault]:
    source, target = elements.get(flow.get("sourceRef")), elements.get(flow.get("targetRef"))
    if source is None or target is None:
        yield fault(flow, "连线缺少起点或终点", "the flow has no source or no target")
        return
    if flow.find(BPMN + "conditionExpression") is not None and local(source) not in _CHOOSING:
        yield fault(
            flow,
            "只有排他网关和包容网关的出线才能带条件",
            "a condition is ignored unless the flow leaves a gateway",
        )
    timer = target.find(BPMN + "timerEventDefinition")
    if local(source) == "eventBasedGateway" and timer is not None:
        yield fault(
            target, "事件网关后面不能接定时事件", "timers behind an event-based gateway share one due date"
        )


def faults_of_spec(file: str, spec: Any, shape: Shape, scripts: Scripts) -> Iterator[Fault]:
    """Faults of one parsed process: its joins and everything it computes."""
    for name in shape.looping_joins:
        yield Fault(
            file,
            name,
            Text(
                "并行或包容汇合处在回路上，会把上一轮的到达算进来；请把并行部分放进被调用的流程",
                "a join on a loop counts old arrivals: put the parallel part into a process that is called",
            ),
        )
    for element, source, kind in _sources(spec):
        try:
            compiled = scripts.script(source) if kind == "script" else scripts.expression(source)
            if kind != "timer" and "due" in getattr(compiled, "functions", ()):
                yield Fault(file, element, Text("due() 只能用于定时事件", "due() is only for timers"))
        except ExpressionError as refused:
            yield Fault(
                file, element, Text(f"“{source}”：{refused.reason.zh}", f"{source!r}: {refused.reason.en}")
            )
    for task_spec in spec.task_specs.values():
        for definition in _definitions(task_spec):
            if isinstance(definition, TimerEventDefinition):
                yield from _timer(file, task_spec.name, definition, scripts)


def _definitions(task_spec: Any) -> list[Any]:
    definition = getattr(task_spec, "event_definition", None)
    if definition is None:
        return []
    return [definition, *(getattr(definition, "event_definitions", None) or [])]


def _sources(spec: Any) -> Iterator[tuple[str, str, str]]:
    """(element, source, kind) of every expression and script in a process."""
    if isinstance(spec, AdHocSubprocessSpec) and spec.completion_condition:
        yield spec.name, spec.completion_condition, "expression"
    for task_spec in spec.task_specs.values():
        name = task_spec.bpmn_id or task_spec.name
        for condition, _ in getattr(task_spec, "cond_task_specs", ()):
            if condition is not None:
                yield name, condition.args[0] or "", "expression"
        for attribute in ("script", "prescript", "postscript"):
            source = getattr(task_spec, attribute, None)
            if source is not None:
                yield name, source, "script"
        for attribute in ("condition", "cardinality"):
            source = getattr(task_spec, attribute, None)
            if isinstance(source, str):
                yield name, source, "expression"
        for param in getattr(task_spec, "operation_params", {}).values():
            yield name, param["value"], "expression"
        for definition in _definitions(task_spec):
            if isinstance(definition, TimerEventDefinition):
                yield name, definition.expression or "", "timer"
            elif isinstance(definition, ConditionalEventDefinition):
                yield name, definition.expression or "", "expression"
            else:
                payload = getattr(definition, "expression", None)
                if payload is not None:
                    yield name, payload, "expression"
            for known in ("correlation_properties", "process_correlations"):
                for prop in getattr(definition, known, ()):
                    yield name, prop.retrieval_expression, "expression"


def _timer(file: str, element: str, definition: Any, scripts: Scripts) -> Iterator[Fault]:
    """A timer whose value is written down must be readable and name its time zone."""
    try:
        expression = scripts.expression(definition.expression or "")
        if not isinstance(expression, Expression) or expression.names or expression.functions:
            return
        value = str(expression.evaluate({}))
    except ExpressionError:
        return  # reported as an expression
    try:
        if isinstance(definition, TimeDateEventDefinition) and not value.upper().startswith("P"):
            if datetime.fromisoformat(value).tzinfo is None:
                yield Fault(file, element, Text(f"“{value}”没有时区", f"{value!r} has no time zone"))
        else:
            definition.parse_iso_duration(value)
    except Exception:
        yield Fault(file, element, Text(f"“{value}”不是日期或时长", f"{value!r} is no date or duration"))
