"""The migrations give exactly the tables that the models describe, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from audit.tables import METADATA as LOG
from workflow.store import connect
from workflow.store.migrations import upgrade
from workflow.store.models import Base


def test_migrations_and_models_agree(database_url):
    assert upgrade(database_url)
    engine = connect(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    ours = [d for d in differences if not (d[0] == "remove_table" and d[1].name in LOG.tables)]
    ours = [d for d in ours if not (d[0] == "remove_table" and d[1].name == "alembic_version")]
    assert not ours, ours
    assert not upgrade(database_url), "a second time there is nothing to do"
