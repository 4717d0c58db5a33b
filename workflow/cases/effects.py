"""What a diagram's service tasks do: letters, postings, money. All rows of the same transaction.

Nothing leaves the house from here: what must leave goes to the outbox.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from workflow.cases import clocks as clockwork
from workflow.cases import facts, letters, postings
from workflow.cases.work import Work
from workflow.engine import Effect, Step
from workflow.store.models import Claim, Letter, Objection, Outbox, Payment, Person

Clocks = Sequence[clockwork.Ticking]
Doer = Callable[[Work, Effect, Step, Clocks], None]


def follow(work: Work, step: Step, clocks: Clocks) -> None:
    """Do every effect of a step in its order and name them in the log entry."""
    for effect in step.effects:
        DOERS[effect.operator](work, effect, step, clocks)
    if step.effects:
        work.notes["effects"] = [
            " ".join([effect.operator, *(str(value) for value in effect.params.values())])
            for effect in step.effects
        ]


def issue_letter(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    letters.issue(work, str(effect.params["letter"]), step)


def letter_delivered(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The newest letter of the case not yet delivered has reached the applicant."""
    newest = (
        select(Letter.id)
        .where(Letter.case_id == work.row.id, Letter.delivered_at.is_(None))
        .order_by(Letter.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    work.conn.execute(
        update(Letter)
        .where(Letter.id == newest)
        .values(delivered_at=work.at, delivery=str(step.variables.get("method", "")) or None)
    )


def publish_posting(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    ends_at = clockwork.due_by((), work.rules.limits, work.calendar, work.at, "D04")
    postings.publish(work, int(str(effect.params["posting"])), ends_at)


def end_posting(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    postings.take_down(work)


def objection_closed(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    result = str(step.variables["objection_result"])
    work.conn.execute(
        update(Objection)
        .where(Objection.case_id == work.row.id, Objection.result.is_(None))
        .values(result=result)
    )
    if result == "unfounded":
        postings.extend(work, clockwork.due_by(clocks, work.rules.limits, work.calendar, work.at, "D04"))


def order_payment(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """One order per attempt, to the account the register has now."""
    person = work.conn.execute(
        select(Person.account_number, Person.account_holder, Person.name).where(
            Person.id == work.row.applicant_id
        )
    ).one()
    attempt = len(_payments(work)) + 1
    amount = Decimal(int(step.variables["aid_fen"])).scaleb(-2)
    work.conn.execute(
        insert(Payment),
        {
            "case_id": work.row.id,
            "attempt": attempt,
            "amount": amount,
            "account_number": person.account_number or "",
            "account_holder": person.account_holder or person.name,
            "ordered_at": work.at,
            "status": "ordered",
        },
    )
    work.conn.execute(
        insert(Outbox),
        {
            "case_id": work.row.id,
            "kind": "payment_order",
            "payload": {"attempt": attempt},
            "available_at": work.at,
        },
    )


def _payments(work: Work) -> Sequence[Any]:
    return work.conn.execute(
        select(Payment.id, Payment.attempt).where(Payment.case_id == work.row.id).order_by(Payment.attempt)
    ).all()


def payment_returned(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    _settle(work, "returned")


def payment_credited(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The money is in the account: each bill now carries what it was aided with."""
    _settle(work, "credited")
    for claim_id, aid in facts.aid_per_bill(work.conn, work.row.id):
        work.conn.execute(update(Claim).where(Claim.id == claim_id).values(aid_paid=aid))


def _settle(work: Work, status: str) -> None:
    newest = _payments(work)[-1].id
    work.conn.execute(update(Payment).where(Payment.id == newest).values(status=status, settled_at=work.at))


def case_archived(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The file is built by the worker: letters as PDF, papers, entries, catalogue (F16)."""
    work.conn.execute(
        insert(Outbox),
        {"case_id": work.row.id, "kind": "archive_file", "payload": {}, "available_at": work.at},
    )


DOERS: Mapping[str, Doer] = {
    "issue_letter": issue_letter,
    "letter_delivered": letter_delivered,
    "publish_posting": publish_posting,
    "end_posting": end_posting,
    "objection_closed": objection_closed,
    "order_payment": order_payment,
    "payment_returned": payment_returned,
    "payment_credited": payment_credited,
    "case_archived": case_archived,
}
