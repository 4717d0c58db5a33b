"""The board counts over an index that holds nothing else; its lists find their few rows in the table."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL")
PLACE = ["village", "node", "org", "role", "assigned_seat", "kind"]
STANDING = ["paused", "due_at", "warn_at", "done_at"]


def upgrade() -> None:
    op.drop_index("ix_task_board", "task")
    op.create_index("ix_task_board", "task", [*PLACE, *STANDING], sqlite_where=OPEN, postgresql_where=OPEN)
