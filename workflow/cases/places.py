"""Where a case stands: whose work it is, and which legal state that is."""

from functools import lru_cache
from typing import Any

from bpmn import Rulebook
from workflow.engine import Open, Step


def office_of(role: str, case: Any, rulebook: Rulebook) -> str:
    """The organisation whose seat does the work of `role` in this case."""
    row = rulebook.roles[role]
    return organisation_at(row.level, row.kind, case)


def organisation_at(level: str, kind: str, case: Any) -> str:
    """The case's village or township, or an office of its county: six digits and the office's kind."""
    if level == "county":
        return str(case.county) if kind == "government" else f"{case.county[:6]}-{kind}"
    return str(case.village if level == "village" else case.township)


def state_of(step: Step, rulebook: Rulebook) -> str | None:
    """The legal state after a step (domain 2.0). Of several open places the furthest one counts,
    a standing clock before all; at the end of the case the end event says it.
    """
    if step.ended is not None:
        return step.ended_state
    states = {place.properties.get("state", "") for place in step.open} - {""}
    if not states:
        return None
    return max(states, key=lambda state: _rank(rulebook, state))


@lru_cache(maxsize=256)
def _rank_of(order: tuple[str, ...], state: str) -> int:
    return order.index(state) if state in order else -1


def _rank(rulebook: Rulebook, state: str) -> tuple[bool, int]:
    return (state.startswith("PAUSED_") or state == "RETURNED_FOR_PAPERS", _rank_of(tuple(rulebook.states), state))


def named(places: tuple[Open, ...], task_id: int) -> Open | None:
    return next((place for place in places if place.id == task_id), None)
