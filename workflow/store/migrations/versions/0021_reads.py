"""Which lists and searches have shown a case: a way into the log of reads."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listed_reading",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_listed_reading_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_listed_reading")),
    )
