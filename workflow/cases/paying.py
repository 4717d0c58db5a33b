"""Orders of money and what becomes of them: one row per attempt, one file for the bank, one receipt."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from workflow import amounts
from workflow.cases import calculating
from workflow.cases import clocks as clockwork
from workflow.cases.work import Work
from workflow.engine import Effect, Step
from workflow.store.models import Claim, Outbox, Payment, Person, table
from workflow.store.prepared import Prepared

Clocks = Sequence[clockwork.Ticking]

PAYMENT, CLAIM = table(Payment), table(Claim)
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
    "purpose",
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
_AIDED = Prepared(
    update(CLAIM)
    .where(CLAIM.c.id == bindparam("claim_id"))
    .values(
        aid_paid=bindparam("aid"), aided_otherwise=bindparam("otherwise"), aided_before=bindparam("before")
    )
)


def order(work: Work, amount: Decimal, number: str, holder: str, purpose: str) -> None:
    """Order yuan to one account; `purpose` is aid or advance."""
    attempt = len(_payments(work)) + 1
    _ORDER.change(
        work.conn,
        {
            "case_id": work.row.id,
            "attempt": attempt,
            "amount": amount,
            "account_number": number,
            "account_holder": holder,
            "ordered_at": work.at,
            "status": "ordered",
            "purpose": purpose,
        },
    )
    work.want_receipt()
    send(work, "payment_order", {"attempt": attempt, "seq": work.row.seq + 1})


def send(work: Work, kind: str, payload: Mapping[str, Any]) -> None:
    """Put something into the outbox; it leaves the house when the step has been committed."""
    row = {"case_id": work.row.id, "kind": kind, "payload": payload, "available_at": work.at, "attempts": 0}
    _OUT.change(work.conn, row)


def settle(work: Work, status: str) -> None:
    """What the bank says of the newest order."""
    newest = _payments(work)[-1].id
    _SETTLE.change(work.conn, {"payment_id": newest, "to": status, "at": work.at})


def aid_bills(work: Work) -> None:
    """Each bill of the case carries from now on what it was aided with."""
    for claim_id, share in calculating.shares_per_bill(work.conn, [work.row.id]).items():
        given = {"aid": share.aid, "otherwise": share.otherwise, "before": share.before}
        _AIDED.change(work.conn, {"claim_id": claim_id, **given})


def payable(variables: Mapping[str, Any]) -> Decimal:
    """Yuan that a case pays by its decision: the aid, less what a first decision or an advance has paid."""
    return amounts.yuan(variables["aid_fen"] - (variables.get("paid_before_fen") or 0))


def _payments(work: Work) -> Sequence[Any]:
    return _PAYMENTS.all(work.conn, {"case": work.row.id})


# What the diagrams do ------------------------------------------------------------------------------


def order_payment(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """One order per attempt, to the account the register has now."""
    person = _ACCOUNT.first(work.conn, {"person_id": work.row.applicant_id})
    set_off = amounts.yuan(step.variables.get("set_off_fen") or 0)
    amount = payable(step.variables) - set_off
    order(work, amount, person.account_number or "", person.account_holder or person.name, "aid")


def payment_returned(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    settle(work, "returned")


def payment_credited(work: Work, effect: Effect, step: Step, clocks: Clocks) -> None:
    """The money is in the account."""
    settle(work, "credited")
    aid_bills(work)
