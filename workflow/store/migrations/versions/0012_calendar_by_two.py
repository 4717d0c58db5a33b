"""A calendar is put forward by one person and released by another; provisional limits are found quickly."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PROVISIONAL = sa.text("provisional AND stopped_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "calendar_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("file", sa.String(120), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("years", sa.JSON(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("recounted_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name="fk_calendar_proposal_proposed_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name="fk_calendar_proposal_decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_proposal"),
    )
    op.create_index("ix_calendar_proposal_state", "calendar_proposal", ["state"])
    op.create_index(
        "ix_clock_provisional", "clock", ["id"], sqlite_where=PROVISIONAL, postgresql_where=PROVISIONAL
    )
