"""What a flow knows from its first moment: variables that every flow gets, and facts it asks for by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from workflow.amounts import Policy
from workflow.cases import automatic, recoveries, remedies
from workflow.cases.work import Work
from workflow.commands import OpenCase
from workflow.store.models import Category, table
from workflow.store.prepared import Prepared

CATEGORY = table(Category)
_CATEGORIES = Prepared(
    select(CATEGORY.c.code)
    .where(
        CATEGORY.c.person_id == bindparam("person_id"),
        CATEGORY.c.valid_from <= bindparam("today"),
        (CATEGORY.c.valid_to.is_(None)) | (CATEGORY.c.valid_to >= bindparam("today")),
    )
    .order_by(CATEGORY.c.code)
)


@dataclass(frozen=True, slots=True)
class Coming:
    """The case that is about to be opened, as far as facts need it. `about`: the row of the case it
    comes from, or None.
    """

    id: UUID
    applicant_id: int
    policy: str
    household_id: int | None
    about: Any


def variables(work: Work, command: OpenCase, policy: Policy, *, relative: bool) -> dict[str, Any]:
    """What every flow starts with. What the program hands over itself comes last and wins."""
    held = _CATEGORIES.all(work.conn, {"person_id": command.person_id, "today": work.today})
    known = work.terms.in_order(row.code for row in held)
    return {
        "filed_by": "village" if work.actor.role in {"VLIA", "GRID"} else "township",
        "category": known[0] if known else "",
        "low_income": not known or not policy.procedure.economy_check.isdisjoint(known),
        "relative_case": relative,
        "posting_review": policy.procedure.posting_review,
        "posting_decision": policy.procedure.posting_decision,
        "review_signatures": policy.procedure.review_signatures,
        "review_majority": int(policy.procedure.review_majority * 10_000),
        "policy": command.policy,
        **command.facts,
    }


Starter = Callable[[Work, Coming, Mapping[str, Any]], dict[str, Any]]


def ask(work: Work, names: Sequence[str], coming: Coming, known: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of all named facts, in their order."""
    found: dict[str, Any] = {}
    for name in names:
        found.update(STARTERS[name](work, coming, {**known, **found}))
    return found


STARTERS: Mapping[str, Starter] = {
    "paid_in_case": recoveries.paid_in_case,
    "original": remedies.paid_before,
    "best_plan": automatic.best_plan,
}
"""Facts a row of bpmn/flows.toml may name."""
