"""What a case page says of money that came before or goes back: an advance, a recovery, a set-off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from bpmn import Rulebook, Text
from workflow.cases import advances, instalments, recoveries
from workflow.store.models import Advance, Case, Instalment, Recovery, Repayment


@dataclass(frozen=True, slots=True)
class Line:
    """An instalment of the plan in force. `open`: what of it has not come yet, in yuan."""

    due_on: date
    amount: Decimal
    open: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came: into the special account by a bank receipt, or from the aid of another case."""

    received_on: date
    amount: Decimal
    receipt: str | None
    from_case: tuple[UUID, str] | None


@dataclass(frozen=True, slots=True)
class RecoveryView:
    """A recovery as it stands. Yuan; null where it is not decided yet."""

    original: tuple[UUID, str]
    cause: Text
    paid: Decimal
    due: Decimal | None
    excess: Decimal | None
    outstanding: Decimal | None
    way: Text | None
    expected_on: date | None
    plan: Sequence[Line]
    receipts: Sequence[Receipt]


@dataclass(frozen=True, slots=True)
class SetOffView:
    """Of this case's aid, so many yuan went towards a recovery."""

    recovery: tuple[UUID, str]
    on: date
    amount: Decimal


def advance_of(conn: Connection, case: Any) -> Any | None:
    """The row of the register of the green channel; None for other cases."""
    if case.flow != advances.FLOW:
        return None
    return conn.execute(select(Advance.__table__).where(Advance.case_id == case.id)).first()


def recovery_of(conn: Connection, rulebook: Rulebook, case: Any) -> RecoveryView | None:
    """The recovery that this case is, with plan and receipts; None for other cases."""
    if case.flow != recoveries.FLOW:
        return None
    row = conn.execute(
        select(Recovery.__table__, Case.number)
        .join(Case, Case.id == Recovery.original_id)
        .where(Recovery.case_id == case.id)
    ).first()
    if row is None:
        return None
    receipts = conn.execute(
        select(Repayment.received_on, Repayment.amount, Repayment.receipt, Repayment.from_case, Case.number)
        .outerjoin(Case, Case.id == Repayment.from_case)
        .where(Repayment.case_id == case.id)
        .order_by(Repayment.id)
    ).all()
    return RecoveryView(
        original=(row.original_id, row.number),
        cause=_choice(rulebook, "recovery_finding", "cause", row.cause),
        paid=row.paid,
        due=row.due,
        excess=row.excess,
        outstanding=row.outstanding,
        way=None if row.way is None else _choice(rulebook, "payback_plan", "payback", row.way),
        expected_on=row.expected_on if row.outstanding else None,
        plan=_plan(conn, row) if row.way in instalments.WAYS else (),
        receipts=[
            Receipt(
                each.received_on, each.amount, each.receipt, each.number and (each.from_case, each.number)
            )
            for each in receipts
        ],
    )


def _plan(conn: Connection, recovery: Any) -> Sequence[Line]:
    rows = conn.execute(
        select(Instalment.plan, Instalment.due_on, Instalment.amount)
        .where(Instalment.case_id == recovery.case_id)
        .order_by(Instalment.plan.desc(), Instalment.number)
    ).all()
    newest = [row for row in rows if row.plan == rows[0].plan]
    come = sum((row.amount for row in newest), Decimal(0)) - recovery.outstanding
    lines = []
    for row in newest:
        covered = min(come, row.amount)
        lines.append(Line(row.due_on, row.amount, row.amount - covered))
        come -= covered
    return lines


def _choice(rulebook: Rulebook, form: str, field: str, given: str) -> Text:
    labels = {choice.id: choice.label for choice in rulebook.forms[form].field(field).choices}
    return labels.get(given, Text(given, given))


def set_offs_of(conn: Connection, case_id: UUID) -> Sequence[SetOffView]:
    """What of this case's aid went towards recoveries."""
    rows = conn.execute(
        select(Repayment.case_id, Repayment.received_on, Repayment.amount, Case.number)
        .join(Case, Case.id == Repayment.case_id)
        .where(Repayment.from_case == case_id)
        .order_by(Repayment.id)
    )
    return [SetOffView((row.case_id, row.number), row.received_on, row.amount) for row in rows]
