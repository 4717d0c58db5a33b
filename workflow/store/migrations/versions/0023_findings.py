"""检查问题: what inspectors find and follow up, and every move of it."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("org", sa.String(length=32), nullable=False),
        sa.Column("flag", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by_org", sa.String(length=32), nullable=False),
        sa.Column("drafted_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("owed_since", Instant(), nullable=True),
        sa.Column("answer_by", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("next_alarm_at", Instant(), nullable=True),
        sa.Column("next_alarm", sa.String(length=12), nullable=True),
        sa.Column("relook_on", sa.Date(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_finding_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_case_id"), "finding", ["case_id"])
    op.create_index(op.f("ix_finding_next_alarm_at"), "finding", ["next_alarm_at"])
    op.create_index(op.f("ix_finding_state_answer_by"), "finding", ["state", "answer_by"])
    op.create_table(
        "finding_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("move", sa.String(length=12), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("org", sa.String(length=32), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_finding_move_finding_id")),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name=op.f("fk_finding_move_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_move")),
    )
    op.create_index(op.f("ix_finding_move_finding_id"), "finding_move", ["finding_id"])
