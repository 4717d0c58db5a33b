"""Rule books, calendar, requests already answered, and what still has to leave the house."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class RuleFile(Base):
    """One file of a rule book, kept by its digest."""

    __tablename__ = "rule_file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes]


class RulebookRelease(Base):
    """A set of diagrams, forms, limits and policies that has been released; first at `released_at`."""

    __tablename__ = "rulebook"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    manifest: Mapped[dict[str, Any]]  # path → sha256
    released_at: Mapped[datetime]


class CalendarDay(Base):
    """A day whose kind differs from its weekday: a holiday, or a make-up working day (调休)."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(String(20))


class CalendarYear(Base):
    """A year the State Council's notice is in the table for."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    imported_at: Mapped[datetime]


class Counter(Base):
    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    value: Mapped[int]


class ListedReading(Base):
    """Which entry of the reads' system chain says that a list, or what a search found, showed this case.

    Only a way to find the entry: what counts stands in it.
    """

    __tablename__ = "listed_reading"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Request(Base):
    """A request already answered: the same key gets the same answer and no second effect."""

    __tablename__ = "request"

    principal: Mapped[str] = mapped_column(String(48), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    response: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Outbox(Base):
    """What must leave the house (a payment file, a message), committed with the case.

    A message goes by `channel`; it is done, or given up at `gave_up_at` because the address refuses it,
    or waits for its next attempt.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "done_at", "available_at"),
        Index("ix_outbox_channel", "channel", "done_at", "gave_up_at", "available_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(24))
    payload: Mapped[dict[str, Any]]
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    channel: Mapped[str | None] = mapped_column(String(32))
    last_error: Mapped[str | None] = mapped_column(String(120))
    gave_up_at: Mapped[datetime | None]
