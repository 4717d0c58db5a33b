"""临时救助: the grant by kind, household and the times of the year (domain 2.19, 3.6)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from workflow import amounts
from workflow.cases.calculating import HELD, held_on, keep_sheet
from workflow.cases.work import CASE, Work
from workflow.deadlines import SHANGHAI
from workflow.engine import Step
from workflow.register.identity import birth_of
from workflow.store.prepared import Prepared

FLOW = "ta_temporary"
ZERO = Decimal("0.00")
_GRANTS = Prepared(
    select(CASE.c.aid, CASE.c.opened_at).where(
        CASE.c.applicant_id == bindparam("person_id"),
        CASE.c.id != bindparam("case_id"),
        CASE.c.flow == FLOW,
        CASE.c.outcome == "approved",
    )
)


def temporary_aid(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the standard gives for the sum asked for, with the sheet; grants of this year count as times."""
    policy = work.rules.policies[work.row.policy]
    day = work.today
    kind = str(variables["grant_kind"])
    held = HELD.all(work.conn, {"person_id": work.row.applicant_id})
    result = amounts.compute(
        policy,
        _request(amounts.yuan(variables["requested_fen"]), kind, day),
        held_on(held, policy, day),
        birth_of(work.row.id_number),
        [
            amounts.Earlier(P=row.aid, paid=row.aid, kind=kind, bill=_request(row.aid, kind, day))
            for row in _GRANTS.all(work.conn, {"person_id": work.row.applicant_id, "case_id": work.row.id})
            if row.opened_at.astimezone(SHANGHAI).year == day.year
        ],
        serious_illness_settled=True,
        merged=False,
        persons=int(variables["persons"]),
    )
    keep_sheet(work, result.aid, [result.as_json()])
    return {
        "aid_fen": amounts.fen(result.aid),
        "aid_category": result.category or "",
        "warnings": sorted(result.warnings),
    }


def _request(amount: Decimal, kind: str, day: date) -> amounts.Bill:
    """A sum asked for, in the symbols of a bill: nothing is taken off it."""
    nothing = dict.fromkeys("OBSMR", ZERO)
    return amounts.Bill(T=amount, **nothing, kind=kind, admitted=day, settled=day)


def said(work: Work, step: Step) -> dict[str, Any]:
    """What letters of temporary aid can say; empty for other cases."""
    if work.row.flow != FLOW:
        return {}
    kinds = work.rules.policies[work.row.policy].kinds
    return {
        "grant_kind_name": kinds[str(step.variables["grant_kind"])].zh,
        "aid": amounts.yuan(step.variables.get("aid_fen") or 0),
    }
