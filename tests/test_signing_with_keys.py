"""Who signed an entry, and whether that key counted there: keys count by place in the log, not by time."""

import os
import shutil
from dataclasses import replace
from uuid import uuid4

import pytest
from log_office import DONE, LOOKED, Office
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

import audit
from audit import index, keyring
from audit.chain import leaf_of
from audit.keyfile import FileSigner, Pen, create_signer, load_signer
from audit.keyring import KeyUnknown
from audit.note import COSIGNS, SIGNS, NoteRefused
from audit.private import KeyRefused
from audit.tables import audit_entry, audit_head, audit_signer

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def office(database_url, tmp_path):
    office = Office(database_url, tmp_path / "home")
    office.write(2)
    office.round()
    yield office
    office.close()


def rotate(office):
    """Another key in the place of the application's; the old one is returned."""
    old = office.vault.signer()
    fresh = office.home / "keys/app.next"
    create_signer(fresh, "mingjian/application")
    with office.engine.begin() as conn:
        keyring.add(conn, office.vault, load_signer(fresh).key, keyring.APPLICATION, office.at)
    os.replace(fresh, office.home / "keys/app.key")
    assert office.vault.key().id != old.key.id
    return old


def revoke(office, key):
    with office.engine.begin() as conn:
        keyring.revoke(conn, office.vault, key.id, "lost", office.at)


def with_key(office, signer):
    """A process that still (or wrongly) holds that key."""
    vault = audit.Vault(bytes(32))
    vault.signer = lambda: signer
    return vault


def append(office, vault, **changes):
    with office.engine.begin() as conn:
        return audit.append_next(
            conn, vault, uuid4(), replace(DONE, at_claimed=office.at, **changes), office.at
        )


def codes(office):
    return sorted(fault.code for fault in office.report().faults)


def past_the_guard(office, vault):
    """An entry of a key that the database refuses, put in by its owner."""
    with office.unguarded():
        appended = append(office, vault)
        office.execute("INSERT INTO audit_pending (log, chain, seq) SELECT 0, chain, seq FROM audit_entry e "
                       "WHERE NOT EXISTS (SELECT 1 FROM audit_head h WHERE h.chain = e.chain)")  # fmt: skip
        with office.engine.begin() as conn:
            conn.execute(insert(audit_head).values(chain=appended.chain, seq=0, leaf=appended.leaf))
    return appended


def test_every_entry_names_and_bears_the_applications_signature(office):
    entries = office.entries()
    kid = office.vault.key().id.hex()
    assert {entry["kid"] for entry in entries} == {kid}
    for leaf in office.tree().leaves():
        assert leaf.signature[:4].hex() == kid
        assert office.vault.key().verifies(b"mingjian/entry/v1\n" + leaf_of(leaf.entry), leaf.signature[4:])
    assert codes(office) == []


def test_another_key_signs_as_soon_as_it_lies_there_and_the_old_one_counts_on(office):
    old = rotate(office)
    office.write()
    append(office, with_key(office, old))
    office.round()
    assert len({entry["kid"] for entry in office.entries()}) == 2
    assert codes(office) == []


def test_24_a_revoked_key_signs_nothing_more(office):
    old = rotate(office)
    append(office, with_key(office, old))
    revoke(office, old.key)
    with pytest.raises(DBAPIError, match="is revoked"):
        append(office, with_key(office, old))
    office.write()
    office.round()
    assert codes(office) == []


def test_24_a_stolen_key_used_after_its_revocation_is_found_by_its_place(office):
    old = rotate(office)
    revoke(office, old.key)
    office.round()
    past_the_guard(office, with_key(office, old))
    assert codes(office) == ["key"]
    office.round()
    assert codes(office) == ["key"]


def test_24_back_dating_does_not_help(office):
    old = rotate(office)
    revoke(office, old.key)
    office.round()
    office.later(days=-30)
    past_the_guard(office, with_key(office, old))
    office.later(days=30)
    office.round()
    assert "key" in codes(office)


def test_23_an_entry_without_the_applications_key_is_found(office):
    append(office, audit.Vault(bytes(32)))
    assert codes(office) == ["unsigned"]
    office.round()
    assert codes(office) == ["unsigned"]


def test_23_an_entry_under_a_key_of_ones_own_is_found(office, tmp_path):
    mine = FileSigner("mingjian/application", SIGNS, bytes(32))
    append(office, with_key(office, mine))
    office.round()
    assert codes(office) == ["kid"]


def test_23_nor_can_one_add_a_key_by_oneself(office):
    mine = FileSigner("mingjian/application", SIGNS, bytes(32))
    vault = with_key(office, mine)
    with office.engine.begin() as conn:
        keyring.add(conn, vault, mine.key, keyring.APPLICATION, office.at)
    append(office, vault)
    office.round()
    assert codes(office) == ["kid", "kid", "kid"]


def test_23_nor_with_a_row_that_no_entry_tells(office):
    mine = FileSigner("mingjian/application", SIGNS, bytes(32))
    row = {"log": 0, "key_id": mine.key.id, "event": "added", "purpose": "application", "vkey": mine.key.vkey}
    with office.engine.begin() as conn:
        conn.execute(insert(audit_signer), [{**row, "seq": 0}])
    append(office, with_key(office, mine))
    assert codes(office) == ["kid"]


def test_23_a_signature_of_another_entry_is_found(office):
    first, second = office.write(), office.write()
    c = audit_entry.c
    with office.unguarded(), office.engine.begin() as conn:
        other = conn.scalar(c.signature.table.select().with_only_columns(c.signature).where(c.chain == first))
        conn.execute(update(audit_entry).where(c.chain == second).values(signature=other))
    assert codes(office) == ["signature"]


def test_23_a_signature_taken_away_is_found(office):
    case = office.write()
    with office.unguarded(), office.engine.begin() as conn:
        conn.execute(update(audit_entry).where(audit_entry.c.chain == case).values(signature=None))
    assert codes(office) == ["unsigned"]


def test_an_entry_moved_to_the_other_log_is_found(office):
    case = office.write()
    with office.unguarded(), office.engine.begin() as conn:
        conn.execute(update(audit_entry).where(audit_entry.c.chain == case).values(log=1))
    assert codes(office) == ["log"]


def test_an_entry_under_a_case_that_is_no_uuid_is_found(office):
    case = office.write()
    with office.unguarded(), office.engine.begin() as conn:
        (stored,) = audit.entries(conn, case)
        for named in ("not-a-uuid", case.hex):
            encoded = audit.canonical.encode({**stored.entry, "case": named})
            where = audit_entry.c.chain == case
            conn.execute(update(audit_entry).where(where).values(bytes=encoded, leaf=leaf_of(encoded)))
            assert [fault.code for fault in audit.verify(conn).faults] == ["place"]


def test_a_draft_for_a_log_that_does_not_exist_is_refused(office):
    with pytest.raises(audit.EntryRefused, match="no log"):
        append(office, office.vault, log="elsewhere")


def test_reads_are_signed_and_chained_in_their_own_log(office):
    case = office.write()
    office.write(2, case, LOOKED)
    office.round()
    assert codes(office) == []
    reads = [entry for entry in office.entries("reads") if entry["type"] == "file_read"]
    assert [(entry["case"], entry["seq"]) for entry in reads] == [(str(case), 0), (str(case), 1)]
    with office.reader.connect() as conn:
        assert len(list(audit.entries(conn, audit.chain_of(case, audit.READS)))) == 2
        assert len(list(audit.entries(conn, case))) == 1


def test_a_key_is_revoked_once_and_never_by_itself(office):
    old = rotate(office)
    with pytest.raises(KeyUnknown, match="cannot revoke itself"):
        revoke(office, office.vault.key())
    revoke(office, old.key)
    for key in (old.key, FileSigner("other", SIGNS, bytes(32)).key):
        with pytest.raises(KeyUnknown, match="not in force"):
            revoke(office, key)


def test_a_revocation_that_waits_for_its_place_counts_behind_all_that_has_one(office):
    old = rotate(office)
    append(office, with_key(office, old))
    revoke(office, old.key)
    with office.reader.connect() as conn:
        known = {found.key.id: found for found in keyring.keys(conn, {audit.LOG: 0})}
    assert known[old.key.id].counts_at(3) and known[old.key.id].counts_at(None)
    assert not known[office.vault.key().id].counts_at(3) and known[office.vault.key().id].counts_at(None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("bytes", b"{}"),
        ("bytes", b"junk"),
        ("bytes", b"[]"),
        ("signature", b"\x00" * 68),
        ("signature", None),
    ],
)
def test_an_altered_entry_adds_no_key(office, column, value):
    """Without the entry that added the first key nothing is signed by a known one."""
    with office.unguarded(), office.engine.begin() as conn:
        where = (audit_entry.c.chain == audit.SYSTEM_CHAIN) & (audit_entry.c.seq == 0)
        conn.execute(update(audit_entry).where(where).values({column: value}))
        assert keyring.keys(conn, {audit.LOG: 0}) == []


@pytest.mark.parametrize("change", [{"kid": "no hex"}, {"kid": 7}, {"v": 2}, {"actor": None}, {"log": []}])
def test_what_is_no_entry_adds_no_key(office, change):
    """Whatever the rows hold: the verifier names it and does not stop."""
    where = (audit_entry.c.chain == audit.SYSTEM_CHAIN) & (audit_entry.c.seq == 0)
    with office.unguarded(), office.engine.begin() as conn:
        content = audit.canonical.decode_strict(conn.scalar(select(audit_entry.c.bytes).where(where)))
        encoded = audit.canonical.encode({**content, **change})
        conn.execute(update(audit_entry).where(where).values(bytes=encoded, leaf=leaf_of(encoded)))
        assert keyring.keys(conn, {audit.LOG: 0}) == []
    assert "shape" in codes(office)


def test_a_tree_of_an_unknown_log_is_no_tree(office):
    with office.unguarded():
        office.execute("INSERT INTO audit_tree (tree, log, origin) VALUES (9, 7, 'mingjian/other')")
    with office.reader.connect() as conn:
        assert index.trees(conn).keys() == {audit.LOG, audit.READS}
    assert office.report().ok


def test_a_revocation_by_a_key_that_does_not_count_is_none(office):
    mine = FileSigner("mingjian/application", SIGNS, bytes(32))
    with office.engine.begin() as conn:
        keyring.revoke(conn, with_key(office, mine), office.vault.key().id, "out of my way", office.at)
        (known, *_) = keyring.keys(conn, {audit.LOG: 0})
    assert known.key == office.vault.key() and known.revoked is None
    office.round()
    with office.reader.connect() as conn:
        assert keyring.keys(conn, {audit.LOG: 0})[0].revoked is None


def test_a_revocation_of_a_key_that_was_never_validly_added_changes_nothing(office):
    mine = FileSigner("mingjian/application", SIGNS, bytes(32))
    with office.engine.begin() as conn:
        keyring.add(conn, with_key(office, mine), mine.key, keyring.APPLICATION, office.at)
        keyring.revoke(conn, office.vault, mine.key.id, "not ours", office.at)
        assert mine.key.id not in {known.key.id for known in keyring.keys(conn, {audit.LOG: 0})}


# Files: the same Python on both databases.


def test_a_signing_key_is_written_once_and_read_as_it_stands(tmp_path):
    path = tmp_path / "keys" / "w.key"
    create_signer(path, "w.example", COSIGNS)
    signer = load_signer(path)
    create_signer(path, "other.example")
    assert load_signer(path).key == signer.key
    assert (signer.key.name, signer.key.kind) == ("w.example", COSIGNS)
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    known = FileSigner.parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert known.key.vkey == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"\xff", b"PRIVATE+KEY+n+00000000+AAAA", b"PRIVATE+KEY+PeterNeumann+c74f20a4+"
                b"AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"],
)  # fmt: skip
def test_a_file_without_a_key_is_refused(tmp_path, content):
    path = tmp_path / "w.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match="holds no signing key"):
        load_signer(path)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "w.key"
    create_signer(path, "w.example")
    path.chmod(0o644)
    with pytest.raises(KeyRefused, match="owner alone"):
        Pen(path).signer()
    with pytest.raises(KeyRefused, match="cannot be read"):
        Pen(tmp_path / "none").signer()


def test_a_vault_without_a_key_signs_nothing():
    with pytest.raises(KeyRefused, match="no key to sign"):
        audit.Vault(bytes(32)).key()


def test_secrets_that_are_missing_are_made_on_request_only(tmp_path):
    with pytest.raises(audit.VaultError):
        audit.open_vault(tmp_path)
    made = audit.open_vault(tmp_path, create=True)
    assert audit.open_vault(tmp_path).key() == made.key() == audit.open_vault(tmp_path, create=True).key()


def test_a_private_key_never_comes_from_a_note(tmp_path):
    with pytest.raises(NoteRefused, match="not a private key"):
        FileSigner.parse(FileSigner("n", SIGNS, bytes(32)).key.vkey)


def test_a_second_house_needs_a_key_that_the_log_knows(county, tmp_path):
    from workflow.house import open_house

    url = county.house.engine.url.render_as_string(hide_password=False)
    other = tmp_path / "other"
    (other / "keys").mkdir(parents=True, mode=0o700)
    shutil.copy(county.house.home / "keys/vault.key", other / "keys/vault.key")
    with pytest.raises(KeyRefused, match="not one of this log"):
        open_house(url, other)
    with county.house.engine.begin() as conn:
        key = load_signer(other / "keys/app.key").key
        keyring.add(conn, county.house.vault, key, keyring.APPLICATION, county.clock.at)
    open_house(url, other).close()
