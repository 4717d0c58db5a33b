"""Money paid in excess: the recovery, its plan, and what came back."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant, Money

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recovery",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("original_id", sa.Uuid(), nullable=False),
        sa.Column("applicant_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("paid", Money(), nullable=False),
        sa.Column("due", Money(), nullable=True),
        sa.Column("excess", Money(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("way", sa.String(length=12), nullable=True),
        sa.Column("outstanding", Money(), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_recovery_case_id")),
        sa.ForeignKeyConstraint(["original_id"], ["case.id"], name=op.f("fk_recovery_original_id")),
        sa.ForeignKeyConstraint(["applicant_id"], ["person.id"], name=op.f("fk_recovery_applicant_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_recovery")),
    )
    op.create_index(op.f("ix_recovery_original_id"), "recovery", ["original_id"])
    op.create_index(op.f("ix_recovery_applicant_id_way"), "recovery", ["applicant_id", "way"])
    op.create_table(
        "instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_instalment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
    )
    op.create_index(op.f("ix_instalment_case_id"), "instalment", ["case_id"])
    op.create_table(
        "repayment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("from_case", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_repayment_case_id")),
        sa.ForeignKeyConstraint(["from_case"], ["case.id"], name=op.f("fk_repayment_from_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayment")),
    )
    op.create_index(op.f("ix_repayment_case_id"), "repayment", ["case_id"])
    op.create_index(op.f("ix_repayment_from_case"), "repayment", ["from_case"])
