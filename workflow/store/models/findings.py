"""检查问题: what inspectors have found, and every move of it. The words stand sealed in the two logs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Finding(Base):
    """`entry`: of the case, from 0. `state`: workflow.findings.states. `org`: the office that answers; it
    sees nothing that is `drafted` or `discarded`. `evidence`: {"entries": [...], "papers": [...]}.
    """

    __tablename__ = "finding"
    __table_args__ = (Index(None, "case_id"), Index(None, "state", "answer_by"), Index(None, "next_alarm_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    entry: Mapped[int]
    org: Mapped[str] = mapped_column(String(32))
    flag: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12))
    by_org: Mapped[str] = mapped_column(String(32))
    drafted_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    owed_since: Mapped[datetime | None]  # from when D36 runs
    answer_by: Mapped[datetime | None]  # the instant from which the answer is late
    answered_at: Mapped[datetime | None]
    next_alarm_at: Mapped[datetime | None]
    next_alarm: Mapped[str | None] = mapped_column(String(12))
    relook_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]


class FindingMove(Base):
    """One move; `seq`: of its entry in the system chain, of the log of reads where `hidden`.

    `papers`: [{"sha256", "name", "mime", "size"}, …] that came with it.
    """

    __tablename__ = "finding_move"
    __table_args__ = (Index(None, "finding_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[int] = mapped_column(ForeignKey("finding.id"))
    move: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(8))
    org: Mapped[str] = mapped_column(String(32))
    hidden: Mapped[bool]
    seq: Mapped[int]
    papers: Mapped[list[Any]]
