"""What the field forbids: a step without role, form or limit, and names that nothing stands behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bpmn.faults import Fault
from bpmn.rulebook import Rulebook
from workflow.engine.expressions import ExpressionRefused, compile_expression, compile_script
from workflow.engine.lint_drawing import SPACES, Drawing, Node

STEPS = ("task", "userTask", "manualTask", "receiveTask")
ALWAYS = ("role", "form", "limit", "state")
"""Properties a step must have, and not empty; ``evidence`` must be there, but may be."""
WAITS = ("role", "state")
"""Properties of an event that is waited for: whose matter it is meanwhile, and where the case stands."""
LIMITS = ("limit", "pauses", "runs_on")
ALL = "*"
"""In `pauses`: every clock of the case that is not the step's own."""
KNOWN = frozenset({*ALWAYS, *LIMITS, "evidence", "not_by", "apart", "facts", "office"})
FACTS: Mapping[str, frozenset[str]] = {
    "calculation": frozenset({"aid_fen", "aid_merged_fen", "aid_category", "warnings"}),
    "serious_illness": frozenset({"serious_illness_settled"}),
    "duplicates": frozenset({"duplicate_found"}),
    "relatives": frozenset({"relative_case"}),
    "part_of_plan": frozenset({"granted_fen"}),
    "delegated": frozenset({"delegated"}),
    "temporary_aid": frozenset({"aid_fen", "aid_category", "warnings"}),
    "interim_aid": frozenset({"interim_aid_fen", "advance_most_fen"}),
    "granted_advance": frozenset({"advance_granted_fen"}),
    "advance_out": frozenset({"advance_out"}),
    "set_off": frozenset({"set_off_fen", "rest_fen"}),
    "way": frozenset(
        {"first_time_ybzp", "over_threshold", "refused_before", "band_undefined", "way_reasons"}
    ),
}
"""What may be asked when a step is completed, and the variables it answers with."""
STARTING: Mapping[str, frozenset[str]] = {
    "paid_in_case": frozenset({"paid_fen", "due_now_fen"}),
    "original": frozenset({"paid_before_fen"}),
    "best_plan": frozenset({"departments", "shares"}),
}
"""What a row of bpmn/flows.toml may have found out before the flow starts, and the variables that gives."""
BROUGHT: Mapping[str, frozenset[str]] = {
    "set_off_made": frozenset({"set_off_made_fen"}),
}
"""Variables that a message brings along for whoever waits for it."""
EFFECTS: Mapping[str, frozenset[str]] = {
    "issue_letter": frozenset({"letter"}),
    "publish_posting": frozenset({"posting"}),
    "end_posting": frozenset(),
    "letter_delivered": frozenset(),
    "order_payment": frozenset(),
    "set_off": frozenset(),
    "payment_returned": frozenset(),
    "payment_credited": frozenset(),
    "objection_closed": frozenset({"result"}),
    "case_archived": frozenset(),
    "advance_asked": frozenset(),
    "advance_granted": frozenset(),
    "advance_ordered": frozenset(),
    "advance_credited": frozenset(),
    "advance_settled": frozenset(),
    "open_recovery": frozenset(),
    "recovery_opened": frozenset(),
    "recovery_decided": frozenset(),
    "recovery_closed": frozenset({"result"}),
    "original_rests": frozenset({"when"}),
    "original_resumes": frozenset({"when"}),
    "decision_reopened": frozenset({"result"}),
    "end_category": frozenset(),
    "category_moved": frozenset(),
    "card_issued": frozenset(),
    "plan_kept": frozenset(),
    "plan_granted": frozenset(),
    "alert_included": frozenset(),
}
"""Operators of service tasks with the parameters they cannot do without."""
_DUE = re.compile(r"""due\(\s*(['"])(?P<limit>[^'"]*)\1\s*\)""")


@dataclass(frozen=True, slots=True)
class Known:
    """What all diagrams together know: node ids, and the constants that scripts give to each variable."""

    nodes: frozenset[str]
    constants: Mapping[str, frozenset[str]]
    called: frozenset[str]


def survey(drawings: Iterable[Drawing]) -> Known:
    """Gather over all diagrams what single rules need to look up."""
    return together(known_of(drawing) for drawing in drawings)


def known_of(drawing: Drawing) -> Known:
    """What one diagram adds to it."""
    constants: dict[str, set[str]] = {}
    for source in scripts(drawing):
        for name, value in _assigned(source):
            constants.setdefault(name, set()).add(value)
    return Known(
        frozenset(drawing.nodes),
        {name: frozenset(values) for name, values in constants.items()},
        frozenset(node.element.get("calledElement", "") for node in drawing.of("callActivity")),
    )


def together(parts: Iterable[Known]) -> Known:
    """What several diagrams know together."""
    constants: dict[str, frozenset[str]] = {}
    nodes: set[str] = set()
    called: set[str] = set()
    for part in parts:
        nodes |= part.nodes
        called |= part.called
        for name, values in part.constants.items():
            constants[name] = constants.get(name, frozenset()) | values
    return Known(frozenset(nodes), constants, frozenset(called))


def scripts(drawing: Drawing) -> Iterator[str]:
    """Sources of all scripts of a diagram, hooks included."""
    for node in drawing.nodes.values():
        yield from scripts_of(node)


def scripts_of(node: Node) -> Iterator[str]:
    for path in ("b:extensionElements/s:preScript", "b:script", "b:extensionElements/s:postScript"):
        source = node.text(path)
        if source:
            yield source


def _assigned(source: str) -> Iterator[tuple[str, str]]:
    """Variables that a script sets to a text, with that text."""
    try:
        script = compile_script(source)
    except ExpressionRefused:
        return  # reported where scripts are compiled
    for name, expression in script.assignments:
        if not expression.names and not expression.functions:
            value = expression.evaluate({})
            if isinstance(value, str | int):
                yield name, str(value)


def operator_of(node: Node) -> tuple[str, dict[str, str]] | None:
    """Operator and parameter sources of a service task."""
    found = node.element.find("b:extensionElements/s:serviceTaskOperator", SPACES)
    if found is None:
        return None
    parameters = {
        item.get("id", ""): item.get("value", "") for item in found.iterfind(".//s:parameter", SPACES)
    }
    return found.get("id", ""), parameters


def letters_of(source: str, known: Known) -> frozenset[str]:
    """The letters a parameter can name: a literal, or whatever scripts give to the variable it reads."""
    try:
        expression = compile_expression(source)
    except ExpressionRefused:
        return frozenset()
    if not expression.names and not expression.functions:
        return frozenset({str(expression.evaluate({}))})
    return known.constants.get(source, frozenset())


def check(drawing: Drawing, known: Known, book: Rulebook | None) -> Iterator[Fault]:
    """Rules for one diagram; without a rule book, names are not looked up."""
    for node in drawing.of(*STEPS):
        yield from _step(drawing, node, known)
        if book is not None:
            yield from _step_names(drawing, node, known, book)
            yield from _reminded(drawing, node, book)
    for node in drawing.of("intermediateCatchEvent"):
        for key in WAITS:
            if not node.properties.get(key, "").strip():
                yield drawing.fault(node.id, f"没有写明{key}", f"it has no {key}")
    for node in drawing.of("serviceTask"):
        yield from _effect(drawing, node, known, book)
    for node in drawing.of("endEvent"):
        yield from _end(drawing, node, known, book)
    for node in drawing.of("inclusiveGateway"):
        yield drawing.fault(
            node.id, "不用包容网关：它的先后次序不定", "no inclusive gateways: their order is not fixed"
        )
    if book is not None:
        for node in drawing.nodes.values():
            for due in dues_of(node):
                yield from _unknown(drawing, node, "时限", "limit", [due], book.limits)


def _step(drawing: Drawing, node: Node, known: Known) -> Iterator[Fault]:
    for key in ALWAYS:
        if not node.properties.get(key, "").strip():
            yield drawing.fault(node.id, f"没有写明{key}", f"it has no {key}")
    if "evidence" not in node.properties:
        yield drawing.fault(
            node.id,
            "没有写明evidence（不要求材料的也要写，留空）",
            "it has no evidence property (empty when none is asked)",
        )
    if len(node.words("role")) > 1 or len(node.words("limit")) > 1:
        yield drawing.fault(node.id, "只能有一个角色、一个时限", "it may have one role and one limit only")
    yield from _unknown(drawing, node, "属性", "property", node.properties, KNOWN)
    yield from _unknown(drawing, node, "节点", "node", node.words("not_by"), known.nodes)
    yield from _unknown(drawing, node, "事实来源", "fact provider", node.words("facts"), FACTS)
    if node.id in node.words("not_by"):
        yield drawing.fault(node.id, "not_by不能写自己", "not_by names the step itself")


def _step_names(drawing: Drawing, node: Node, known: Known, book: Rulebook) -> Iterator[Fault]:
    yield from _unknown(drawing, node, "角色", "role", node.words("role"), book.roles)
    yield from _unknown(drawing, node, "表单", "form", node.words("form"), book.forms)
    for key in LIMITS:
        known_limits = {*book.limits, ALL} if key == "pauses" else book.limits
        named = {each for word in node.words(key) for each in filled(word, known)}
        yield from _unknown(drawing, node, "时限", "limit", named, known_limits)
    yield from _unknown(drawing, node, "材料", "paper kind", node.words("evidence"), book.papers)
    yield from _unknown(drawing, node, "状态", "state", _states(node, known), book.states)


def _reminded(drawing: Drawing, node: Node, book: Rulebook) -> Iterator[Fault]:
    """A reminder begins anew because its timer fires: without one it would run out once and be silent."""
    waited = {limit for event in drawing.attached.get(node.id, []) for limit in dues_of(event)}
    for limit in node.words("limit"):
        row = book.limits.get(limit)
        if row is not None and row.repeats and limit not in waited:
            yield drawing.fault(
                node.id,
                f"时限“{limit}”到期要重新计算，环节上却没有等它到期的定时事件",
                f"the limit {limit} begins anew when it has run out, but no timer on the step waits for that",
            )


def dues_of(node: Node) -> Iterator[str]:
    """The limits that the timer of a node waits for."""
    for found in _DUE.finditer(node.text("b:timerEventDefinition/b:timeDate") or ""):
        yield found["limit"]


def _states(node: Node, known: Known) -> set[str]:
    return filled(node.properties.get("state", ""), known)


def filled(pattern: str, known: Known) -> set[str]:
    """What a property can mean once its ``{placeholder}`` is filled by the scripts of the diagrams."""
    found = re.search(r"\{(\w+)\}", pattern)
    if not found:
        return {pattern} if pattern else set()
    values = known.constants.get(found[1], frozenset()) or frozenset({found[0]})
    return {pattern.replace(found[0], value) for value in values if value}


def _effect(drawing: Drawing, node: Node, known: Known, book: Rulebook | None) -> Iterator[Fault]:
    operation = operator_of(node)
    if operation is None:
        return
    name, parameters = operation
    yield from _unknown(drawing, node, "操作", "operator", [name], EFFECTS)
    for missing in sorted(EFFECTS.get(name, frozenset()) - parameters.keys()):
        yield drawing.fault(node.id, f"缺少参数“{missing}”", f"parameter {missing} is missing")
    if name == "issue_letter" and book is not None and "letter" in parameters:
        letters = letters_of(parameters["letter"], known)
        if not letters:
            yield drawing.fault(node.id, "不知道是哪种文书", "it is not known which letter is meant")
        yield from _unknown(drawing, node, "文书", "letter", sorted(letters), book.letters)


def _end(drawing: Drawing, node: Node, known: Known, book: Rulebook | None) -> Iterator[Fault]:
    if node.scope != drawing.process or drawing.process in known.called:
        return
    if node.id in drawing.beside and "terminateEventDefinition" not in node.definitions():
        return  # what happens beside the case is over, the case is not
    for key in ("state", "outcome"):
        if not node.properties.get(key):
            yield drawing.fault(node.id, f"没有写明{key}", f"the end of a case has no {key}")
    if book is not None:
        yield from _unknown(drawing, node, "状态", "state", _states(node, known), book.states)


def _unknown(
    drawing: Drawing, node: Node, zh: str, en: str, used: Iterable[str], known: Iterable[str]
) -> Iterator[Fault]:
    for name in sorted(set(used) - set(known)):
        yield drawing.fault(node.id, f"没有“{name}”这个{zh}", f"there is no {en} {name!r}")
