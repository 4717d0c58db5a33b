"""The open places of a whole area in the order of their limits, for the first page of the board's list."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL")
COLUMNS = ["paused", "due_at", "warn_at", "village", "case_id", "id", "done_at"]


def upgrade() -> None:
    op.create_index("ix_task_due", "task", COLUMNS, sqlite_where=OPEN, postgresql_where=OPEN)
