"""抽查: plans, the frames they draw from, and the record sheets of the cases that were drawn."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spot_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("by_org", sa.String(length=32), nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("planned_by", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drawn_at", Instant(), nullable=True),
        sa.Column("drawn_seq", sa.Integer(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.Column("word", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["planned_by"], ["account.id"], name=op.f("fk_spot_check_planned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check")),
    )
    op.create_table(
        "spot_check_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(length=16), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=True),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        sa.Column("recorded_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["spot_check.id"], name=op.f("fk_spot_check_sheet_plan_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_spot_check_sheet_case_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["account.id"], name=op.f("fk_spot_check_sheet_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check_sheet")),
        sa.UniqueConstraint("plan_id", "case_id", name=op.f("uq_spot_check_sheet_plan_id_case_id")),
    )
    op.create_index(op.f("ix_spot_check_sheet_case_id"), "spot_check_sheet", ["case_id"])
