"""Indexes whose use does not grow with a case's past, and a narrow one for the counts of a worklist."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN, DONE = sa.text("done_at IS NULL"), sa.text("done_account IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_task_case", "task")
    op.drop_index("ix_clock_case_id", "clock")
    counted = ["org", "role", "kind", "paused", "due_at", "warn_at", "done_at"]
    op.create_index("ix_task_counts", "task", counted, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_task_open", "task", ["case_id"], sqlite_where=OPEN, postgresql_where=OPEN)
    done_by = ["case_id", "done_account", "node"]
    op.create_index("ix_task_doers", "task", done_by, sqlite_where=DONE, postgresql_where=DONE)
    op.create_index("ix_clock_running", "clock", ["case_id", "stopped_at"])
