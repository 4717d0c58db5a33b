"""A clock remembers the rules it was started under; a release names the entry of the log that says so."""

import json

import sqlalchemy as sa
from alembic import op

from audit import SYSTEM_CHAIN
from audit.tables import audit_entry

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clock", sa.Column("rules", sa.String(length=64), nullable=True))
    op.add_column("rulebook_force", sa.Column("seq", sa.Integer(), nullable=True))
    connection = op.get_bind()
    force = sa.table("rulebook_force", sa.column("digest"), sa.column("seq"))
    chain = sa.select(audit_entry.c.seq, audit_entry.c.bytes).where(audit_entry.c.chain == SYSTEM_CHAIN)
    for seq, encoded in connection.execute(chain.order_by(audit_entry.c.seq)).all():
        entry = json.loads(bytes(encoded))
        if entry["type"] == "rules_released":
            unnamed = (force.c.digest == entry["vars"]["digest"]) & force.c.seq.is_(None)
            connection.execute(sa.update(force).where(unnamed).values(seq=seq))
