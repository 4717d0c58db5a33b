"""A calendar that one person puts forward and another releases (SD-9); who reads the work calendar."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class CalendarFeed(Base):
    """A seat may read its office's work calendar from outside, by an address that holds this row's number."""

    __tablename__ = "calendar_feed"
    __table_args__ = (Index(None, "seat_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


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
