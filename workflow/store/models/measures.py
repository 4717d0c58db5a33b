"""What an office enters for its indicators and its self-evaluation (domain 8). The newest row counts."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class EnteredFigure(Base):
    """A yearly figure that no data of ours can give. `value`: a number of whatever is counted, or yuan."""

    __tablename__ = "entered_figure"
    __table_args__ = (Index(None, "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    indicator: Mapped[str] = mapped_column(String(8))
    figure: Mapped[str] = mapped_column(String(24))
    value: Mapped[Decimal]
    source: Mapped[str] = mapped_column(String(200))
    entered_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime]
    seq: Mapped[int]  # in the system chain of the log


class EvaluationScore(Base):
    """Points for one qualitative leaf of an evaluation, with what they rest on."""

    __tablename__ = "evaluation_score"
    __table_args__ = (Index(None, "evaluation", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    evaluation: Mapped[str] = mapped_column(String(24))
    year: Mapped[int]
    leaf: Mapped[str] = mapped_column(String(32))
    points: Mapped[Decimal]
    evidence: Mapped[str] = mapped_column(String(300))
    scored_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    scored_at: Mapped[datetime]
    seq: Mapped[int]  # in the system chain of the log
