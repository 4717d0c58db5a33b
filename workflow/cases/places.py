"""Where a case stands: whose work it is, and which legal state that is."""

from typing import Any

from bpmn import Rulebook
from workflow.engine import Step
from workflow.rules import Rules


def office_of(role: str, case: Any, rulebook: Rulebook, office: str = "") -> str:
    """The organisation whose seat does the work of `role` in this case: of the county `office` where the
    diagram names one, such as the department of a part of its own (domain 2.6).
    """
    row = rulebook.roles[role]
    return organisation_at("county", office, case) if office else organisation_at(row.level, row.kind, case)


def organisation_at(level: str, kind: str, case: Any) -> str:
    """The case's village or township, or an office of its county: six digits and the office's kind."""
    if level == "county":
        return str(case.county) if kind == "government" else f"{case.county[:6]}-{kind}"
    return str(case.village if level == "village" else case.township)


def state_of(step: Step, rules: Rules, flow: str) -> str | None:
    """The legal state after a step (domain 2.0). Of several open places the furthest one counts,
    a standing clock before all; at the end of the case the end event says it.
    """
    if step.ended is not None:
        return rules.model.node(flow, step.ended).properties.get("state")
    states = {place.properties.get("state", "") for place in step.open} - {""}
    if len(states) < 2:
        return next(iter(states), None)
    known = rules.rulebook.states
    order = {code: place for place, code in enumerate(known)}
    return max(states, key=lambda code: (known[code].paused is not None, order[code]), default=None)
