"""A seat that one administrator proposes and another confirms."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("org", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=True),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_seat", sa.Integer(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_appointment_account_id")),
        sa.ForeignKeyConstraint(["org"], ["organisation.code"], name=op.f("fk_appointment_org")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_appointment_seat_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["account.id"], name=op.f("fk_appointment_proposed_by")),
        sa.ForeignKeyConstraint(["proposed_seat"], ["seat.id"], name=op.f("fk_appointment_proposed_seat")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_appointment_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index(op.f("ix_appointment_state"), "appointment", ["state"])
    op.create_index(op.f("ix_appointment_seat_id"), "appointment", ["seat_id"])
