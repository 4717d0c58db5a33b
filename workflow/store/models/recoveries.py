"""Money that was paid in excess and comes back (domain 2.12)."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Recovery(Base):
    """追回: what was paid and due in another case, and how much of the excess is still outstanding."""

    __tablename__ = "recovery"
    __table_args__ = (Index(None, "original_id"), Index(None, "applicant_id", "way"))

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    original_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    cause: Mapped[str] = mapped_column(String(24))
    paid: Mapped[Decimal]
    due: Mapped[Decimal | None]
    excess: Mapped[Decimal | None]  # null until it is decided
    decided_at: Mapped[datetime | None]
    way: Mapped[str | None] = mapped_column(String(12))  # at_once, instalments, set_off, refuses
    outstanding: Mapped[Decimal | None]
    expected_on: Mapped[date | None]  # the day agreed for the next repayment, or for talking it over again
    result: Mapped[str | None] = mapped_column(String(16))  # recovered, no_recovery, not_recovered
    closed_at: Mapped[datetime | None]


class Instalment(Base):
    """One line of the plan by which it is paid back; a new plan replaces those not yet paid."""

    __tablename__ = "instalment"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    plan: Mapped[int]  # 1 for the first plan, 2 for the one that replaced it
    number: Mapped[int]
    due_on: Mapped[date]
    amount: Mapped[Decimal]


class Repayment(Base):
    """Money that came back: into the special account (`bank`), or set off against new aid (`set_off`)."""

    __tablename__ = "repayment"
    __table_args__ = (Index(None, "case_id"), Index(None, "from_case"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    received_on: Mapped[date]
    amount: Mapped[Decimal]
    kind: Mapped[str] = mapped_column(String(8))
    receipt: Mapped[str | None] = mapped_column(String(40))
    from_case: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    seq: Mapped[int]
