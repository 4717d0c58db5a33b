"""A seat reads its office's work calendar from outside, by an address that can be taken back."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name="fk_calendar_feed_seat_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feed"),
    )
    op.create_index("ix_calendar_feed_seat_id", "calendar_feed", ["seat_id"])
