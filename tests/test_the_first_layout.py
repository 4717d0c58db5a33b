"""The migrations give exactly the tables that the models describe, on both databases."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from audit import guards
from audit.tables import METADATA as LOG
from workflow.store import connect
from workflow.store.migrations import config, upgrade
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


TREES = {
    "audit_vault": "CREATE TABLE audit_vault (chain CHAR(32) NOT NULL, seq INTEGER NOT NULL, "
    "nonce BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (chain, seq)) WITHOUT ROWID",
    "request": "CREATE TABLE request (principal VARCHAR(48) NOT NULL, key VARCHAR(64) NOT NULL, "
    "digest VARCHAR(64) NOT NULL, response JSON NOT NULL, at VARCHAR(27) NOT NULL, "
    "CONSTRAINT pk_request PRIMARY KEY (principal, key)) WITHOUT ROWID",
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_sealed_and_answered_stays_when_a_tree_of_rows_becomes_a_table_with_an_index(database_url):
    command.upgrade(config(database_url), "0032")
    engine = connect(database_url)
    with engine.begin() as connection:
        for table, made in TREES.items():
            connection.execute(text(f"DROP TABLE {table}"))
            connection.execute(text(made))
        guards.install(connection)
        for seq in (1, 0):
            sealed = {"chain": "ab" * 16, "seq": seq, "nonce": b"n", "sealed": bytes([seq])}
            connection.execute(text("INSERT INTO audit_vault VALUES (:chain, :seq, :nonce, :sealed)"), sealed)
        connection.execute(text("INSERT INTO request VALUES ('seat-1', 'k', 'd', '{}', '2026')"))
    engine.dispose()
    assert upgrade(database_url)
    engine = connect(database_url)
    with engine.begin() as connection:
        layout = {n: s for n, s in connection.execute(text("SELECT name, sql FROM sqlite_master"))}
        assert not any("WITHOUT ROWID" in layout[table] for table in TREES)
        assert not [name for name in layout if name.endswith("_before")]
        assert guards.missing(connection) == []
        rows = connection.execute(text("SELECT * FROM audit_vault")).all()
        assert rows == [("ab" * 16, 0, b"n", b"\0"), ("ab" * 16, 1, b"n", b"\1")]
        assert connection.execute(text("SELECT * FROM request")).all() == [("seat-1", "k", "d", "{}", "2026")]
    engine.dispose()
