"""Messages leave the house by channels; digests, and when a worker was last seen."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNROUTED = sa.text("routed_at IS NULL")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("channel", sa.String(32), nullable=True))
    op.add_column("outbox", sa.Column("last_error", sa.String(120), nullable=True))
    op.add_column("outbox", sa.Column("gave_up_at", Instant(), nullable=True))
    op.create_index("ix_outbox_channel", "outbox", ["channel", "done_at", "gave_up_at", "available_at"])
    op.add_column("inbox_message", sa.Column("routed_at", Instant(), nullable=True))
    op.execute("UPDATE inbox_message SET routed_at = at")  # what lies there was never to be sent
    op.create_index(
        "ix_inbox_message_routed", "inbox_message", ["id"], sqlite_where=UNROUTED, postgresql_where=UNROUTED
    )
    op.create_table(
        "channel",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("last_error", sa.String(120), nullable=True),
        sa.Column("last_ok_at", Instant(), nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_channel"),
    )
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
        sa.UniqueConstraint("rule", "day", name="uq_digest_rule_day"),
    )
    op.create_table(
        "beat",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_beat"),
    )
