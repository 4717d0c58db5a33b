"""Cards for chronic diseases."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chronic_card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("disease_list", sa.String(length=8), nullable=False),
        sa.Column("hospital", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_chronic_card_person_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_chronic_card_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chronic_card")),
        sa.UniqueConstraint("number", name=op.f("uq_chronic_card_number")),
    )
    op.create_index(op.f("ix_chronic_card_person_id_valid_to"), "chronic_card", ["person_id", "valid_to"])
