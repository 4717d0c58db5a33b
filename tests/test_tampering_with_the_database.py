"""A running office attacked in its database: by those with the application's rights, by whoever owns it.

The numbers are those of the list of attempts. Cases were decided, paid, published and cosigned before. Where
a layer cannot find an attempt the test says so, and which other layer does.
"""

import shutil

import pytest
from house_templates import guards_down, rewrite
from pages.desks import at_the_desk
from sqlalchemy import delete, insert, text, update
from tampering import another_amount, at, put, put_back, refused, replayed, rows, stored

import audit
from audit import canonical, guards
from audit.checker.mingjian_check import FAULTY, SOUND
from audit.merkle import leaf_hash
from audit.publishing import Behind
from audit.tables import audit_entry, audit_head, audit_index, audit_vault
from audit.tiles import TreeBroken
from workflow.errors import LogStopped
from workflow.receipts import proof_of
from workflow.store.models import Case

entry = audit_entry.c


def test_the_office_is_sound_before_anybody_touches_it(system):
    assert system.verified() == [] and system.turn() == {}
    assert replayed(system, system.paid) is None and system.checked().status == SOUND


def test_01_a_flipped_byte_in_a_stored_entry_is_found(system):
    with system.owned() as conn:
        altered = stored(conn, system.paid, 3).bytes.replace(b'"role":"', b'"role":"X', 1)
        conn.execute(update(audit_entry).where(at(system.paid, 3)).values(bytes=altered))
    assert system.verified() == [(system.paid.id, 3, "leaf")]
    assert "proof-root" in system.checked(system.bundle(system.paid)).codes


def test_03_two_entries_of_a_case_swapped_are_found(system):
    with system.owned() as conn:
        one, other = stored(conn, system.paid, 3), stored(conn, system.paid, 4)
        put(conn, system.paid, 3, other.bytes, signature=other.signature)
        put(conn, system.paid, 4, one.bytes, signature=one.signature)
    assert system.verified() == [(system.paid.id, 3, "place")]


def test_04_an_entry_deleted_is_found(system):
    with system.owned() as conn:
        conn.execute(delete(audit_entry).where(at(system.paid, 3)))
    assert system.verified() == [(system.paid.id, 3, "sequenced")]


def test_13_a_sequenced_entry_rewritten_with_a_fitting_hash_is_found(system):
    with system.owned() as conn:
        encoded = stored(conn, system.paid, 3).bytes
        put(conn, system.paid, 3, encoded.replace(b'"role":"', b'"role":"X', 1))
    assert system.verified() == [(system.paid.id, 3, "signature")]


def test_13_not_even_with_the_applications_key_can_a_sequenced_entry_be_rewritten(system):
    """The whole chain fits again and is signed; the index, and whoever holds a receipt, know better."""
    with guards_down(system.county) as conn:
        rewrite(conn, system.paid, another_amount)
    ((chain, _, code),) = system.verified()
    assert (chain, code) == (system.paid.id, "sequenced")
    assert "proof-root" in system.checked(system.bundle(system.paid)).codes
    assert replayed(system, system.paid) is not None
    assert system.checked().status == SOUND, "what was published still says what was"


def test_14_the_newest_rows_deleted_with_their_heads_are_found_at_the_next_start(system):
    """With their places, so that nothing in the database tells. The published log is ahead of it."""
    before = stored_head(system, system.paid, 5)
    with system.owned() as conn:
        conn.execute(delete(audit_entry).where(entry.chain == system.paid.id, entry.seq > 5))
        conn.execute(update(audit_head).where(audit_head.c.chain == system.paid.id).values(before))
        conn.execute(update(Case).where(Case.id == system.paid.id).values(seq=5))
        conn.execute(delete(audit_vault).where(audit_vault.c.chain == system.paid.id, audit_vault.c.seq > 5))
        place = system.places(system.paid)[5]
        conn.execute(delete(audit_index).where(audit_index.c.tree == 0, audit_index.c.idx > place))
    system.restart()
    assert isinstance(system.turn()[audit.LOG], Behind)
    with pytest.raises(LogStopped):
        system.county.staff["capr"].signs_decision(system.waiting)
    for memory in ("log/checkpoint", "log/tile", "sequencer/signed"):
        path = system.home / memory
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    system.restart()
    fault = system.turn()[audit.LOG]
    assert isinstance(fault, Behind), "a tick or a witness knows, when every file of the office is gone"


def stored_head(system, case, seq):
    with system.county.house.reader.connect() as conn:
        return {"seq": seq, "leaf": stored(conn, case, seq).leaf}


def test_15_a_state_does_not_change_without_an_entry(system):
    with refused(system) as conn:
        conn.execute(update(Case).where(Case.id == system.waiting.id).values(state="PAID"))


def draft_of(system, case):
    return audit.Draft(
        type="task_completed", vars={}, frm=case.row.state, to="APPROVED",
        actor={"id": 1, "role": "CAPR", "org": "360829-msb", "on_behalf": None},
        task=None, at_claimed=system.county.clock.at, rule=case.row.rulebook, command={"name": "none"},
        kernel="1", request=None,
    )  # fmt: skip


def test_16_an_entry_is_not_written_without_its_state(system):
    with refused(system) as conn:
        draft, vault = draft_of(system, system.waiting), system.county.house.vault
        audit.append_next(conn, vault, system.waiting.id, draft, system.county.clock.at)


def test_16_replay_finds_it_where_the_owner_has_written_it(system):
    with system.owned() as conn:
        rewrite(conn, system.waiting, lambda entries: entries.append({**entries[-1], "to": "APPROVED"}))
    assert replayed(system, system.waiting).seq == system.waiting.row.seq


@pytest.mark.parametrize(
    "changes", [{"seq": 99}, {"seq": 0}, {"prev": bytes(32)}, {"prev": b"short"}, {"leaf": b"short"}]
)
def test_17_what_does_not_follow_is_not_written(system, changes):
    with system.county.house.reader.connect() as conn:
        newest, seq = stored(conn, system.paid, system.paid.row.seq), system.paid.row.seq + 1
    row = {"chain": system.paid.id, "seq": seq, "leaf": leaf_hash(b"{}"), "prev": newest.leaf, "bytes": b"{}"}
    with refused(system) as conn:
        conn.execute(insert(audit_entry).values({**row, **changes}))


@pytest.mark.parametrize("table", ["audit_entry", "audit_head", "audit_index", "audit_vault"])
def test_18_no_row_is_replaced(system, table):
    columns = ", ".join(column.name for column in audit_entry.metadata.tables[table].columns)
    with refused(system) as conn:
        if conn.dialect.name == "sqlite":
            conn.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"))
        else:
            conn.execute(text(
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1 "
                f"ON CONFLICT ON CONSTRAINT {table}_pkey DO UPDATE SET chain = excluded.chain"
            ))  # fmt: skip


def test_19_a_forged_time_of_recording_does_not_get_in(system):
    """PostgreSQL sets its own, SQLite refuses another: in the system's own chain, which is no case's."""
    house, chain = system.county.house, audit.SYSTEM_CHAIN
    with house.reader.connect() as conn:
        *_, newest = audit.entries(conn, chain)
    content = newest.entry | {"seq": newest.seq + 1, "prev": newest.leaf.hex()}
    encoded = canonical.encode(content)
    row = {"chain": chain, "seq": content["seq"], "leaf": leaf_hash(encoded), "prev": newest.leaf}
    forged = insert(audit_entry).values(**row, bytes=encoded, recorded_at=text("'2020-01-01T00:00:00.000Z'"))
    if house.engine.dialect.name == "sqlite":
        with refused(system, "recorded_at is set by the database") as conn:
            conn.execute(forged)
        return
    with house.engine.connect() as conn, conn.begin() as undone:
        conn.execute(forged)
        *_, last = audit.entries(conn, chain)
        assert last.seq == row["seq"] and last.recorded_at.year > 2020
        undone.rollback()


def test_20_the_replication_role_and_truncate_are_no_way_round(system):
    for statement in (
        "UPDATE audit_entry SET seq = seq",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_head",
    ):
        with refused(system) as conn:
            if conn.dialect.name == "postgresql":
                conn.execute(text("SET LOCAL session_replication_role = replica"))
            conn.execute(text(statement))
    if system.county.house.engine.dialect.name == "postgresql":
        with refused(system) as conn:
            conn.execute(text("SET LOCAL session_replication_role = replica"))
            conn.execute(text("TRUNCATE audit_entry CASCADE"))


def test_20_guards_that_were_dropped_are_missed_by_the_verifier(system):
    """No database keeps its owner from that. On PostgreSQL the application is not the owner."""
    with system.county.house.engine.begin() as conn:
        guards.remove(conn)
    with system.county.house.reader.connect() as conn:
        report = audit.verify(conn, system.county.house.vault)
    assert not report.ok and not report.faults
    for table in ("audit_entry", "audit_head", "audit_index", "audit_signer"):
        assert any(name.startswith(table) for name in report.missing_guards)
    assert "Guards missing" in "".join(line.en for line in report.sentences())


def test_22_entry_and_state_deleted_before_sequencing_leave_no_receipt(system):
    """Nobody who looks at the database can tell. But nothing was announced and nothing has left the house."""
    county, case = system.county, system.waiting
    with county.house.reader.connect() as conn:
        before = rows(conn)
    orders = sorted((system.home / "payments").iterdir())
    county.staff["capr"].signs_decision(case)
    letter = next(one for one in case.letters.values() if one.seq == case.row.seq)
    page = at_the_desk(county, "chnd").opens(f"/letters/{letter.id}")
    assert "不能作为正式文书送达" in page.words and "mj-qr--receipt" not in page.text
    with county.house.reader.connect() as conn:
        assert proof_of(conn, case.id, letter.seq) is None
    with system.owned() as conn:
        put_back(conn, before)
    assert system.verified() == [] and system.turn() == {}
    assert replayed(system, case) is None and "sign_decision" in case.open
    assert sorted((system.home / "payments").iterdir()) == orders
    assert system.checked().status == SOUND


def test_22_a_decision_with_its_receipt_can_no_longer_be_deleted(system):
    """The same, a second later: the receipt holds, the database contradicts it."""
    county, case = system.county, system.waiting
    with county.house.reader.connect() as conn:
        before = rows(conn)
    county.staff["capr"].signs_decision(case)
    assert system.turn() == {}
    with county.house.reader.connect() as conn:
        receipt = proof_of(conn, case.id, case.row.seq)
    with system.owned() as conn:
        put_back(conn, before)
    path = system.folder / "receipt.tlog-proof"
    path.write_text(receipt)
    assert system.checked(path).status == SOUND
    system.restart()
    assert isinstance(system.turn()[audit.LOG], Behind)


def test_30_no_entry_gets_two_places(system):
    with refused(system) as conn:
        conn.execute(text(
            "INSERT INTO audit_index (tree, idx, chain, seq, leaf) SELECT tree, (SELECT max(idx) + 1 FROM "
            "audit_index WHERE tree = 0), chain, seq, leaf FROM audit_index WHERE tree = 0 AND idx = 5"
        ))  # fmt: skip
    with system.county.house.engine.begin() as conn:
        conn.execute(text("INSERT INTO audit_pending (log, chain, seq) SELECT 0, chain, seq FROM audit_entry "
                          "WHERE log = 0"))  # fmt: skip
    assert system.turn() == {} and system.checked().status == SOUND


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda encoded: encoded.replace(b'"kernel"', b'"kernel":"x","kernel"'), "key-twice"),
        (lambda encoded: encoded + b" ", "not-canonical"),
        (lambda encoded: b"\x01" + bytes(64), "not-json"),
        (lambda encoded: b"[]", "entry-fields"),
    ],
    ids=["key twice", "a space", "an inner node", "no entry"],
)
def test_34_bytes_that_are_no_canonical_entry_are_found(system, change, code):
    """The evidence of such a case can be taken away all the same, and shows it."""
    with system.owned() as conn:
        put(conn, system.paid, 3, change(stored(conn, system.paid, 3).bytes))
    ((chain, seq, fault),) = system.verified()
    assert (chain, seq) == (system.paid.id, 3) and fault in ("bytes", "shape")
    found = system.checked(system.bundle(system.paid))
    assert found.status == FAULTY and code in found.codes


def grown(system):
    """More work, published and cosigned."""
    system.county.staff["capr"].signs_decision(system.waiting)
    system.county.clock.forward(minutes=5)
    assert system.turn() == {}


def test_39_a_restored_database_stops_the_office(system):
    with system.county.house.reader.connect() as conn:
        backup = rows(conn)
    grown(system)
    with system.owned() as conn:
        put_back(conn, backup)
    system.restart()
    fault = system.turn()[audit.LOG]
    assert isinstance(fault, Behind) and "were signed" in str(fault)
    with pytest.raises(LogStopped, match="older than the published log"):
        system.county.staff["capr"].signs_decision(system.waiting)
    assert system.mirrored().status == SOUND, "what was published is whole"


def test_39_lost_tiles_are_written_again_and_others_are_not_taken(system):
    grown(system)
    before = {kind: system.tile(kind).read_bytes() for kind in ("0", "entries", "signatures")}
    shutil.rmtree(system.log / "tile")
    system.restart()
    assert system.turn() == {}
    assert all(system.tile(kind).read_bytes().startswith(content) for kind, content in before.items())
    assert system.mirrored().status == system.checked().status == SOUND
    tile = system.tile("0")
    tile.write_bytes(bytes(len(tile.read_bytes())))
    system.restart()
    assert isinstance(system.turn()[audit.LOG], TreeBroken)
