"""Two tables that were one tree of whole rows are a table with an index again: with pages of 2 kB a tree of
rows of some hundred bytes, in no order, is parted so often that it writes more than both.
"""

import sqlalchemy as sa
from alembic import op

from audit import guards
from audit.tables import audit_vault
from workflow.store.types import Instant

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

LAYOUT = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")


def upgrade() -> None:
    """Only where an earlier form of 0032 has been: it made the trees."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    for name, create in (("request", _requests), ("audit_vault", audit_vault.create)):
        if "WITHOUT ROWID" in str(connection.scalar(LAYOUT, {"name": name})):
            op.rename_table(name, f"{name}_before")
            create(connection)
            op.execute(f"INSERT INTO {name} SELECT * FROM {name}_before")  # noqa: S608 — our own names
            op.drop_table(f"{name}_before")
    guards.install(connection)


def _requests(connection: sa.Connection) -> None:
    op.create_table(
        "request",
        sa.Column("principal", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_request")),
    )
