"""A step writes fewer pages: indexes leave out rows that have no value yet."""

import sqlalchemy as sa
from alembic import op

from audit import guards

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_case_closed_at", "case", ["closed_at"]),
    ("ix_case_outcome_opened_at", "case", ["outcome", "opened_at"]),
    ("ix_case_aid", "case", ["aid"]),
    ("ix_task_done_by", "task", ["done_account", "done_at"]),
    ("ix_clock_alarm", "clock", ["next_alarm_at"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.drop_index(name, table)
        known = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, table, columns, sqlite_where=known, postgresql_where=known)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        guards.install(connection)  # which look at the head once for each entry
