"""Ask the engine, and tell a refusal of the diagram in the words of the product."""

from collections.abc import Mapping
from typing import Any

from workflow import engine
from workflow.cases import clocks as clockwork
from workflow.cases.kept_clocks import Dues
from workflow.cases.work import Work
from workflow.errors import StepImpossible


def in_order(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Sorted by name, as canonical JSON will give them back: the state's bytes depend on the order."""
    return dict(sorted(variables.items()))


def begin(work: Work, flow: str, variables: Mapping[str, Any]) -> engine.Step:
    """Start a flow at the time of the command."""
    try:
        return engine.start(work.rules.model, flow, in_order(variables), work.at, Dues(work, ()))
    except engine.StepRefused as refused:
        raise StepImpossible(refused.reason) from refused


def advance(work: Work, command: engine.Command, clocks: "list[clockwork.Ticking]") -> engine.Step:
    """Take one step of the locked case.

    Raises:
        StepImpossible: the case does not stand where the command needs it.
        engine.Incident: the diagram itself failed; everything is rolled back.
    """
    try:
        return engine.step(work.rules.model, work.row.engine, command, work.at, Dues(work, clocks))
    except engine.StepRefused as refused:
        raise StepImpossible(refused.reason) from refused
