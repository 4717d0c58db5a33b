"""The register of the green channel, and what a payment is for."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant, Money

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("purpose", sa.String(length=8), nullable=False, server_default="aid"))
    op.create_table(
        "advance",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("variant", sa.String(length=1), nullable=False),
        sa.Column("requested_by", sa.String(length=12), nullable=False),
        sa.Column("asked_how", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("hospital", sa.String(length=60), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("diagnosis", sa.Boolean(), nullable=False),
        sa.Column("interim_aid", Money(), nullable=True),
        sa.Column("most", Money(), nullable=True),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("way", sa.String(length=9), nullable=True),
        sa.Column("granted_at", Instant(), nullable=True),
        sa.Column("paid", Money(), nullable=True),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("papers_due", Instant(), nullable=True),
        sa.Column("papers_at", Instant(), nullable=True),
        sa.Column("final_aid", Money(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("recovery_id", sa.Uuid(), nullable=True),
        sa.Column("deposit", Money(), nullable=True),
        sa.Column("deposit_cut", Money(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_advance_case_id")),
        sa.ForeignKeyConstraint(["recovery_id"], ["case.id"], name=op.f("fk_advance_recovery_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_advance")),
    )
    op.create_index(op.f("ix_advance_asked_at"), "advance", ["asked_at"])
    op.create_index(op.f("ix_advance_asked_by"), "advance", ["asked_by"])
