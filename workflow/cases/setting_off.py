"""抵扣: aid to a person who agreed in writing goes first towards what that person still owes (domain 2.12).

Only where a recovery waits for it: the consent is recorded and the day agreed for it has not passed. And only
between cases of one department, for money of one office is not owed to another; of a payment in which several
have a share, only that of medical assistance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from workflow import amounts, engine
from workflow.cases import calculating, paying
from workflow.cases.work import CASE, Work
from workflow.commands import SetOff
from workflow.engine import Effect, Step
from workflow.store.models import Case, Recovery, Repayment, table
from workflow.store.prepared import Prepared

AGREED: Final = "set_off"
HEARD: Final = "set_off_made"
ZERO: Final = Decimal("0.00")
RECOVERY = table(Recovery)
_OWING = Prepared(
    # locks the cases only: what they owe is read when nobody else can change it any more
    select(CASE.c.id, CASE.c.number, CASE.c.rulebook, CASE.c.policy, CASE.c.engine)
    .join(RECOVERY, RECOVERY.c.case_id == CASE.c.id)
    .where(
        RECOVERY.c.applicant_id == bindparam("person_id"),
        RECOVERY.c.way == AGREED,
        CASE.c.closed_at.is_(None),
    )
    .order_by(CASE.c.opened_at, CASE.c.id)
    .with_for_update(of=CASE)
)


@dataclass(frozen=True, slots=True)
class Share:
    """What a recovery gets of a payment. Yuan."""

    case_id: UUID
    number: str
    amount: Decimal


def shares(work: Work, payable: Decimal) -> tuple[Share, ...]:
    """How a payment of this case is set off: the oldest recovery first, never more than is paid or owed."""
    waiting = [
        row
        for row in _OWING.all(work.conn, {"person_id": work.row.applicant_id})
        if HEARD in engine.awaited(work.house.rules(row.rulebook).model, row.engine)
        and _department(work, row) == _department(work, work.row)
    ]
    if not waiting:
        return ()
    owed = {
        row.case_id: row.outstanding
        for row in work.conn.execute(
            select(RECOVERY.c.case_id, RECOVERY.c.outstanding).where(
                RECOVERY.c.case_id.in_([row.id for row in waiting])
            )
        )
    }
    given = calculating.shares_per_bill(work.conn, [work.row.id]).values()
    if any(each.otherwise for each in given):
        payable = min(payable, sum((each.aid for each in given), ZERO))
    found = []
    for row in waiting:
        amount = min(payable, owed[row.id])
        if amount > 0:
            found.append(Share(row.id, row.number, amount))
        payable -= amount
    return tuple(found)


def _department(work: Work, row: Any) -> str:
    return work.house.rules(row.rulebook).policies[row.policy].department.id


def set_off(work: Work, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What is set off of this payment, and what remains to be paid; asked when the payment is re-checked."""
    payable = paying.payable(variables)
    taken = sum((share.amount for share in shares(work, payable)), ZERO)
    return {"set_off_fen": amounts.fen(taken), "rest_fen": amounts.fen(payable - taken)}


def make(work: Work, effect: Effect, step: Step, clocks: Sequence[Any]) -> None:
    """Tell each recovery what it has got. Where nothing is left to pay, the bills are aided with this."""
    made = shares(work, paying.payable(step.variables))
    for share in made:
        work.command(SetOff(share.case_id, amounts.fen(share.amount), work.row.id))
    work.notes["set_off"] = [{"case": each.number, "fen": amounts.fen(each.amount)} for each in made]
    if not step.variables["rest_fen"]:
        paying.aid_bills(work)


def words(work: Work, step: Step) -> dict[str, Any]:
    """For the letters of both cases: from which case how much was set off, what is paid and owed still."""
    received = work.conn.execute(
        select(Repayment.amount, Case.number, Recovery.outstanding, Recovery.case_id)
        .join(Recovery, Recovery.case_id == Repayment.case_id)
        .join(Case, Case.id == Repayment.from_case)
        .where((Repayment.from_case == work.row.id) | (Repayment.case_id == work.row.id))
        .where(Repayment.kind == AGREED)
        .order_by(Repayment.id)
    ).all()
    if not received:
        return {}
    here = [row for row in received if row.case_id == work.row.id]
    if here:
        whole = sum((row.amount for row in here), ZERO)
        return {"set_off": here[-1].amount, "set_off_from": here[-1].number,
                "set_off_whole": whole, "still_owed": here[-1].outstanding}  # fmt: skip
    numbers = select(Case.number).where(Case.id.in_([row.case_id for row in received])).order_by(Case.number)
    return {
        "set_off": sum((row.amount for row in received), ZERO),
        "set_off_to": "、".join(work.conn.scalars(numbers)),
        "still_owed": sum({row.case_id: row.outstanding for row in received}.values(), ZERO),
        "aid_due": paying.payable(step.variables),
        "paid_out": amounts.yuan(step.variables["rest_fen"]),
    }
