"""免申即享 and 预警: what the program works out before people decide (domain 2.6, 2.7, 3.9)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from bpmn import Text
from workflow import amounts
from workflow.amounts.best_order import BestPlan, best_order, department_sets
from workflow.cases.calculating import HELD, PERSON, bill_of, decided_bills, keep_sheet
from workflow.cases.work import Work
from workflow.commands import OpenCase
from workflow.engine import Effect, Step
from workflow.errors import StepImpossible
from workflow.register.identity import birth_of
from workflow.store.models import CaseLink, Claim, Household, Person, table
from workflow.store.prepared import Prepared

FLOW = "ma_auto_parallel"
BUREAU = "msb"
CLAIM = table(Claim)
_BILLS = Prepared(
    select(CLAIM).where(CLAIM.c.case_id == bindparam("case")).order_by(CLAIM.c.settled_on, CLAIM.c.id)
)
_FREE = Prepared(
    select(CLAIM.c.id)
    .where(CLAIM.c.person_id == bindparam("person_id"), CLAIM.c.case_id.is_(None))
    .order_by(CLAIM.c.settled_on, CLAIM.c.id)
)

_PLACE = Prepared(
    select(Household.village)
    .join(Person, Person.household_id == Household.id)
    .where(Person.id == bindparam("person_id"))
)


def plan_of(work: Work, case_id: Any, person_id: int, place: str) -> BestPlan:
    """The best order over all departments whose policy sets hold in the place, for the one bill of a case."""
    bill = _BILLS.first(work.conn, {"case": case_id.hex})
    person = PERSON.first(work.conn, {"person_id": person_id})
    policies = department_sets(work.rules.policies, work.today, place, FLOW)
    known = {code for policy in policies for code in policy.order}
    held = [
        row.code
        for row in HELD.all(work.conn, {"person_id": person_id})
        if row.code in known
        and row.valid_from <= bill.admitted_on
        and (row.valid_to is None or bill.admitted_on <= row.valid_to)
    ]
    before = [
        amounts.Earlier(P=bill_of(row).self_pay("OBSMR"), paid=aid, kind=row.kind, bill=bill_of(row))
        for row, aid in decided_bills(work.conn, person_id, besides=case_id)
        if row.settled_on.year == bill.settled_on.year
    ]
    earlier = {
        policy.id: [each for each in before if each.kind in policy.kinds]
        for policy in policies
        if policy.department == amounts.MEDICAL_SECURITY
    }
    return best_order(
        policies,
        bill_of(bill),
        held,
        birth_of(person.id_number),
        earlier,
        serious_illness_settled=bill.serious_illness_settled,
    )


def office_of(policy: amounts.Policy) -> str:
    """The county office that decides the part of a policy set."""
    return BUREAU if policy.department == amounts.MEDICAL_SECURITY else policy.department.id


def best_plan(work: Work, coming: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The departments of the best plan and what each gives; a starter of bpmn/flows.toml.

    Raises:
        StepImpossible: no department gives anything; nothing is opened.
    """
    place = _PLACE.scalar(work.conn, {"person_id": coming.applicant_id})
    plan = plan_of(work, coming.id, coming.applicant_id, str(place))
    parts = [(office_of(part.policy), int(part.aid.scaleb(2))) for part in plan.best.parts if part.aid > 0]
    if not parts or not plan.may_be_paid:
        raise StepImpossible(Text("没有部门可以救助。", "No department gives anything."))
    return {"departments": [office for office, _ in parts], "shares": [fen for _, fen in parts]}


def part_of_plan(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What one department grants: its share of the plan, or nothing; a provider of `asking`."""
    place = list(variables["departments"]).index(variables["department"])
    return {"granted_fen": variables["shares"][place] if variables["part_decision"] == "approve" else 0}


def plan_kept(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The sheet of the plan with every order that was tried."""
    plan = plan_of(work, work.row.id, work.row.applicant_id, work.row.village)
    _keep(work, plan.aid, plan)


def plan_granted(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The sheet of what the departments have agreed to, where it is less than the plan."""
    plan = plan_of(work, work.row.id, work.row.applicant_id, work.row.village)
    granted = Decimal(int(step.variables["aid_fen"])).scaleb(-2)
    if granted != plan.aid:
        _keep(work, granted, plan)


def _keep(work: Work, aid: Decimal, plan: BestPlan) -> None:
    """The sheet of the first department in the order, with the whole plan and all its orders beside it."""
    sheet = {
        **plan.best.parts[0].as_json(),
        "aid": f"{aid:.2f}",
        "in_words": amounts.in_words(aid),
        "plan": plan.as_json()["sheet"],
    }
    keep_sheet(work, aid, [sheet])


def alert_included(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The household qualifies: its application is opened at once, tied to the alert.

    Raises:
        StepImpossible: no bill of the person is free; it has to be registered first.
    """
    person = work.row.applicant_id
    bills = tuple(row.id for row in _FREE.all(work.conn, {"person_id": person}))
    if not bills:
        raise StepImpossible(
            Text("没有可用的单据。先在登记窗口登记单据。", "No bill is free. Register one first.")
        )
    opened = work.command(OpenCase("", work.row.policy, person, bills, work.typed))
    work.conn.execute(
        insert(CaseLink),
        {"case_id": UUID(hex=opened["case_id"]), "other_id": work.row.id, "kind": "inclusion"},
    )


def said(work: Work, step: Step) -> dict[str, Any]:
    """What letters of the automatic way can say; empty for other cases."""
    if work.row.flow != FLOW:
        return {}
    return {
        "aid": Decimal(int(step.variables.get("aid_fen") or 0)).scaleb(-2),
        "auto_refusal_days": work.terms.limits["M10"].amount,
    }
