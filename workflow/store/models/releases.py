"""Which rule book is in force since when, and the proposals to change it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class InForce(Base):
    """A release: from `since` on this rule book holds for new cases; the newest whose time has come counts.

    `packaged` is the digest of the rule book that came with the program and that this one goes back to: a
    later update of the program is compared with it.
    """

    __tablename__ = "rulebook_force"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("rulebook.digest"))
    since: Mapped[datetime]
    released_at: Mapped[datetime]
    packaged: Mapped[str] = mapped_column(String(64))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("rulebook_proposal.id"))
    seq: Mapped[int | None]  # of the entry in the system's chain that says so; none: nobody released it


class RuleProposal(Base):
    """A changed rule book put forward by one person; a second one releases or rejects it (SD-9).

    `origin`: office, or program (then `proposed_by` is who adopted it, and empty before).
    `state`: open, released, rejected, withdrawn, replaced. `kept` names files of the program's update that
    were left out because the office had changed them; `program` is the manifest of that update.
    """

    __tablename__ = "rulebook_proposal"
    __table_args__ = (
        Index(None, "state"),
        UniqueConstraint("replaces", name="uq_rulebook_proposal_replaces"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    base: Mapped[str] = mapped_column(ForeignKey("rulebook.digest"))
    manifest: Mapped[dict[str, Any]]  # path → sha256
    origin: Mapped[str] = mapped_column(String(8))
    packaged: Mapped[str] = mapped_column(String(64))
    program: Mapped[dict[str, Any] | None]
    kept: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(9))
    made_at: Mapped[datetime]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("rulebook_proposal.id"))
