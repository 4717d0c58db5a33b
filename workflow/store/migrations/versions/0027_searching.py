"""What an inspector searches all cases by: place, outcome, amount, who registered; a person's whole name."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for columns in (["township", "opened_at"], ["outcome", "opened_at"], ["aid"], ["opened_by"]):
        op.create_index(op.f("ix_case_" + "_".join(columns)), "case", columns)
    op.create_index(op.f("ix_person_name"), "person", ["name"])
