"""When a category came into the register. Of rows that are there already nobody knows: they keep null."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("category", sa.Column("recorded_at", Instant(), nullable=True))
