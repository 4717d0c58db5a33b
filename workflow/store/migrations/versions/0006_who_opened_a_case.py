"""Who opened a case: a step may be kept from that person, as from whoever did an earlier step."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("opened_by", sa.Integer(), nullable=True))
