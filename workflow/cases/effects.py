"""What a diagram's service tasks do: letters, postings, money. All rows of the same transaction.

Nothing leaves the house from here: what must leave goes to the outbox.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from workflow.cases import automatic, calculating, cards, letters, postings, recoveries, remedies, rosters
from workflow.cases import clocks as clockwork
from workflow.cases.work import Work
from workflow.engine import Effect, Step
from workflow.store.models import Claim, Letter, Objection, Outbox, Payment, Person, table
from workflow.store.prepared import Prepared

Clocks = Sequence[clockwork.Ticking]
Doer = Callable[[Work, Effect, Step, Clocks], None]

LETTER, PAYMENT, CLAIM = table(Letter), table(Payment), table(Claim)
_newest = (
    select(func.max(LETTER.c.id))
    .where(
        LETTER.c.case_id == bindparam("case"),
        LETTER.c.delivered_at.is_(None),
        LETTER.c.kind != "extension_notice",  # goes out beside the steps
    )
    .scalar_subquery()
)
_DELIVERED = Prepared(
    update(LETTER)
    .where(LETTER.c.id == _newest)
    .values(delivered_at=bindparam("at"), delivery=bindparam("how"))
)
_ACCOUNT = Prepared(
    select(Person.account_number, Person.account_holder, Person.name).where(
        Person.id == bindparam("person_id")
    )
)
_ORDER = Prepared(
    insert(PAYMENT),
    "case_id",
    "attempt",
    "amount",
    "account_number",
    "account_holder",
    "ordered_at",
    "status",
)
_OUT = Prepared(insert(table(Outbox)), "case_id", "kind", "payload", "available_at", "attempts")
_PAYMENTS = Prepared(
    select(PAYMENT.c.id, PAYMENT.c.attempt)
    .where(PAYMENT.c.case_id == bindparam("case"))
    .order_by(PAYMENT.c.attempt)
)
_SETTLE = Prepared(
    update(PAYMENT)
    .where(PAYMENT.c.id == bindparam("payment_id"))
    .values(status=bindparam("to"), settled_at=bindparam("at"))
)
_AIDED = Prepared(update(CLAIM).where(CLAIM.c.id == bindparam("claim_id")).values(aid_paid=bindparam("aid")))


def follow(work: Work, step: Step, clocks: Clocks) -> None:
    """Do every effect of a step in its order and name them in the log entry."""
    for effect in step.effects:
        DOERS[effect.operator](work, effect, step, clocks)
    if work.letters:
        work.notes["letters"] = list(work.letters)
    if step.effects:
        work.notes["effects"] = [
            " ".join([effect.operator, *(str(value) for value in effect.params.values())])
            for effect in step.effects
        ]


def issue_letter(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    letters.issue(work, str(effect.params["letter"]), step)


def letter_delivered(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The newest letter of the case not yet delivered has reached the applicant."""
    how = str(step.variables.get("method", "")) or None
    _DELIVERED.change(work.conn, {"case": work.row.id, "at": work.at, "how": how})


def publish_posting(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    ends_at = clockwork.due_by((), work.terms.limits, work.calendar, work.at, "D04")
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
        postings.extend(work, clockwork.due_by(clocks, work.terms.limits, work.calendar, work.at, "D04"))


def order_payment(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """One order per attempt, to the account the register has now."""
    person = _ACCOUNT.first(work.conn, {"person_id": work.row.applicant_id})
    attempt = len(_payments(work)) + 1
    before = int(step.variables.get("paid_before_fen") or 0)  # a decision taken again pays the difference
    amount = Decimal(int(step.variables["aid_fen"]) - before).scaleb(-2)
    _ORDER.change(
        work.conn,
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
    work.want_receipt()
    _send(work, "payment_order", {"attempt": attempt, "seq": work.row.seq + 1})


def _send(work: Work, kind: str, payload: dict[str, Any]) -> None:
    row = {"case_id": work.row.id, "kind": kind, "payload": payload, "available_at": work.at, "attempts": 0}
    _OUT.change(work.conn, row)


def _payments(work: Work) -> Sequence[Any]:
    return _PAYMENTS.all(work.conn, {"case": work.row.id})


def payment_returned(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    _settle(work, "returned")


def payment_credited(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The money is in the account: each bill now carries what it was aided with."""
    _settle(work, "credited")
    for claim_id, aid in calculating.aids_per_bill(work.conn, [work.row.id]).items():
        _AIDED.change(work.conn, {"claim_id": claim_id, "aid": aid})


def _settle(work: Work, status: str) -> None:
    newest = _payments(work)[-1].id
    _SETTLE.change(work.conn, {"payment_id": newest, "to": status, "at": work.at})


def case_archived(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The file is built by the worker: letters as PDF, papers, entries, catalogue (F16)."""
    _send(work, "archive_file", {})


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
    "recovery_opened": recoveries.opened,
    "recovery_decided": recoveries.decided,
    "recovery_closed": recoveries.closed,
    "original_rests": remedies.original_rests,
    "original_resumes": remedies.original_resumes,
    "decision_reopened": remedies.decision_reopened,
    "end_category": rosters.end_category,
    "category_moved": rosters.category_moved,
    "card_issued": cards.card_issued,
    "plan_kept": automatic.plan_kept,
    "plan_granted": automatic.plan_granted,
    "alert_included": automatic.alert_included,
}
