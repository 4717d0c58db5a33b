"""The indexes of a worklist hold what people have to do, without the waits, and the counts nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OPEN_WORK = sa.text("kind = 'user' AND done_at IS NULL")
COUNTED = ["org", "role", "paused", "warn_at"]
LISTED = ["org", "role", "due_at", "warn_at", "paused", "case_id", "id", "assigned_seat"]


def upgrade() -> None:
    for name, columns in (("ix_task_counts", COUNTED), ("ix_task_worklist", LISTED)):
        op.drop_index(name, "task")
        op.create_index(name, "task", columns, sqlite_where=OPEN_WORK, postgresql_where=OPEN_WORK)
