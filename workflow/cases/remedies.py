"""复核、复议、诉讼、信访 against a decided case: rest it, go on, decide it again (domain 2.11, F11).

The case that is appealed against keeps its history: what a review or a ruling sets aside is decided anew
in a case of its own, with the same bills, tied to the first.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, exists, select

from bpmn import Text
from workflow import amounts
from workflow.cases.work import CASE, Work
from workflow.commands import OpenCase, PauseCase, ResumeCase
from workflow.engine import Effect, Step
from workflow.errors import StepImpossible
from workflow.store.models import CaseLink, Claim, Task, table
from workflow.store.prepared import Prepared

REOPENED = "ma_reopened"
RESULTS = {"uphold": "维持原决定", "redo": "撤销原决定，重新审批"}
_ORIGINAL = Prepared(
    select(CASE)
    .join(table(CaseLink), CaseLink.other_id == CASE.c.id)
    .where(CaseLink.case_id == bindparam("case_id"))
)
CLAIM = table(Claim)
_BILLS = Prepared(select(CLAIM.c.id).where(CLAIM.c.case_id == bindparam("case")).order_by(CLAIM.c.id))
_PAID = Prepared(
    select(CLAIM.c.aid_paid).where(CLAIM.c.case_id == bindparam("case"), CLAIM.c.aid_paid.is_not(None))
)
_BEING_PAID = Prepared(
    select(
        exists()
        .where(Task.case_id == bindparam("case_id"), Task.process == "sub_payment", Task.done_at.is_(None))
        .label("found")
    )
)


def original(work: Work) -> Any:
    """The row of the case that this one is about, as it stands now."""
    return _ORIGINAL.first(work.conn, {"case_id": work.row.id})


def paid_before(work: Work, coming: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the bills handed over have been aided with already; a starter of bpmn/flows.toml."""
    bills = _PAID.all(work.conn, {"case": coming.id.hex})
    return {"paid_before_fen": amounts.fen(sum((row.aid_paid for row in bills), Decimal(0)))}


def original_rests(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """Where the reviewer wants it and the case still runs, it rests until the review is over."""
    case = original(work)
    if effect.params["when"] and case.closed_at is None and case.state != "PAUSED_CASE":
        note = f"复核案件{work.row.number}正在办理。"
        work.command(PauseCase(case.id, {"pause_reason": "review", "pause_note": note}))


def original_resumes(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """The review is over: a case that rests goes on."""
    case = original(work)
    if case.closed_at is None and case.state == "PAUSED_CASE":
        work.command(ResumeCase(case.id, {"resume_note": f"复核案件{work.row.number}已办结。"}))


def decision_reopened(work: Work, effect: Effect, step: Step, clocks: Any) -> None:
    """Decide the case again, with the same bills.

    Raises:
        StepImpossible: its money is on its way; that has to be settled first.
    """
    original_resumes(work, effect, step, clocks)
    case = original(work)
    if _BEING_PAID.scalar(work.conn, {"case_id": case.id}):
        raise StepImpossible(
            Text(
                f"原案{case.number}的资金正在拨付，到账或退回后再登记结果。",
                f"The money of case {case.number} is on its way; record the result when it has settled.",
            )
        )
    bills = tuple(row.id for row in _BILLS.all(work.conn, {"case": case.id.hex}))
    because = "review" if effect.node == "carry_out_review" else "ruling"
    answers = {"reopened_because": because}
    work.command(OpenCase(REOPENED, case.policy, case.applicant_id, bills, answers, about=case.id))


def said(work: Work, step: Step) -> dict[str, Any]:
    """What letters of an appeal can say; empty for other cases."""
    case = original(work) if work.row.flow == "appeal" else None
    if case is None:
        return {}
    return {
        "about_number": case.number,
        "review_outcome": RESULTS.get(str(step.variables.get("review_result"))),
        "appeal_reason": work.sealed.get("appeal_reason"),
    }
