"""Entries get a signature and a place in the tree; what is there already waits for its place."""

from alembic import op

from audit.tables import create as create_log

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_log(op.get_bind())
