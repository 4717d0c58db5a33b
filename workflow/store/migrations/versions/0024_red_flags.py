"""Red flags, what inspectors conclude about them, and the runs that find them."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flag",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("severity", sa.String(length=1), nullable=False),
        sa.Column("township", sa.String(length=32), nullable=True),
        sa.Column("village", sa.String(length=32), nullable=True),
        sa.Column("org", sa.String(length=32), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("evidence_digest", sa.String(length=16), nullable=False),
        sa.Column("rule_digest", sa.String(length=16), nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.Column("last_seen", Instant(), nullable=False),
        sa.Column("gone_at", Instant(), nullable=True),
        sa.Column("conclusion", sa.String(length=12), nullable=True),
        sa.Column("concluded_at", Instant(), nullable=True),
        sa.Column("concluded_by", sa.Integer(), nullable=True),
        sa.Column("concluded_evidence", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_flag_case_id")),
        sa.ForeignKeyConstraint(["concluded_by"], ["account.id"], name=op.f("fk_flag_concluded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
    )
    op.create_index(op.f("ix_flag_rule_gone_at"), "flag", ["rule", "gone_at"])
    op.create_index(op.f("ix_flag_case_id"), "flag", ["case_id"])
    op.create_table(
        "flag_conclusion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flag_id", sa.String(length=20), nullable=False),
        sa.Column("conclusion", sa.String(length=12), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.id"], name=op.f("fk_flag_conclusion_flag_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_flag_conclusion_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_conclusion")),
    )
    op.create_index(op.f("ix_flag_conclusion_flag_id"), "flag_conclusion", ["flag_id"])
    op.create_table(
        "flag_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("night", sa.String(length=10), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_flag_run_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_run")),
        sa.UniqueConstraint("night", name=op.f("uq_flag_run_night")),
    )
