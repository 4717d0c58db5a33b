"""Every entry gets one place in one tree, in the order of its case, and the tree is signed and published."""

import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from log_office import DONE, LOOKED, NOON, Office
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import audit
from audit import index, keyring, tables
from audit.checkpoint import Checkpoint
from audit.index import EntryAltered
from audit.keyfile import create_signer, load_signer
from audit.note import NoteRefused
from audit.policy import PolicyFaulty
from audit.private import KeyRefused
from audit.publishing import Behind, Contradiction
from audit.sequencer import NotHere
from audit.tiles import TreeBroken
from workflow.store import connect

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def office(database_url, tmp_path):
    office = Office(database_url, tmp_path / "home")
    yield office
    office.close()


def test_what_was_written_is_published_in_the_order_of_each_case(office):
    cases = [office.write(2) for _ in range(3)]
    for case in cases:
        office.write(1, case)
    office.write(2, draft=LOOKED)
    done = office.round()
    assert done[audit.LOG].out and done[audit.READS].out
    entries = office.entries()
    assert [entry["seq"] for entry in entries if entry["case"] == str(cases[1])] == [0, 1, 2]
    assert [entry["type"] for entry in entries[:3]] == ["key_added", "task_completed", "task_completed"]
    assert [entry["type"] for entry in office.entries("reads")][1:3] == ["file_read", "file_read"]
    assert office.report().ok
    with office.reader.connect() as conn:
        trees = index.trees(conn)
        wanted = [(cases[0], 0), (cases[0], 1), (uuid4(), 0)]
        found = index.places(conn, trees[audit.LOG][0], wanted)
        assert found == {(cases[0], 0): 1, (cases[0], 1): 2}


def test_the_folder_says_whose_log_it_is(office):
    office.round()
    content = json.loads((office.home / "log/keys.json").read_bytes())
    assert [log["origin"] for log in content["logs"]] == [
        office.seen().checkpoint.origin, office.seen("reads").checkpoint.origin
    ]  # fmt: skip
    ours = [key for key in content["keys"] if key["purpose"] == "application"]
    assert [(key["log"], key["added"], key["revoked"]) for key in ours] == [
        (audit.LOG, 0, None),
        (audit.READS, 0, None),
    ]
    assert office.policy().quorum == "none"
    assert [party.key.vkey for party in office.policy().logs] == [
        key["vkey"] for key in content["keys"] if key["purpose"] == "tree"
    ]


def test_a_round_without_news_writes_nothing(office):
    office.write(3)
    office.round()
    before = {path: path.stat().st_mtime_ns for path in office.home.rglob("*") if path.is_file()}
    assert office.round()[audit.LOG].moved == 0
    assert office.restarted().round()[audit.LOG].out
    changed = [p.name for p, at in before.items() if p.stat().st_mtime_ns != at and "sqlite" not in p.name]
    assert "1" not in changed and "keys.json" not in changed


def test_more_entries_than_one_transaction_takes_come_with_the_next_rounds(office, monkeypatch):
    monkeypatch.setattr(index, "BATCH", 4)
    office.write(9)
    sizes = []
    while (advance := office.round()[audit.LOG]).moved:
        sizes.append(advance.size)
    assert sizes == [4, 8, 12]  # with the keys of application and tree, and the tick
    assert office.restarted().round()[audit.LOG].out


@only_postgresql
def test_a_slow_commit_is_not_missed(office):
    slow = office.engine.connect()
    office.append(slow, uuid4())
    office.write(2)
    office.round()
    size = office.seen().checkpoint.size
    slow.commit()
    slow.close()
    assert office.round()[audit.LOG].moved == 1
    assert office.seen().checkpoint.size == size + 1


def test_writers_at_the_same_time_lose_nothing(office):
    def work():
        for _ in range(3):
            office.write(4)

    people = [threading.Thread(target=work) for _ in range(4)]
    for person in people:
        person.start()
    while any(person.is_alive() for person in people):
        office.round()
    for person in people:
        person.join()
    office.round()
    office.round()
    entries = [entry for entry in office.entries() if entry["type"] == "task_completed"]
    assert len(entries) == 48
    assert len({(entry["case"], entry["seq"]) for entry in entries}) == 48
    assert office.report().ok


def test_only_one_sequences_at_a_time(office):
    inside = []
    office.restarted(observe=lambda step: inside.append(office.another().round()))
    office.write()
    office.round()
    assert inside and set(inside) == {None}


@only_postgresql
def test_on_another_machine_neither(office, tmp_path, database_url):
    """Another home folder on the same database: locked out while one works, and not the log's home later."""
    other = Office(database_url, tmp_path / "other")
    inside = []
    office.restarted(observe=lambda step: inside.append(other.another().round()))
    office.round()
    assert inside and set(inside) == {None}
    with pytest.raises(NotHere, match="does not publish"):
        other.round()
    other.close()


def test_a_bit_that_flipped_between_hashing_and_storing_is_not_signed(office):
    """13, before sequencing: the sequencer hashes what is stored."""
    office.round()
    case = office.write()
    with office.unguarded():
        office.execute("UPDATE audit_entry SET bytes = :new WHERE seq = 0 AND chain = :chain", new=b"{}",
                       chain=case if office.engine.dialect.name == "postgresql" else case.hex)  # fmt: skip
    before = (office.home / "log/checkpoint").read_bytes()
    office.write(1, draft=LOOKED)
    done = office.sequencer.round()
    assert isinstance(done[audit.LOG].fault, EntryAltered)
    assert done[audit.READS].moved == 1, "the other log goes on"
    assert (office.home / "log/checkpoint").read_bytes() == before
    with pytest.raises(EntryAltered):
        office.round()


def test_30_no_entry_gets_two_places(office):
    office.write(2)
    office.round()
    office.execute(
        "INSERT INTO audit_pending (log, chain, seq) SELECT 0, chain, seq FROM audit_entry WHERE log = 0"
    )
    assert office.round()[audit.LOG].moved == 0
    newest = (
        "SELECT tree, idx + 2, chain, seq, leaf FROM audit_index WHERE tree = 0 ORDER BY idx DESC LIMIT 1"
    )
    for statement in (
        f"INSERT INTO audit_index (tree, idx, chain, seq, leaf) {newest}",
        f"INSERT INTO audit_index (tree, idx, chain, seq, leaf) {newest.replace('+ 2', '+ 1')}",
    ):
        with pytest.raises(DBAPIError):
            office.execute(statement)


def test_30_an_entry_that_stands_twice_in_the_queue_gets_one_place(office):
    office.round()
    office.write(2)
    office.execute("INSERT INTO audit_pending (log, chain, seq) SELECT log, chain, seq FROM audit_pending")
    assert office.round()[audit.LOG].moved == 2
    assert office.pending() == 0
    assert office.report().ok


def test_the_published_keys_are_written_again_when_they_changed_or_were_changed(office):
    office.write()
    office.round()
    path = office.home / "log/keys.json"
    before = path.read_bytes()
    for damage in (path.unlink, lambda: path.write_bytes(b"{}")):
        damage()
        office.write()
        office.round()
        assert path.read_bytes() == before
    with office.engine.begin() as conn:
        create_signer(office.home / "another.key", "another")
        key = load_signer(office.home / "another.key").key
        keyring.add(conn, office.vault, key, keyring.APPLICATION, office.at)
    office.round()
    assert key.vkey in path.read_text()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_index SET idx = idx + 100",
        "DELETE FROM audit_index",
        "UPDATE audit_tree SET origin = 'other'",
        "DELETE FROM audit_tree",
        "UPDATE audit_signer SET event = 'revoked'",
        "DELETE FROM audit_signer",
        "INSERT INTO audit_index (tree, idx, chain, seq, leaf) "
        "SELECT 0, (SELECT max(idx) + 1 FROM audit_index WHERE tree = 0), chain, seq + 9, leaf "
        "FROM audit_entry",
    ],
)  # fmt: skip
def test_18_the_index_and_the_keys_are_only_added_to(office, statement):
    office.round()
    with pytest.raises(DBAPIError, match="audit"):
        office.execute(statement)


@only_sqlite
@pytest.mark.parametrize("table", ["audit_index", "audit_tree", "audit_signer"])
def test_18_nor_replaced(office, table):
    office.round()
    with pytest.raises(DBAPIError, match="audit"):
        office.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_39_a_database_behind_the_published_log_stops_it(office):
    """A restored backup: neither signing on nor filling up with other entries."""
    office.write(3)
    office.round()
    before = (office.home / "log/checkpoint").read_bytes()
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx >= 3")
    for _ in range(2):
        with pytest.raises(Behind, match=r"3 entries, . were signed"):
            office.restarted().round()
    assert (office.home / "log/checkpoint").read_bytes() == before
    assert len(office.entries()) > 3


def test_39_lost_tiles_are_written_again_from_the_database(office):
    office.write(300)
    office.round()
    before, note = office.entries(), (office.home / "log/checkpoint").read_bytes()
    for path in (office.home / "log/tile").rglob("*"):
        if path.is_file():
            path.unlink()
    office.restarted().round()
    assert office.entries()[: len(before)] == before
    tree = office.tree()
    old = Checkpoint.parse(office.policy().check(note).note.text)
    assert tree.root_at(old.size) == old.root


@pytest.mark.parametrize("lost", [("sequencer/signed",), ("log/checkpoint",)])
def test_39_one_of_two_memories_is_enough(office, lost):
    office.write(3)
    office.round()
    for name in lost:
        (office.home / name).unlink()
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx >= 3")
    with pytest.raises(Behind):
        office.restarted().round()


def test_39_with_both_gone_the_ticks_still_tell(office):
    office.write(3)
    office.round()
    office.later(minutes=20)
    office.round()
    for name in ("sequencer/signed", "log/checkpoint"):
        (office.home / name).unlink()
    assert office.restarted().round()[audit.LOG].out
    for name in ("sequencer/signed", "log/checkpoint"):
        (office.home / name).unlink()
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx >= 3")
    with pytest.raises(Behind):
        office.restarted().round()


def test_39_tiles_that_do_not_fit_the_database_stop_it(office):
    office.write(3)
    office.round()
    tile = next((office.home / "log/tile/0").rglob("000.p/*"))
    tile.write_bytes(bytes(len(tile.read_bytes())))
    with pytest.raises(TreeBroken, match="would be changed"):
        office.restarted().round()


def test_10_the_same_size_is_never_signed_with_another_root(office):
    office.write(3)
    office.round()
    signed = office.home / "sequencer/signed"
    at = Checkpoint.parse(signed.read_text())
    signed.write_text(str(Checkpoint(at.origin, at.size, bytes(32))))
    with pytest.raises((Contradiction, TreeBroken)):
        office.restarted().round()
    (growing,) = [growing for growing in office.sequencer.logs.values() if growing.log == audit.LOG]
    growing.size = at.size
    with pytest.raises(Contradiction, match="another tree"):
        growing.publish(office.sequencer.witnesses)
    signed.write_text(str(Checkpoint(at.origin, at.size + 1, at.root)))
    with pytest.raises(Behind, match="were signed before"):
        growing.publish(office.sequencer.witnesses)


def test_10_entries_that_do_not_give_the_signed_root_stop_it(office):
    """The owner of the database has exchanged a sequenced entry and the tiles are gone."""
    case = office.write(2)
    office.round()
    for path in (office.home / "log/tile").rglob("*"):
        if path.is_file():
            path.unlink()
    chain = case if office.engine.dialect.name == "postgresql" else case.hex
    with office.unguarded():
        for table in ("audit_entry", "audit_index"):
            office.execute(
                f"UPDATE {table} SET leaf = :leaf WHERE chain = :chain AND seq = 1",
                leaf=audit.merkle.leaf_hash(b"{}"), chain=chain,
            )  # fmt: skip
        office.execute(
            "UPDATE audit_entry SET bytes = :b WHERE chain = :chain AND seq = 1", b=b"{}", chain=chain
        )
    with pytest.raises(Contradiction, match="do not give the root"):
        office.restarted().round()


def test_an_index_with_a_hole_stops_it(office):
    office.write(3)
    office.round()
    office.write(3)
    office.restarted(observe=lambda step: 1 / (step != "indexed"))
    with pytest.raises(ZeroDivisionError):
        office.round()
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx = 8")
    with pytest.raises(Behind, match="ends at"):
        office.restarted().round()


@pytest.mark.parametrize("damage", [b"", b"junk", b"other\n3\nAAAA\n\n\xe2\x80\x94 x AAAAAAA=\n"])
def test_a_damaged_checkpoint_is_published_anew(office, damage):
    office.write(3)
    office.round()
    (office.home / "log/checkpoint").write_bytes(damage)
    assert office.restarted().round()[audit.LOG].out
    assert office.tree().size > 3


@only_sqlite
@pytest.mark.parametrize(
    ("policy", "why"), [(None, "is not there"), (b"", "no quorum"), (b"quorum nobody\n", "not defined")]
)
def test_nothing_is_published_under_a_policy_that_is_gone_or_broken(office, policy, why):
    office.round()
    path = office.home / "log/policy"
    path.unlink()
    if policy is not None:
        path.write_bytes(policy)
    office.write()
    with pytest.raises((PolicyFaulty, FileNotFoundError)):
        office.round()
    with pytest.raises(PolicyFaulty, match=why):
        office.sequencer.logs[audit.LOG].publisher.policy()


@only_sqlite
def test_what_was_signed_last_has_to_be_readable(office):
    office.write()
    office.round()
    (office.home / "sequencer/signed").write_text("junk\n")
    with pytest.raises(NoteRefused):
        office.restarted().round()


@only_sqlite
def test_another_key_under_the_logs_name_is_refused(office):
    office.round()
    path = office.home / "keys/log.key"
    path.unlink()
    create_signer(path, "mingjian/other")
    with pytest.raises(KeyRefused, match="is not the key of"):
        office.restarted().round()
    path.unlink()
    with pytest.raises(NotHere):
        office.restarted().round()


@only_sqlite
def test_a_start_that_was_broken_off_is_taken_up(office):
    """The key was made, the tree not planted."""
    create_signer(office.home / "keys/log.key", "mingjian/first")
    office.round()
    assert office.seen().checkpoint.origin == "mingjian/first"


def ticks(office, folder=""):
    return [entry for entry in office.entries(folder) if entry["type"] == "tick"]


@only_sqlite
def test_every_minute_an_entry_embeds_the_published_checkpoint(office):
    office.round()
    assert [tick["vars"]["checkpoint"] for tick in ticks(office)] == [""]
    office.write()
    office.round()
    published = (office.home / "log/checkpoint").read_text()
    office.later(seconds=59)
    office.round()
    assert len(ticks(office)) == 1
    office.later(seconds=1)
    office.round()
    assert ticks(office)[1]["vars"]["checkpoint"] == published
    assert ticks(office)[1]["at_recorded"] == "2026-03-02T04:01:00.000000Z"


@only_sqlite
def test_an_idle_log_ticks_every_ten_minutes_and_the_one_of_reads_not_at_all(office):
    office.round()
    for minutes in (9, 1, 9, 1):
        office.later(minutes=minutes)
        office.round()
    assert len(ticks(office)) == 3
    assert len(ticks(office, "reads")) == 2
    office.write(1, draft=LOOKED)
    office.round()
    office.later(minutes=1)
    office.round()
    assert len(ticks(office, "reads")) == 3
    assert office.at == NOON + timedelta(minutes=21)


@only_sqlite
def test_after_a_commit_of_unknown_outcome_another_one_is_made_before_anything_is_signed(office):
    """The wait for a standby was broken off: what this process sees may not be there after a fail-over."""
    office.round()
    office.write()

    class Unknown(Exception):
        pass

    def broken_off():
        raise Unknown

    whole = office.sequencer.transaction
    office.sequencer.transaction = broken_off  # also where keys that changed build the logs anew
    for growing in office.sequencer.logs.values():
        growing.transaction = broken_off
    with pytest.raises(Unknown):
        office.round()
    office.sequencer.transaction = whole
    for growing in office.sequencer.logs.values():
        growing.transaction = whole
    before = len(ticks(office))
    office.round()
    assert len(ticks(office)) == before + 1


def test_entries_from_before_the_tree_wait_for_their_places(database_url, tmp_path):
    """An office that upgrades: unsigned entries get the first places, then the key is added."""
    engine = connect(database_url)
    on_sqlite = engine.dialect.name == "sqlite"
    binary, uuid, when = ("BYTEA", "UUID", "TIMESTAMPTZ")
    if on_sqlite:
        binary, uuid, when = ("BLOB", "CHAR(32)", f"TEXT DEFAULT ({tables.SQLITE_NOW})")
    with engine.begin() as conn:
        conn.execute(
            text(
                f"CREATE TABLE audit_entry (chain {uuid} NOT NULL, seq INTEGER NOT NULL, "
                f"leaf {binary} NOT NULL, prev {binary} NOT NULL, bytes {binary} NOT NULL, "
                f"recorded_at {when}, PRIMARY KEY (chain, seq))"
            )
        )  # fmt: skip
        case, vault, prev = uuid4(), audit.Vault(bytes(32)), bytes(32)
        chain = case if engine.dialect.name == "postgresql" else case.hex
        for seq in range(3):
            entry = audit.entry.build(DONE, case, seq, prev, {}, NOON)
            encoded = audit.canonical.encode(entry)
            leaf = audit.merkle.leaf_hash(encoded)
            # the database's clock ran backwards once
            row = {"c": chain, "s": seq, "l": leaf, "p": prev, "b": encoded, "r": f"2026-03-0{5 - seq}"}
            conn.execute(text("INSERT INTO audit_entry VALUES (:c, :s, :l, :p, :b, :r)"), row)
            prev = leaf
        conn.execute(text(f"CREATE TABLE audit_head (chain {uuid} PRIMARY KEY, seq INTEGER, leaf {binary})"))
        conn.execute(text("INSERT INTO audit_head VALUES (:c, 2, :l)"), {"c": chain, "l": prev})
        tables.create(conn)
        assert vault.signer() is None
    engine.dispose()
    office = Office(database_url, tmp_path / "home")
    office.write(1, case)
    office.round()
    entries = office.entries()
    assert [entry["seq"] for entry in entries if entry["case"] == str(case)] == [0, 1, 2, 3]
    assert ["kid" in entry for entry in entries][:5] == [False, False, False, True, True]
    office.close()
