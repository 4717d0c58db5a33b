"""What each department gives for a bill, and what of it counts for medical assistance."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Money

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("claim", sa.Column("aided_before", Money(), nullable=True))
    op.add_column("claim", sa.Column("aided_otherwise", Money(), nullable=True))
    op.create_table(
        "department_part",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(length=16), nullable=False),
        sa.Column("policy", sa.String(length=48), nullable=False),
        sa.Column("proposed", Money(), nullable=False),
        sa.Column("before", Money(), nullable=False),
        sa.Column("granted", Money(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_department_part_case_id")),
        sa.PrimaryKeyConstraint("case_id", "place", name=op.f("pk_department_part")),
    )
