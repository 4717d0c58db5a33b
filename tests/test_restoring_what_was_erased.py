"""A real backup, made before an erasure and restored after it, brings nothing back for good."""

import shutil
from contextlib import closing
from pathlib import Path

import pysqlite3.dbapi2
import pytest
from house_templates import opened
from sqlalchemy import select
from sqlalchemy.engine import make_url
from test_changing_keys import run  # noqa: F401 - fixture
from test_erasing_personal_data import ended, erase, keys_of, report  # noqa: F401 - fixture

import audit
from audit.publishing import Behind
from audit.tables import audit_vault
from workflow.replay import replay
from workflow.store.models import Letter, Outbox, Paper

pytestmark = pytest.mark.tampers


class Backup:
    """Made with the database's own tools while the office is open."""

    def __init__(self, county, server):
        self.url = make_url(county.house.engine.url)
        self.server, self.file = server, county.house.home / "backup"
        if self.url.get_backend_name() == "sqlite":
            with closing(pysqlite3.dbapi2.connect(self.url.database)) as conn:
                conn.execute("VACUUM INTO ?", [str(self.file)])
            return
        self.file = server.folder / f"{self.url.database}.dump"
        server._run("pg_dump", *self._where, "-Fc", "-f", str(self.file), self.url.database)

    @property
    def _where(self):
        return "-h", str(self.server.folder), "-U", "postgres"

    def restore(self):
        """The older database lies under the office's address again."""
        if self.url.get_backend_name() == "sqlite":
            for end in ("-wal", "-shm"):
                Path(f"{self.url.database}{end}").unlink(missing_ok=True)
            shutil.copy(self.file, self.url.database)
        else:
            self.server.drop(str(self.url))
            self.server._administer(f'CREATE DATABASE "{self.url.database}"')
            self.server._run("pg_restore", *self._where, "-d", self.url.database, str(self.file))


@pytest.fixture
def back(county, ended, template):  # noqa: F811
    """The office after an erasure, on the database of the evening before. Yields that evening's keys."""
    with county.house.reader.connect() as conn:
        assert audit.openings(conn, county.house.vault, ended.id, 0)
    county.house.sequencer().round()
    server = None if county.house.engine.dialect.name == "sqlite" else template.postgres()
    backup, keys = Backup(county, server), keys_of(county, ended)
    erase(county, ended)
    assert keys and keys_of(county, ended) == []
    address = county.house.engine.url.render_as_string(hide_password=False)
    county.house.close()
    backup.restore()
    county.house = opened(template, address, county.house.home, county.clock)
    yield keys
    county.house.close()


def test_what_an_older_backup_brings_back_is_erased_again_when_the_log_is_recovered(
    county,
    ended,  # noqa: F811
    back,
    run,  # noqa: F811
):
    assert keys_of(county, ended) == back and ended.row.erased_at is None, "the backup knows of no erasure"
    assert isinstance(county.house.sequencer().round()[audit.LOG].fault, Behind)
    told = run("recover", "--reason", "the disk was lost")
    assert told.exit_code == 0 and f"Erased again: {ended.id}" in told.output
    assert keys_of(county, ended) == [] and ended.row.erased_at is not None
    with county.house.reader.connect() as conn:
        assert conn.execute(select(audit_vault).where(audit_vault.c.chain == ended.id)).all() == []
        opened_now = audit.openings(conn, county.house.vault, ended.id, 0)
        assert {one.status.value for one in opened_now.values()} == {"ERASED"}
        assert replay(county.house, conn, ended.id).difference is None
    entry = ended.entries[-1]
    assert (entry["type"], entry["vars"]["again"], len(entry["vars"]["approved_by"])) == ("erasure", True, 2)
    assert report(county).ok
    county.house.sequencer().forget()
    county.clock.at = county.rows(Outbox, Outbox.kind == "erase_files")[-1].available_at
    county.night()
    assert all(row.fields == {} for row in county.rows(Letter, Letter.case_id == ended.id))
    assert {row.sha256 for row in county.rows(Paper, Paper.case_id == ended.id)} == {""}
    assert county.house.sequencer().round()[audit.LOG].out
    again = run("recover", "--reason", "once more")
    assert "Erased again" not in again.output, "and once is enough"
