"""The first layout: the work, the log, and the bond between them."""

from alembic import op

from audit.tables import create as create_log
from workflow.store.bonds import tie
from workflow.store.models import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    create_log(connection)
    Base.metadata.create_all(connection)
    tie(connection)


def downgrade() -> None:
    raise RuntimeError("a log that can be unrolled is none: restore a backup instead")
