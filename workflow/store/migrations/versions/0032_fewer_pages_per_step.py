"""A step writes fewer pages: indexes leave out rows that have no value yet, two tables are one tree each."""

import sqlalchemy as sa
from alembic import op

from audit import guards
from audit.tables import audit_vault
from workflow.store.types import Instant

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
        _requests()
        _vault(connection)
        guards.install(connection)  # which look at the head once for each entry


def _requests() -> None:
    op.rename_table("request", "request_before")
    op.create_table(
        "request",
        sa.Column("principal", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_request")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO request SELECT principal, key, digest, response, at FROM request_before")
    op.drop_table("request_before")


def _vault(connection: sa.Connection) -> None:
    """A new database has it so from its first migration, for the log makes its own tables."""
    made = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = 'audit_vault'"))
    if "WITHOUT ROWID" in str(made):
        return
    op.rename_table("audit_vault", "audit_vault_before")
    audit_vault.create(connection)
    op.execute(
        "INSERT INTO audit_vault (chain, seq, nonce, sealed) "
        "SELECT chain, seq, nonce, sealed FROM audit_vault_before ORDER BY chain, seq"
    )
    op.drop_table("audit_vault_before")
