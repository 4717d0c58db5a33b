"""Receipts of what decides or pays. Letters and orders that have not left yet get one too."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WAITING = sa.text("proof IS NULL")


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_receipt_case_id")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_receipt")),
    )
    op.create_index(
        "ix_receipt_waiting", "receipt", ["case_id", "seq"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    connection = op.get_bind()
    tables = sa.MetaData()
    receipt, letter, outbox, case = (
        sa.Table(name, tables, autoload_with=connection) for name in ("receipt", "letter", "outbox", "case")
    )
    undelivered = sa.select(letter.c.case_id, letter.c.seq).where(letter.c.delivered_at.is_(None)).distinct()
    connection.execute(sa.insert(receipt).from_select(["case_id", "seq"], undelivered))
    orders = sa.select(outbox.c.id, outbox.c.payload, case.c.id.label("case_id"), case.c.seq).join(
        case, case.c.id == outbox.c.case_id
    )
    waiting = orders.where(outbox.c.kind == "payment_order", outbox.c.done_at.is_(None))
    for row in connection.execute(waiting).all():
        payload = {**row.payload, "seq": row.seq}
        connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(payload=payload))
        there = sa.select(receipt.c.seq).where(receipt.c.case_id == row.case_id, receipt.c.seq == row.seq)
        if connection.execute(there).first() is None:
            connection.execute(sa.insert(receipt), {"case_id": row.case_id, "seq": row.seq})
