"""Entries get a signature and a place in the tree; what is there already waits for its place."""

from alembic import op

from audit.tables import create as create_log

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_log(op.get_bind())
