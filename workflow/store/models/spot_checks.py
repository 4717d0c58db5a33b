"""抽查: plans with the frame they draw from, and the record sheet of every case that was drawn."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class SpotCheck(Base):
    """One plan. What it fixes stands in entry `seq` of the log's system chain; `frame` are the canonical
    bytes whose SHA-256 is there. The seed hangs on a `size` of the log, or (then that is 0) on its first time
    record on or after the day `draw_on`. `seed` (hex) and `word` are known once it is drawn.
    """

    __tablename__ = "spot_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    first: Mapped[date]
    last: Mapped[date]
    by_org: Mapped[str] = mapped_column(String(32))
    planned_at: Mapped[datetime]
    planned_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    seq: Mapped[int]
    frame: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]
    draw_on: Mapped[date | None]
    drawn_at: Mapped[datetime | None]
    drawn_seq: Mapped[int | None]
    seed: Mapped[str | None] = mapped_column(String(64))
    word: Mapped[str | None] = mapped_column(String(120))


class SpotCheckSheet(Base):
    """A case of a sample. `answers`: item → right, wrong, none; `recorded_seq`: in the log of reads."""

    __tablename__ = "spot_check_sheet"
    __table_args__ = (UniqueConstraint("plan_id", "case_id"), Index(None, "case_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("spot_check.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    place: Mapped[int]
    stratum: Mapped[str] = mapped_column(String(16))
    answers: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime | None]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    recorded_seq: Mapped[int | None]
