"""Nothing of a case changes without its entry, and no row is put in the place of another."""

from alembic import op

from workflow.store.bonds import tie

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    tie(op.get_bind())
