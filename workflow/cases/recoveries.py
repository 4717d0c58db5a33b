"""追回: what was paid in excess, the plan by which it comes back, and every receipt (domain 2.12).

The amounts of a recovery are exact to the fen: instalments add up to what is outstanding, and nothing is
received beyond it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bpmn import Text
from workflow import amounts
from workflow.cases import instalments, recomputing
from workflow.cases.clocks import Ticking
from workflow.cases.matters import matter_of
from workflow.cases.sealed import sealed_of
from workflow.cases.work import Work
from workflow.deadlines import SHANGHAI
from workflow.engine import Effect, Step
from workflow.errors import AnswersRefused, FieldFault, StepImpossible
from workflow.forms import Answers
from workflow.store.models import Case, CaseLink, Claim, Instalment, Payment, Recovery, Repayment, table

if TYPE_CHECKING:
    from workflow.cases.starting import Coming

FLOW: Final = "recovery"
GRACE: Final = "M25"
"""The limit within which a repayment comes after the day agreed; its clock counts from that day."""
RECOVERY = table(Recovery)
ZERO = Decimal("0.00")


# Before it starts -----------------------------------------------------------------------------------


def paid_in_case(work: Work, coming: "Coming", known: Mapping[str, Any]) -> dict[str, Any]:
    """What was paid in the case it is about and has not come back; and what is due by the register.

    Raises:
        StepImpossible: nothing was paid, or a recovery of that case is under way.
    """
    about = coming.about
    matter = matter_of(work.conn, about.id)
    running = work.conn.scalar(
        select(Case.number)
        .join(Recovery, Recovery.case_id == Case.id)
        .where(Recovery.original_id.in_(matter), Case.closed_at.is_(None))
    )
    if running is not None:
        raise StepImpossible(
            Text(f"{about.number}已有追回案件{running}在办。", f"A recovery of it is under way: {running}.")
        )
    paid = paid_out(work.conn, matter)
    if paid <= 0:
        raise StepImpossible(
            Text(
                f"{about.number}没有已经到账、尚未退回的救助资金，没有可以追回的。",
                f"Nothing that was paid in {about.number} is still with the person; nothing to recover.",
            )
        )
    found: dict[str, Any] = {"paid_fen": amounts.fen(paid)}
    if "due_now_fen" not in known:
        due = recomputing.due_for(work.house, work.conn, about)
        found["due_now_fen"] = None if due is None else amounts.fen(due)
    return found


def paid_out(conn: Connection, matter: Sequence[UUID]) -> Decimal:
    """Yuan that reached the person in the cases of a matter, less what has come back since."""
    paid = conn.scalar(
        select(func.sum(Payment.amount)).where(Payment.case_id.in_(matter), Payment.status == "credited")
    )
    set_off = conn.scalar(
        select(func.sum(Repayment.amount)).where(Repayment.from_case.in_(matter))
    )  # its aid went to an older debt of the person instead of to the account
    back = conn.scalar(
        select(func.sum(Repayment.amount))
        .join(Recovery, Recovery.case_id == Repayment.case_id)
        .where(Recovery.original_id.in_(matter))
    )
    return (paid or ZERO) + (set_off or ZERO) - (back or ZERO)


# What the diagrams do ------------------------------------------------------------------------------


def opened(work: Work, effect: Effect, step: Step, clocks: Sequence[Ticking]) -> None:
    """The recovery stands in its register from the first moment."""
    original = work.conn.scalar(
        select(CaseLink.other_id).where(CaseLink.case_id == work.row.id, CaseLink.kind == FLOW)
    )
    work.conn.execute(
        insert(RECOVERY),
        {
            "case_id": work.row.id,
            "original_id": original,
            "applicant_id": work.row.applicant_id,
            "cause": str(step.variables["cause"]),
            "paid": amounts.yuan(step.variables["paid_fen"]),
        },
    )


def decided(work: Work, effect: Effect, step: Step, clocks: Sequence[Ticking]) -> None:
    """The excess is fixed; the bills of the original case count from now on with what was due."""
    excess, due = amounts.yuan(step.variables["excess_fen"]), amounts.yuan(step.variables["due_fen"])
    _change(work, due=due, excess=excess, outstanding=excess, decided_at=work.at)
    _correct_bills(work.conn, matter_of(work.conn, _recovery(work).original_id), due)


def _correct_bills(conn: Connection, matter: Sequence[UUID], due: Decimal) -> None:
    """Take what is more than `due` off the aid of the bills, the newest first, so that the person's year
    counts what belongs to it.
    """
    bills = conn.execute(
        select(Claim.id, Claim.aid_paid, Claim.aided_otherwise)
        .where(Claim.case_id.in_([each.hex for each in matter]), Claim.aid_paid.is_not(None))
        .order_by(Claim.settled_on.desc(), Claim.id.desc())
    ).all()
    given = sum((bill.aid_paid + (bill.aided_otherwise or ZERO) for bill in bills), ZERO)
    over = max(ZERO, given - due)
    changed = []
    for bill in bills:
        less = min(over, bill.aid_paid)
        if less:
            changed.append({"b_id": bill.id, "aid": bill.aid_paid - less})
        over -= less
    if changed:
        less_aid = update(table(Claim)).where(Claim.id == bindparam("b_id")).values(aid_paid=bindparam("aid"))
        conn.execute(less_aid, changed)


def closed(work: Work, effect: Effect, step: Step, clocks: Sequence[Ticking]) -> None:
    _change(work, result=str(effect.params["result"]), closed_at=work.at)


# What the forms record -----------------------------------------------------------------------------


def note_due(work: Work, answers: Answers) -> None:
    _change(work, due=answers.values["due"])


def plan(work: Work, answers: Answers) -> None:
    """Write the plan; its lines add up to what is outstanding, exactly.

    Raises:
        AnswersRefused: dates or amounts of the person's own do not fit.
    """
    recovery, way = _recovery(work), str(answers.values["payback"])
    lines = instalments.lines_of(answers.values, recovery.outstanding, work.today)
    number = (
        work.conn.scalar(select(func.max(Instalment.plan)).where(Instalment.case_id == work.row.id)) or 0
    ) + 1
    if lines:
        work.conn.execute(
            insert(table(Instalment)),
            [
                {"case_id": work.row.id, "plan": number, "number": place, "due_on": day, "amount": amount}
                for place, (day, amount) in enumerate(lines, start=1)
            ],
        )
        _count_from(work, lines[0][0])
    _change(work, way=way)


def look_again(work: Work, answers: Answers) -> None:
    """Where no plan has dates, the day on which it is looked at again takes their place."""
    _count_from(work, answers.values["review_on"])


def press(work: Work, answers: Answers) -> None:
    until = answers.values.get("pay_until")
    if isinstance(until, date):
        _count_from(work, until)


def receive(work: Work, answers: Answers) -> None:
    """Money has come into the special account. The form refuses more than is outstanding; so does this.

    Raises:
        AnswersRefused
    """
    book(
        work,
        amount=Decimal(str(answers.values["repaid"])),
        received_on=answers.values["received_on"],
        kind="bank",
        receipt=str(answers.values["receipt_number"]),
    )


def book(
    work: Work,
    *,
    amount: Decimal,
    received_on: Any,
    kind: str,
    receipt: str | None = None,
    from_case: UUID | None = None,
) -> None:
    """Take it off what is outstanding; `from_case`: whose aid was set off.

    Raises:
        AnswersRefused: it is more than is outstanding.
    """
    recovery = _recovery(work)
    left = recovery.outstanding - amount
    if left < 0:
        raise AnswersRefused([FieldFault("repaid", Text("超过还应退的金额", "More than is outstanding"))])
    work.conn.execute(
        insert(table(Repayment)),
        {
            "case_id": work.row.id,
            "received_on": received_on,
            "amount": amount,
            "kind": kind,
            "receipt": receipt,
            "from_case": from_case,
            "seq": work.row.seq + 1,
        },
    )
    _change(work, outstanding=left)
    if left:
        days = (_next_due(work, recovery.way, left), recovery.expected_on)
        _count_from(work, max(filter(None, days), default=work.today))


def _next_due(work: Work, way: str, outstanding: Decimal) -> date | None:
    """The next day of the plan in force; None where the way agreed has no plan of days."""
    if way not in instalments.WAYS:
        return None
    lines = work.conn.execute(
        select(Instalment.plan, Instalment.due_on, Instalment.amount)
        .where(Instalment.case_id == work.row.id)
        .order_by(Instalment.plan.desc(), Instalment.number)
    ).all()
    newest = [(line.due_on, line.amount) for line in lines if line.plan == lines[0].plan]
    return instalments.next_due(newest, outstanding)


# What the letters say ------------------------------------------------------------------------------


def words(work: Work, step: Step) -> dict[str, Any]:
    """For the letters of a recovery."""
    if work.row.flow != FLOW:
        return {}
    known, form = step.variables, work.rules.rulebook.forms["recovery_finding"]
    causes = {choice.id: choice.label.zh for choice in form.field("cause").choices}
    found = sealed_of(work, "state_facts") or work.sealed
    decision = sealed_of(work, "decide_recovery") or sealed_of(work, "decide_own_error")
    paid, due = amounts.yuan(known["paid_fen"]), amounts.yuan(known["due_fen"])
    original = work.conn.scalar(select(Case.number).where(Case.id == _recovery(work).original_id))
    return {
        "original_number": original,
        "paid": paid,
        "due": due,
        "excess": paid - due,
        "cause": causes[str(known["cause"])],
        "calculation_note": _sentence(found.get("calculation_note")),
        "recovery_facts": found.get("recovery_facts_found"),
        "recovery_reasons": work.sealed.get("recovery_reasons")
        or decision.get("recovery_reasons")
        or work.sealed.get("statement_considered"),
        "legal_basis": found.get("legal_basis"),
        "article": found.get("article"),
        "hearing_days": work.terms.limits["M22"].amount,
        "own_error": "是" if known["cause"] == "staff_error" else None,
    }


def _sentence(text: Any) -> str | None:
    return None if not text else f"{str(text).rstrip('。')}。"


# Small things --------------------------------------------------------------------------------------


def _recovery(work: Work) -> Any:
    return work.conn.execute(select(RECOVERY).where(RECOVERY.c.case_id == work.row.id)).one()


def _change(work: Work, **values: Any) -> None:
    work.conn.execute(update(RECOVERY).where(RECOVERY.c.case_id == work.row.id).values(**values))


def _count_from(work: Work, day: Any) -> None:
    _change(work, expected_on=day)
    work.since[GRACE] = datetime.combine(day, time(), SHANGHAI)
