"""The board: an open place knows its village; when a channel failed last; when a case was closed."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL")
PLACE = ["village", "node", "org", "role", "assigned_seat", "kind"]
STANDING = ["paused", "due_at", "warn_at", "case_id", "id", "done_at"]


def upgrade() -> None:
    op.add_column("task", sa.Column("village", sa.String(32), nullable=False, server_default=""))
    op.execute('UPDATE task SET village = (SELECT village FROM "case" WHERE "case".id = task.case_id)')
    op.create_index("ix_task_board", "task", [*PLACE, *STANDING], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_case_closed_at", "case", ["closed_at"])
    op.add_column("channel", sa.Column("last_failed_at", Instant(), nullable=True))
