"""On PostgreSQL each part of the office is a database user of its own, with the rights it needs alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner
from house_templates import Template
from small_county import SetClock, SmallCounty
from sqlalchemy.engine import URL, make_url

from audit.__main__ import main as check_log
from audit.publishing import CHECKPOINT
from workflow.cli import mingjian
from workflow.house import House, open_house
from workflow.sequencing import sequence

PREFIX = "office"
EVERYBODY = ("app", "sequencer", "auditor", "eraser")


class Office:
    """A county whose database has separate users; `home` holds the keys, `desk` none that sign the tree."""

    def __init__(self, template: Template, folder: Path) -> None:
        self.template, self.home, self.desk = template, folder / "home", folder / "desk"
        self.url: URL = make_url(template.copy("postgresql", self.home))
        granted = CliRunner().invoke(
            mingjian,
            ["--database", self.address(), "--home", str(self.home), "db", "grant", "--prefix", PREFIX],
        )
        assert granted.exit_code == 0, granted.output
        self.clock = SetClock()

    def address(self, role: str | None = None) -> str:
        url = self.url if role is None else self.url.set(username=f"{PREFIX}_{role}")
        return url.render_as_string(hide_password=False)

    def house(self, role: str, home: Path) -> House:
        return open_house(self.address(role), home, now=self.clock)

    def connect(self, role: str) -> Any:
        url = self.url.set(drivername="postgresql", username=f"{PREFIX}_{role}")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@pytest.fixture(scope="module")
def office(template, tmp_path_factory) -> Iterator[Office]:
    """Cases have been worked on as `app`, and published as `sequencer`."""
    made = Office(template, tmp_path_factory.mktemp("office"))
    first = made.house("sequencer", made.home)
    assert sequence(first), "the trees are planted"
    shutil.copytree(made.home, made.desk)
    for key in ("log.key", "reads.key"):
        (made.desk / "keys" / key).unlink()
    pages = made.house("app", made.desk)
    county = SmallCounty(pages, made.clock)
    case = county.staff["vlia1"].files(*county.household())
    county.drive(case, "give_opinion", {})
    assert not sequence(pages), "the pages have no key of the log"
    pages.close()
    assert sequence(first)
    first.close()
    yield made
    template.postgres().drop(made.address())


def test_the_office_works_under_the_narrow_users(office):
    """Steps were done, timers fired and letters written as `app`; everything is published and sound."""
    checkpoint = (office.home / "log" / CHECKPOINT).read_text().splitlines()
    with office.connect("auditor") as conn:
        (entries,) = conn.execute("SELECT count(*) FROM audit_entry WHERE log = 0").fetchone()
        (waiting,) = conn.execute("SELECT count(*) FROM audit_pending").fetchone()
    assert (int(checkpoint[1]), waiting) == (entries, 0)
    assert entries > 10


def test_the_auditor_checks_the_log(office, capsys):
    assert check_log([office.address("auditor")]) == 0, capsys.readouterr()


def test_the_eraser_works_like_the_pages_and_may_delete_sealed_values(office):
    house = office.house("eraser", office.desk)
    county = SmallCounty(house, office.clock)
    case = county.staff["vlia1"].files(*county.household())
    house.close()
    with office.connect("eraser") as conn, conn.transaction(force_rollback=True):
        assert conn.execute("DELETE FROM audit_vault WHERE chain = %s", [case.id]).rowcount > 0
        assert conn.execute("DELETE FROM audit_key WHERE chain = %s", [case.id]).rowcount == 1
        assert conn.execute("INSERT INTO audit_erasure VALUES (%s, 0)", [case.id]).rowcount == 1


ENTRY = "INSERT INTO audit_entry (chain, seq, leaf, prev, bytes) VALUES (gen_random_uuid(), 0, '', '', '')"
NOBODY_MAY = {
    "change an entry": "UPDATE audit_entry SET bytes = bytes",
    "delete an entry": "DELETE FROM audit_entry",
    "empty the log": "TRUNCATE audit_entry CASCADE",
    "drop the log": "DROP TABLE audit_entry CASCADE",
    "move a head": "UPDATE audit_head SET seq = seq",
    "begin a chain": "INSERT INTO audit_head VALUES (gen_random_uuid(), 0, '')",
    "change a place": "UPDATE audit_index SET idx = idx",
    "delete places": "DELETE FROM audit_index",
    "queue an entry": "INSERT INTO audit_pending (log, chain, seq) VALUES (0, gen_random_uuid(), 0)",
    "change a sealed value": "UPDATE audit_vault SET sealed = sealed",
    "rename a log": "UPDATE audit_tree SET origin = origin",
    "forget a key": "DELETE FROM audit_signer",
    "switch a guard off": "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_change",
    "drop a guard": "DROP TRIGGER audit_entry_change ON audit_entry",
    "rewrite a guard": "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN OLD; END'",
    "write as a replica": "SET session_replication_role = replica",
    "become the owner": f"SET ROLE {PREFIX}_owner",
    "make a table": "CREATE TABLE audit_shadow (id integer)",
    "hide a table": "CREATE TEMP TABLE audit_entry (id integer)",
    "delete a case": 'DELETE FROM "case"',
    "read a file of the server": "SELECT pg_read_file('/etc/hostname')",
    "make a user": "CREATE ROLE office_other",
}
MAY_NOT = {
    "app": {
        "delete sealed values": "DELETE FROM audit_vault",
        "delete a key of a case": "DELETE FROM audit_key",
        "note an erasure": "INSERT INTO audit_erasure VALUES (gen_random_uuid(), 0)",
        "give an entry its place": "INSERT INTO audit_index VALUES (1, 0, gen_random_uuid(), 0, '')",
        "empty the queue": "DELETE FROM audit_pending",
        "add a signing key": "INSERT INTO audit_signer VALUES (0, '', 'added', 'application', '', 0)",
        "begin a log": "INSERT INTO audit_tree VALUES (9, 0, 'mine')",
    },
    "eraser": {
        "give an entry its place": "INSERT INTO audit_index VALUES (1, 0, gen_random_uuid(), 0, '')",
        "empty the queue": "DELETE FROM audit_pending",
        "add a signing key": "INSERT INTO audit_signer VALUES (0, '', 'added', 'application', '', 0)",
    },
    "sequencer": {
        "read people": "SELECT * FROM person",
        "read a case": 'SELECT applicant_id FROM "case"',
        "move a case": 'UPDATE "case" SET state = state',
        "order money": "UPDATE payment SET status = status",
        "seal a value": "INSERT INTO audit_vault VALUES (gen_random_uuid(), 0, '', '')",
        "delete sealed values": "DELETE FROM audit_vault",
        "change a letter": "UPDATE letter SET kind = kind",
        "change a receipt's case": "UPDATE receipt SET seq = seq",
    },
    "auditor": {
        "write an entry": ENTRY,
        "read people": "SELECT * FROM person",
        "read a case": 'SELECT * FROM "case"',
        "read accounts": "SELECT * FROM account",
        "empty the queue": "DELETE FROM audit_pending",
        "delete sealed values": "DELETE FROM audit_vault",
        "change a case": 'UPDATE "case" SET state = state',
    },
}


@pytest.mark.parametrize("role", EVERYBODY)
def test_what_a_user_needs_not_is_refused_by_the_database(office, role):
    """By missing rights, before any trigger is asked."""
    with office.connect(role) as conn:
        for what, statement in {**NOBODY_MAY, **MAY_NOT[role]}.items():
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)
                pytest.fail(f"{role} could {what}")


ATTEMPT_20 = {
    "write as a replica": "SET session_replication_role = replica",
    "write as a replica for one transaction": "SET LOCAL session_replication_role = replica",
    "empty the log": "TRUNCATE audit_entry CASCADE",
    "empty the places": "TRUNCATE audit_index",
    "empty the vault": "TRUNCATE audit_vault, audit_key CASCADE",
    "drop the log": "DROP TABLE audit_entry CASCADE",
    "drop the heads": "DROP TABLE audit_head",
    "drop a guard": "DROP TRIGGER audit_entry_change ON audit_entry",
    "drop what the guards call": "DROP FUNCTION audit_refuse() CASCADE",
    "drop the bond to the case": 'DROP TRIGGER case_moves_with_entry ON "case"',
    "drop the schema": "DROP SCHEMA public CASCADE",
    "drop whatever it has": f"DROP OWNED BY {PREFIX}_owner CASCADE",
    "take the log over": "ALTER TABLE audit_entry OWNER TO CURRENT_USER",
    "switch all guards off": "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
}


@pytest.mark.parametrize("role", EVERYBODY)
def test_20_under_users_of_their_own_the_replication_role_truncate_and_drop_are_refused(office, role, capsys):
    """The guards are not even asked, and stand as before: the auditor finds the log whole and guarded."""
    with office.connect("auditor") as conn:
        before = conn.execute("SELECT count(*), max(recorded_at) FROM audit_entry").fetchone()
    with office.connect(role) as conn:
        for what, statement in ATTEMPT_20.items():
            with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
                conn.execute(statement)
                pytest.fail(f"{role} could {what}")
        found = conn.execute("SHOW session_replication_role").fetchone()
    assert found == ("origin",)
    with office.connect("auditor") as conn:
        assert conn.execute("SELECT count(*), max(recorded_at) FROM audit_entry").fetchone() == before
    assert check_log([office.address("auditor")]) == 0, capsys.readouterr()


def test_nobody_signs_in_as_the_owner_and_strangers_see_nothing(office):
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        office.connect("owner")
    stranger = f"stranger_{uuid4().hex[:8]}"
    admin = office.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {stranger} LOGIN")
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(admin.replace("postgres@", f"{stranger}@"))
        conn.execute(f"DROP ROLE {stranger}")


def test_granting_again_takes_back_what_was_given_by_hand(office):
    admin = office.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"GRANT ALL ON audit_entry, person TO {PREFIX}_auditor")
    again = ["--database", office.address(), "--home", str(office.home), "db", "grant", "--prefix", PREFIX]
    assert CliRunner().invoke(mingjian, again).exit_code == 0
    with office.connect("auditor") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("SELECT * FROM person")


def test_on_sqlite_there_are_no_users(tmp_path):
    done = CliRunner().invoke(mingjian, ["--home", str(tmp_path), "db", "grant"])
    assert (done.exit_code, "PostgreSQL" in done.output) == (1, True)
    odd = CliRunner().invoke(mingjian, ["--home", str(tmp_path), "db", "grant", "--prefix", "a; DROP"])
    assert odd.exit_code == 1
