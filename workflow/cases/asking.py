"""The facts a step may ask for in its property `facts`, by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workflow.cases import advances, automatic, calculating, delegating, facts, setting_off, temporary, ways
from workflow.cases.work import Work

Provider = Callable[[Work, Mapping[str, Any]], dict[str, Any]]


def ask(work: Work, providers: Sequence[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of all named providers, in their order; a later one knows what an earlier one found."""
    found: dict[str, Any] = {}
    for name in providers:
        found.update(PROVIDERS[name](work, {**variables, **found}))
    return found


PROVIDERS: Mapping[str, Provider] = {
    "calculation": calculating.calculation,
    "serious_illness": facts.serious_illness,
    "duplicates": facts.duplicates,
    "relatives": facts.relatives,
    "interim_aid": advances.interim_aid,
    "granted_advance": advances.granted_advance,
    "advance_out": advances.advance_out,
    "set_off": setting_off.set_off,
    "way": ways.fact,
    "delegated": delegating.delegated,
    "temporary_aid": temporary.temporary_aid,
    "part_of_plan": automatic.part_of_plan,
}
