"""Whether a password was made up by somebody else: then its owner changes it before anything else. And what
replaces a forgotten one, by two administrators.
"""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody who is at work is stopped: of the passwords that are there nobody knows where they come from."""
    op.add_column("account", sa.Column("handed_out", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "password_reset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_seat", sa.Integer(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_password_reset_account_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_password_reset_proposed_by")),
        sa.ForeignKeyConstraint(["proposed_seat"], ["seat.id"], name=op.f("fk_password_reset_proposed_seat")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_password_reset_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset")),
    )
    op.create_index(op.f("ix_password_reset_state"), "password_reset", ["state"])
