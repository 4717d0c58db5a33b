"""Alembic's entry: one transaction for all revisions, on the connection recipe of the product."""

from alembic import context

from audit.tables import METADATA as LOG
from workflow.store.connect import connect
from workflow.store.models import Base

engine = connect(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=[Base.metadata, LOG],
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        user_module_prefix="",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
