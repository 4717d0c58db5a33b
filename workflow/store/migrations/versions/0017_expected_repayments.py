"""A recovery remembers the day agreed for its next repayment."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recovery", sa.Column("expected_on", sa.Date(), nullable=True))
