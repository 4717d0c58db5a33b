"""删除个人信息: proposed by one person, decided by another; and the days on which retention was looked at."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Erasure(Base):
    """`basis`: an id of bpmn/retention.toml; `state`: open, confirmed, done, refused, withdrawn. The reasons
    stand sealed in the entries, until they are erased themselves.
    """

    __tablename__ = "erasure"
    __table_args__ = (Index(None, "case_id"), Index(None, "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    basis: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime]
    proposed_seq: Mapped[int]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decided_seq: Mapped[int | None]


class RetentionRun(Base):
    """A day, in the county's own time, on which the worker has looked at what was kept long enough."""

    __tablename__ = "retention_run"

    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    deleted: Mapped[int]
    asked: Mapped[int]
