"""Figures and scores that an office enters for its indicators and its self-evaluation."""

import sqlalchemy as sa
from alembic import op

from audit import tables
from workflow.store.types import Instant, Money

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    tables.create(op.get_bind())
    op.create_table(
        "entered_figure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=8), nullable=False),
        sa.Column("figure", sa.String(length=24), nullable=False),
        sa.Column("value", Money(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_entered_figure_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entered_figure")),
    )
    op.create_index(op.f("ix_entered_figure_year"), "entered_figure", ["year"])
    op.create_table(
        "evaluation_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("evaluation", sa.String(length=24), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.String(length=32), nullable=False),
        sa.Column("points", Money(), nullable=False),
        sa.Column("evidence", sa.String(length=300), nullable=False),
        sa.Column("scored_by", sa.Integer(), nullable=False),
        sa.Column("scored_at", Instant(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["scored_by"], ["account.id"], name=op.f("fk_evaluation_score_scored_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_score")),
    )
    op.create_index(op.f("ix_evaluation_score_evaluation_year"), "evaluation_score", ["evaluation", "year"])
