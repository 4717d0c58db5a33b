"""Which procedure a case takes: the policy's usual one, unless the table of ways says otherwise.

The table (bpmn/flows/case_way.dmn) names every fact for which only the ordinary procedure will do
(domain 2.2): a first recognition as impoverished by illness, a sum above the county's threshold, a near
relative, a refusal within the last year, a band of the tariff that the policy leaves open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import bindparam, exists, select

from bpmn import FlowRow
from workflow.amounts import Policy
from workflow.cases import calculating
from workflow.cases.work import CASE, Work
from workflow.deadlines import SHANGHAI, months_later
from workflow.errors import NotFound
from workflow.rules import Rules
from workflow.store.prepared import Prepared

ORDINARY: Final = "ma_ordinary_county"
TABLE: Final = "case_way"
_BEFORE = (CASE.c.applicant_id == bindparam("person_id"), CASE.c.id != bindparam("case_id"))
_RECOGNISED = Prepared(
    select(exists().where(*_BEFORE, CASE.c.outcome == "approved", CASE.c.category == "YBZP").label("found"))
)
_REFUSED = Prepared(
    select(
        exists()
        .where(*_BEFORE, CASE.c.outcome == "refused", CASE.c.closed_at >= bindparam("since"))
        .label("found")
    )
)


@dataclass(frozen=True, slots=True)
class Way:
    """The flow a case takes. `reasons`: names of the variables for which the usual way was closed."""

    flow: str
    usual: str
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"flow": self.flow, "usual": self.usual, "reasons": list(self.reasons)}


def wanted_flow(rules: Rules, policy: Policy, flow: str) -> FlowRow:
    """The row of the flow that is asked for; of the policy's usual procedure where none is named.

    Raises:
        NotFound: there is no such flow.
    """
    row = rules.rulebook.flows.get(flow or policy.procedure.ways[0])
    if row is None:
        raise NotFound()
    return row


def is_one_of_several(rules: Rules, policy: Policy, row: FlowRow) -> bool:
    """Whether the table of ways may send an application for this flow elsewhere: the policy set uses it
    and the ordinary procedure, and both ask the same application.
    """
    ordinary = rules.rulebook.flows.get(ORDINARY)
    return (
        ordinary is not None
        and {row.id, ORDINARY} <= set(policy.procedure.ways)
        and row.form == ordinary.form
    )


def decide(work: Work, policy: Policy, coming: Any, asked: str, *, relative: bool) -> Way:
    """The flow the case takes. The ordinary procedure may always be asked for; nobody can ask for less
    than the table demands.
    """
    usual = policy.procedure.ways[0]
    if asked == ORDINARY or usual == ORDINARY:
        return Way(ORDINARY, usual, ())
    reasons = reasons_of(work.rules, {**known(work, policy, coming), "relative_case": relative})
    return Way(ORDINARY if reasons else asked or usual, usual, reasons)


def reasons_of(rules: Rules, known: Mapping[str, Any]) -> tuple[str, ...]:
    """The reasons the table finds against the usual way, none if it is open."""
    return tuple(rules.model.decide(TABLE, known).get("way_reasons", ()))


def known(work: Work, policy: Policy, case: Any) -> dict[str, bool]:
    """The facts of the table, for a case with its bills. `case` has id and applicant_id.

    The sum is what the calculation gives now; bills that fit no rule count as an open band.
    """
    results = calculating.calculate(work.conn, policy, case)
    aid = sum((result.aid for result in results), Decimal("0.00"))
    most = policy.thresholds["filing_amount"].value
    first = months_later(work.today, -int(policy.thresholds["refusal_months"].value))
    since = datetime.combine(first, time.min, SHANGHAI)
    person = {"person_id": case.applicant_id, "case_id": case.id}
    recognised = _RECOGNISED.scalar(work.conn, person)
    return {
        "first_time_ybzp": any(r.category == "YBZP" for r in results) and not recognised,
        "over_threshold": aid > most,
        "refused_before": bool(_REFUSED.scalar(work.conn, {**person, "since": since})),
        "band_undefined": any(r.needs_a_person for r in results),
    }


def fact(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the table of ways asks and says, as it stands now; a provider of `workflow.cases.asking`."""
    found = known(work, work.rules.policies[work.row.policy], work.row)
    reasons = reasons_of(work.rules, {**found, "relative_case": variables["relative_case"]})
    return {**found, "way_reasons": list(reasons)}
