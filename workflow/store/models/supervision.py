"""What supervisors do with a case: extend, hand over, put under supervision (domain 6.1, 7.2)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Extension(Base):
    """延期: asked for by an office (`asked_by`) or given at once; `granted` is null while it is open."""

    __tablename__ = "extension"
    __table_args__ = (Index(None, "case_id"), Index(None, "decided_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"))
    units: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_org: Mapped[str] = mapped_column(String(32))
    asked_role: Mapped[str] = mapped_column(String(8))
    asked_seq: Mapped[int]
    granted: Mapped[bool | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_seq: Mapped[int | None]


class Assignment(Base):
    """改派: a step was handed to one seat. `exception`: SD-11, to a reviewer of another township."""

    __tablename__ = "assignment"
    __table_args__ = (Index(None, "case_id"), Index(None, "exception", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[int]
    from_org: Mapped[str] = mapped_column(String(32))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    at: Mapped[datetime]
    by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    exception: Mapped[bool] = mapped_column(default=False)
    seq: Mapped[int]


class Supervision(Base):
    """挂牌督办: an office owes an answer. The words on both sides stand sealed in the log."""

    __tablename__ = "supervision"
    __table_args__ = (Index(None, "case_id"), Index(None, "ended_at", "next_alarm_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    task_id: Mapped[int]
    org: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(8))
    opened_at: Mapped[datetime]
    opened_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    opened_org: Mapped[str] = mapped_column(String(32))
    opened_seq: Mapped[int]
    answer_by: Mapped[datetime]  # the instant from which the answer is late
    next_alarm_at: Mapped[datetime | None]  # null: answered, ended, or told already
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_seq: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    ended_seq: Mapped[int | None]
