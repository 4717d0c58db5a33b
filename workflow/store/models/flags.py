"""Red flags that were found, what the inspectors conclude, and the runs that found them (domain 5.3)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Flag(Base):
    """`id` follows from rule, part, case and subject, so a flag found again is the same one.

    `evidence`: the columns of the rule's row: codes, figures, entry numbers and keyed hashes, nothing of a
    person. `gone_at`: the first run that did not find it any more. `conclusion`: justified, explained,
    false_alarm; `concluded_evidence` is the digest of the evidence it was concluded on.
    """

    __tablename__ = "flag"
    __table_args__ = (Index(None, "rule", "gone_at"), Index(None, "case_id"))

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    rule: Mapped[str] = mapped_column(String(8))
    part: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    subject: Mapped[str] = mapped_column(String(160))
    severity: Mapped[str] = mapped_column(String(1))
    township: Mapped[str | None] = mapped_column(String(32))
    village: Mapped[str | None] = mapped_column(String(32))
    org: Mapped[str | None] = mapped_column(String(32))
    evidence: Mapped[dict[str, Any]]
    evidence_digest: Mapped[str] = mapped_column(String(16))
    rule_digest: Mapped[str] = mapped_column(String(16))  # of the file it was found by
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    conclusion: Mapped[str | None] = mapped_column(String(12))
    concluded_at: Mapped[datetime | None]
    concluded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    concluded_evidence: Mapped[str | None] = mapped_column(String(16))


class FlagConclusion(Base):
    """Each conclusion there has been; its reason stands sealed in entry `seq` of the reads' system chain."""

    __tablename__ = "flag_conclusion"
    __table_args__ = (Index(None, "flag_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    flag_id: Mapped[str] = mapped_column(ForeignKey("flag.id"))
    conclusion: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    seq: Mapped[int]


class FlagRun(Base):
    """A run over the county. `night`: the day whose nightly run it is, one for each; null: asked for.

    `rules`: id → {found, new, seconds, fault}. `done_at` is null while it runs, or when it was broken off.
    """

    __tablename__ = "flag_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    night: Mapped[str | None] = mapped_column(String(10), unique=True)
    started_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    cases: Mapped[int]
    entries: Mapped[int]
    found: Mapped[int]
    new: Mapped[int]
    rules: Mapped[dict[str, Any]]
