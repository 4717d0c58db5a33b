"""How messages leave the house: the state of each channel, digests sent, and whether the worker lives."""

from datetime import date, datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Channel(Base):
    """A way out (mailbox, robot) as it has answered lately. `failures`: attempts in a row that failed."""

    __tablename__ = "channel"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]  # nothing is tried before
    last_error: Mapped[str | None] = mapped_column(String(120))
    last_failed_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # when the supervisors were told that it is dead


class Digest(Base):
    """A digest of one rule on one working day: the lines up to `up_to` are in it or were sent before."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("rule", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    day: Mapped[date]
    after: Mapped[int]
    up_to: Mapped[int]
    lines: Mapped[int]


class Beat(Base):
    """When a worker was last seen at work, so that pages can say if nobody watches the limits."""

    __tablename__ = "beat"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]
