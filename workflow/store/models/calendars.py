"""A calendar that one person puts forward and another releases (SD-9)."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class CalendarProposal(Base):
    """`days`: [[ISO day, working, name], …]; `state`: open, released, rejected, withdrawn.

    `recounted_at`: when all running limits had been counted anew after the release.
    """

    __tablename__ = "calendar_proposal"
    __table_args__ = (Index(None, "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    file: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    days: Mapped[list[Any]]
    years: Mapped[list[Any]]
    changed: Mapped[int]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    recounted_at: Mapped[datetime | None]
