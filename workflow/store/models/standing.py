"""Where a case stands: its open work and drafts of it, its clocks and what they tell whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base, known, where

OPEN_WORK = "kind = 'user' AND done_at IS NULL"
"""What people have to do. A question that shall find its indexes has to say it with these very words."""


class Task(Base):
    """A place where a case stands: a person's work (`user`) or a wait for time or message (`wait`).

    `id` is the engine's own number inside the case. `org` and `role` say whose work it is;
    `assigned_seat` that a supervisor has handed it to this seat alone.
    """

    __tablename__ = "task"
    __table_args__ = (
        # answers a worklist page without touching the table; closed tasks and waits are not in it
        Index(
            "ix_task_worklist",
            "org",
            "role",
            "due_at",
            "warn_at",
            "paused",
            "case_id",
            "id",
            "assigned_seat",
            **where(OPEN_WORK),
        ),
        # the few steps that were handed to one seat: taken off the counts of the others
        Index(
            "ix_task_assigned",
            "org",
            "role",
            "assigned_seat",
            **where("done_at IS NULL AND assigned_seat IS NOT NULL"),
        ),
        # the counts of a worklist: every entry is passed, so there is nothing in it that is not asked for
        Index(
            "ix_task_counts",
            "org",
            "role",
            "paused",
            "warn_at",
            **where(OPEN_WORK),
        ),
        # the board's counts in one pass, in the order of the index: no wider than they need
        Index(
            "ix_task_board",
            "village",
            "node",
            "org",
            "role",
            "assigned_seat",
            "kind",
            "paused",
            "due_at",
            "warn_at",
            "done_at",
            **where("done_at IS NULL"),
        ),
        # the first page of the board's list: the next due of a whole area, without sorting it
        Index(
            "ix_task_due",
            "paused",
            "due_at",
            "warn_at",
            "village",
            "case_id",
            "id",
            "done_at",
            **where("done_at IS NULL"),
        ),
        # what is open in a case, and who has done what in it: neither grows with the case's past
        Index(
            "ix_task_open",
            "case_id",
            **where("done_at IS NULL"),
        ),
        Index(
            "ix_task_doers",
            "case_id",
            "done_account",
            "node",
            **known("done_account"),
        ),
        Index("ix_task_done_by", "done_account", "done_at", **known("done_account")),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    node: Mapped[str] = mapped_column(String(48))
    process: Mapped[str] = mapped_column(String(48))
    kind: Mapped[str] = mapped_column(String(6))  # user | wait
    name: Mapped[str] = mapped_column(String(60))  # Chinese name in the diagram
    role: Mapped[str] = mapped_column(String(8))
    org: Mapped[str] = mapped_column(String(32))
    village: Mapped[str] = mapped_column(String(32), server_default="")  # the case's, for the board
    form: Mapped[str | None] = mapped_column(String(48))
    state: Mapped[str] = mapped_column(String(28))
    clock_id: Mapped[int | None] = mapped_column(ForeignKey("clock.id"))
    opened_at: Mapped[datetime]
    warn_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    paused: Mapped[bool] = mapped_column(default=False)
    assigned_seat: Mapped[int | None]
    done_at: Mapped[datetime | None]
    done_account: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    done_seat: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    done_seq: Mapped[int | None]  # the log entry that closed it


class Clock(Base):
    """A legal limit that runs in a case. `pauses`: [[from, to|null, reason zh, reason en], …]."""

    __tablename__ = "clock"
    __table_args__ = (
        Index("ix_clock_running", "case_id", "stopped_at"),
        Index("ix_clock_alarm", "next_alarm_at", **known("next_alarm_at")),
        Index(
            "ix_clock_provisional",
            "id",
            **where("provisional AND stopped_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    limit_id: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime]
    pauses: Mapped[list[Any]]
    due_at: Mapped[datetime]
    provisional: Mapped[bool] = mapped_column(default=False)
    extended_by: Mapped[int] = mapped_column(server_default="0")  # units of the limit
    extended_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    next_alarm_at: Mapped[datetime | None]  # null: nothing more to raise, or paused, or stopped
    next_alarm: Mapped[str | None] = mapped_column(String(12))
    rules: Mapped[str | None] = mapped_column(String(64))  # started under, where the case has moved since


class Alarm(Base):
    """A warning that has been raised, exactly once per clock and level."""

    __tablename__ = "alarm"
    __table_args__ = (UniqueConstraint("clock_id", "level"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    level: Mapped[str] = mapped_column(String(12))  # warn, warn2, overdue, second, third
    raised_at: Mapped[datetime]


class Timer(Base):
    """A timer of the diagram that waits; the worker turns it into a command."""

    __tablename__ = "timer"
    __table_args__ = (Index("ix_timer_due", "due_at"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]


class InboxMessage(Base):
    """A line in the inbox of all seats of an office and role, or of one seat alone (`seat_id`).

    Holds no name, illness, number or amount: `params` are codes and dates.
    """

    __tablename__ = "inbox_message"
    __table_args__ = (
        Index(None, "org", "role", "read_at", "id"),
        Index(
            "ix_inbox_message_routed",
            "id",
            **where("routed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(8))
    seat_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(24))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))  # null: of no case
    params: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    routed_at: Mapped[datetime | None]  # when it was given to the channels that carry it at once


class Draft(Base):
    """What somebody has typed and not yet submitted."""

    __tablename__ = "draft"
    __table_args__ = (ForeignKeyConstraint(["case_id", "task_id"], ["task.case_id", "task.id"]),)

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    values: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
