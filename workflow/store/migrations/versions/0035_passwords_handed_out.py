"""Whether a password was made up by somebody else: then its owner changes it before anything else."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody who is at work is stopped: of the passwords that are there nobody knows where they come from."""
    op.add_column("account", sa.Column("handed_out", sa.Boolean(), nullable=False, server_default=sa.false()))
