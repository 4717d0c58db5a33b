"""Extensions, steps handed to one seat, supervision with an answer owed."""

import sqlalchemy as sa
from alembic import op

from workflow.store.types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL")
ASSIGNED = sa.text("done_at IS NULL AND assigned_seat IS NOT NULL")
WORKLIST = ["org", "role", "kind", "due_at", "warn_at", "paused", "case_id", "id", "assigned_seat"]


def upgrade() -> None:
    op.add_column("task", sa.Column("assigned_seat", sa.Integer(), nullable=True))
    op.drop_index("ix_task_worklist", "task")
    op.create_index("ix_task_worklist", "task", WORKLIST, sqlite_where=OPEN, postgresql_where=OPEN)
    handed = ["org", "role", "assigned_seat"]
    op.create_index("ix_task_assigned", "task", handed, sqlite_where=ASSIGNED, postgresql_where=ASSIGNED)
    op.add_column("clock", sa.Column("extended_by", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("clock", sa.Column("extended_at", Instant(), nullable=True))
    with op.batch_alter_table("inbox_message") as inbox:
        inbox.add_column(sa.Column("seat_id", sa.Integer(), nullable=True))
        inbox.alter_column("case_id", existing_type=sa.Uuid(), nullable=True)
        inbox.alter_column("kind", existing_type=sa.String(16), type_=sa.String(24))
    _extensions()
    _assignments()
    _supervisions()


def _extensions() -> None:
    op.create_table(
        "extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_org", sa.String(32), nullable=False),
        sa.Column("asked_role", sa.String(8), nullable=False),
        sa.Column("asked_seq", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_extension_case_id"),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_extension_clock_id"),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name="fk_extension_asked_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name="fk_extension_decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
    )
    op.create_index("ix_extension_case_id", "extension", ["case_id"])
    op.create_index("ix_extension_decided_at", "extension", ["decided_at"])


def _assignments() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("from_org", sa.String(32), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("exception", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_assignment_case_id"),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name="fk_assignment_seat_id"),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name="fk_assignment_by"),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_case_id", "assignment", ["case_id"])
    op.create_index("ix_assignment_exception_at", "assignment", ["exception", "at"])


def _supervisions() -> None:
    op.create_table(
        "supervision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("org", sa.String(32), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_org", sa.String(32), nullable=False),
        sa.Column("opened_seq", sa.Integer(), nullable=False),
        sa.Column("answer_by", Instant(), nullable=False),
        sa.Column("next_alarm_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_seq", sa.Integer(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_supervision_case_id"),
        sa.ForeignKeyConstraint(["opened_by"], ["account.id"], name="fk_supervision_opened_by"),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name="fk_supervision_answered_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["account.id"], name="fk_supervision_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_supervision"),
    )
    op.create_index("ix_supervision_case_id", "supervision", ["case_id"])
    op.create_index("ix_supervision_ended_at_next_alarm_at", "supervision", ["ended_at", "next_alarm_at"])
