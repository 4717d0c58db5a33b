"""免申即享 and 预警: what the program works out before people decide (domain 2.6, 2.7, 3.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from bpmn import Text
from workflow import amounts
from workflow.amounts.best_order import BestPlan, best_order, department_sets
from workflow.cases.calculating import Share, bill_of, held_on, keep_sheet, papers_of
from workflow.cases.work import Work
from workflow.commands import OpenCase
from workflow.engine import Effect, Step
from workflow.errors import StepImpossible
from workflow.store.models import Calculation, CaseLink, Claim, DepartmentPart, Household, Person, table
from workflow.store.prepared import Prepared

FLOW = "ma_auto_parallel"
BUREAU = "msb"
ZERO = Decimal("0.00")
CLAIM, PART = table(Claim), table(DepartmentPart)
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


def plan_of(work: Work, case: Any, place: str) -> BestPlan:
    """The best order over all departments whose policy sets hold in the place, for the one bill of a case
    (its id and applicant_id are asked for).
    """
    papers = papers_of(work.conn, case)
    bill = papers.claims[0]
    policies = department_sets(work.rules.policies, work.today, place, FLOW)
    known = (held_on(papers.held, policy, bill.admitted_on) for policy in policies)
    earlier = {
        policy.id: papers.earlier(policy, bill.settled_on.year)
        for policy in policies
        if policy.department == amounts.MEDICAL_SECURITY
    }
    return best_order(
        policies,
        bill_of(bill),
        list(dict.fromkeys(code for codes in known for code in codes)),
        papers.birth,
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
    plan = plan_of(work, coming, str(place))
    if not plan.may_be_paid:
        raise StepImpossible(Text("没有部门可以救助。", "No department gives anything."))
    parts = _giving(plan)
    return {
        "departments": [each.office for each in parts],
        "shares": [amounts.fen(each.gives) for each in parts],
    }


@dataclass(frozen=True, slots=True)
class _Part:
    """One department's part of a bill: what it gives, in yuan, and what those ahead of it give."""

    office: str
    policy: str
    gives: Decimal
    before: Decimal


def _giving(plan: BestPlan) -> list[_Part]:
    """The departments that give anything, in the order of the plan."""
    parts, before = [], ZERO
    for part in plan.best.parts:
        if part.aid > 0:
            parts.append(_Part(office_of(part.policy), part.policy.id, part.aid, before))
        before += part.aid
    return parts


def plan_kept(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The sheet of the plan with every order that was tried, and the part each department is asked for."""
    plan = plan_of(work, work.row, work.row.village)
    parts = _giving(plan)
    work.conn.execute(
        insert(PART),
        [
            {
                "case_id": work.row.id,
                "place": place,
                "office": each.office,
                "policy": each.policy,
                "proposed": each.gives,
                "before": each.before,
            }
            for place, each in enumerate(parts)
        ],
    )
    first = {**plan.best.parts[0].as_json(), "plan": plan.as_json()["sheet"]}
    _keep(work, first, parts)


def part_of_plan(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What one department grants: its share of the plan, or nothing; a provider of `asking`."""
    place = list(variables["departments"]).index(variables["department"])
    fen = variables["shares"][place] if variables["part_decision"] == "approve" else 0
    work.conn.execute(
        update(PART)
        .where(PART.c.case_id == work.row.id, PART.c.place == place)
        .values(granted=amounts.yuan(fen))
    )
    return {"granted_fen": fen}


def plan_granted(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The sheet of what the departments have agreed to, where it is less than the plan."""
    rows = work.conn.execute(select(PART).where(PART.c.case_id == work.row.id).order_by(PART.c.place)).all()
    if all(row.granted == row.proposed for row in rows):
        return
    newest = select(Calculation.sheet).where(Calculation.case_id == work.row.id)
    (first,) = work.conn.scalars(newest.order_by(Calculation.id.desc()).limit(1)).one()
    _keep(work, first, [_Part(row.office, row.policy, row.granted, row.before) for row in rows])


def _keep(work: Work, first: Mapping[str, Any], parts: Sequence[_Part]) -> None:
    """The sheet of the first department in the order, with the whole plan and what the parts come to.

    Only what medical assistance gives counts in its limits of the year: that is told apart.
    """
    aid = sum((part.gives for part in parts), ZERO)
    own = next((part for part in parts if part.office == BUREAU), _Part(BUREAU, "", ZERO, ZERO))
    sheet = {
        **first,
        "aid": amounts.money(aid),
        "in_words": amounts.in_words(aid),
        "parts": [{"office": part.office, "aid": amounts.money(part.gives)} for part in parts],
        "medical_assistance": Share(own.gives, aid - own.gives, own.before).as_json(),
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
        "aid": amounts.yuan(step.variables.get("aid_fen") or 0),
        "auto_refusal_days": work.terms.limits["M10"].amount,
    }
