"""The day on which a spot check is drawn, where it hangs on a day and not on the length of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spot_check", sa.Column("draw_on", sa.Date(), nullable=True))
