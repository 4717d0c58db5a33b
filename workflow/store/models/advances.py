"""绿色通道登记簿: every request for the green channel and every advance (domain 2.4)."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Advance(Base):
    """One request. What was granted, until when papers come, and how it was settled stand here as soon as
    they are known; who decided stands in the case's log.
    """

    __tablename__ = "advance"
    __table_args__ = (Index(None, "asked_at"), Index(None, "asked_by"))

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    variant: Mapped[str] = mapped_column(String(1))  # a, b, c, d, e of domain 2.4
    requested_by: Mapped[str] = mapped_column(String(12))  # hospital, family, village, station
    asked_how: Mapped[str] = mapped_column(String(8))  # phone, window, system
    asked_by: Mapped[str] = mapped_column(String(32))  # the office whose clerk has entered it
    hospital: Mapped[str] = mapped_column(String(60))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # identity and category checked (D18)
    diagnosis: Mapped[bool] = mapped_column(default=False)  # the certificate was there when it was granted
    interim_aid: Mapped[Decimal | None]
    most: Mapped[Decimal | None]  # what could have been advanced at most
    amount: Mapped[Decimal | None]  # granted; null: nothing was
    way: Mapped[str | None] = mapped_column(String(9))  # guarantee, payment
    granted_at: Mapped[datetime | None]
    paid: Mapped[Decimal | None]  # reached the hospital
    paid_at: Mapped[datetime | None]
    discharged_on: Mapped[date | None]
    papers_due: Mapped[datetime | None]  # D20
    papers_at: Mapped[datetime | None]
    final_aid: Mapped[Decimal | None]
    settled_at: Mapped[datetime | None]
    recovery_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    deposit: Mapped[Decimal | None]  # variant b
    deposit_cut: Mapped[Decimal | None]
