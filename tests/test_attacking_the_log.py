"""Whoever tampers with the log is stopped by the database or named by the verifier.

The numbers are those of the list of attacks in the log's specification; forks, roll-backs and witnesses are
no matter of the chains. Where an attack needs the guards out of the way, the attacker owns the database:
takes them down, tampers, and puts them up again.
"""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import cycle
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

import audit
from audit import canonical, guards, tables
from audit.chain import leaf_of
from audit.report import FAULTS
from audit.tables import audit_entry, audit_head, audit_key, audit_vault
from audit.verify import openings
from workflow.store import connect

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
REVIEWED = audit.Draft(
    type="task_completed",
    vars={"votes_yes": 12, "passed": True},
    frm="VILLAGE_REVIEW",
    to="NOTICE_1",
    actor={"id": 17, "role": "VLIA", "org": "O-31", "on_behalf": None},
    task={"spec": "sub_village_review", "version": "1", "spec_sha256": "ab" * 32, "node": "record_review"},
    at_claimed=NOON,
    rule="role",
    command={"kind": "complete", "task": 7},
    kernel="3.2.0+1",
    request=None,
    attach=[audit.Attachment("cd" * 32, 52_000)],
    sealed={"opinion": "同意"},
)
FIRST, SECOND, THIRD = (UUID(int=number, version=4) for number in (1, 2, 3))
LENGTHS = {FIRST: 4, SECOND: 3, THIRD: 1}
entry = audit_entry.c


# PostgreSQL's types let nothing but UUIDs, counts and bytes in.
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def safe():
    return audit.Vault(bytes(range(32)))


@pytest.fixture
def conn(database_url, safe):
    """Three chains of 4, 3 and 1 entries, in a transaction."""
    engine = connect(database_url)
    with engine.begin() as conn:
        tables.create(conn)
        for chain, length in LENGTHS.items():
            for hour in range(length):
                add(conn, safe, chain, NOON + timedelta(hours=hour))
    with engine.begin() as conn:
        yield conn
    engine.dispose()


def add(conn, safe, chain, at, **changes):
    newest = audit.head(conn, chain)
    draft = replace(REVIEWED, **{"at_claimed": at, **changes})
    return audit.append(conn, safe, chain, newest.seq + 1, newest.leaf, draft, at)


@contextmanager
def unguarded(conn):
    guards.remove(conn)
    yield
    guards.install(conn)


@contextmanager
def refused(conn, why):
    with pytest.raises(DBAPIError, match=why), conn.begin_nested():
        yield


def at(chain, seq):
    return (entry.chain == chain) & (entry.seq == seq)


def stored(conn, chain, seq):
    return conn.execute(select(entry.leaf, entry.prev, entry.bytes).where(at(chain, seq))).one()


def found(conn, safe):
    """Chain, seq and code of the first fault of every faulty chain."""
    report = audit.verify(conn, safe)
    assert report.ok is not bool(report.faults)
    return [(UUID(one.chain), one.seq, one.code) for one in report.faults]


def rewrite(conn, chain, seq, change, keep_canonical=True):
    """Change the bytes of an entry and give it the leaf that fits, and the head too if it is the newest."""
    encoded = stored(conn, chain, seq).bytes
    if keep_canonical:
        content = json.loads(encoded)
        change(content)
        altered = canonical.encode(content)
    else:
        altered = change(encoded)
    conn.execute(update(audit_entry).where(at(chain, seq)).values(bytes=altered, leaf=leaf_of(altered)))
    conn.execute(
        update(audit_head)
        .where(audit_head.c.chain == chain, audit_head.c.seq == seq)
        .values(leaf=leaf_of(altered))
    )


def test_an_untouched_log_is_sound(conn, safe):
    assert found(conn, safe) == []


def test_01_a_flipped_byte_is_found(conn, safe):
    encoded = stored(conn, SECOND, 1).bytes
    with unguarded(conn):
        conn.execute(update(audit_entry).where(at(SECOND, 1)).values(bytes=encoded.replace(b"12", b"13", 1)))
    assert found(conn, safe) == [(SECOND, 1, "leaf")]


def test_03_two_entries_of_a_case_swapped_are_found(conn, safe):
    one, other = stored(conn, FIRST, 1), stored(conn, FIRST, 2)
    with unguarded(conn):
        for seq, row in ((1, other), (2, one)):
            conn.execute(update(audit_entry).where(at(FIRST, seq)).values(leaf=row.leaf, bytes=row.bytes))
    assert found(conn, safe) == [(FIRST, 1, "place")]


def test_03_two_entries_of_different_cases_swapped_are_found(conn, safe):
    one, other = stored(conn, FIRST, 0), stored(conn, SECOND, 0)
    with unguarded(conn):
        for chain, row in ((FIRST, other), (SECOND, one)):
            conn.execute(update(audit_entry).where(at(chain, 0)).values(leaf=row.leaf, bytes=row.bytes))
    assert found(conn, safe) == [(FIRST, 0, "place"), (SECOND, 0, "place")]


@pytest.mark.parametrize(("seq", "code"), [(0, "gap"), (2, "gap"), (3, "head")])
def test_04_a_deleted_entry_is_found(conn, safe, seq, code):
    with unguarded(conn):
        conn.execute(delete(audit_entry).where(at(FIRST, seq)))
    expected = seq if code == "head" else seq + 1
    assert found(conn, safe) == [(FIRST, expected, code)]


def test_04_a_deleted_chain_is_found(conn, safe):
    with unguarded(conn):
        conn.execute(delete(audit_entry).where(entry.chain == THIRD))
    assert found(conn, safe) == [(THIRD, 0, "head")]
    assert audit.verify(conn, safe, chain=THIRD).first_fault.code == "head"
    with pytest.raises(audit.ChainBroken):
        audit.head(conn, THIRD)


def test_14_the_newest_entry_deleted_with_its_head_is_beyond_the_chain_alone(conn, safe):
    """The case row still counts it; without that only somebody outside the database can notice."""
    before = stored(conn, FIRST, 2)
    with unguarded(conn):
        conn.execute(delete(audit_entry).where(at(FIRST, 3)))
        conn.execute(update(audit_head).where(audit_head.c.chain == FIRST).values(seq=2, leaf=before.leaf))
    assert found(conn, safe) == []


def test_nothing_is_appended_to_a_chain_whose_newest_entry_was_altered(conn, safe):
    with unguarded(conn):
        conn.execute(update(audit_entry).where(at(FIRST, 3)).values(bytes=b"{}"))
    with pytest.raises(audit.ChainBroken, match="altered"):
        audit.head(conn, FIRST)


def test_13_an_entry_rewritten_with_a_fitting_hash_no_longer_fits_its_successor(conn, safe):
    with unguarded(conn):
        rewrite(conn, FIRST, 1, lambda content: content["vars"].update(votes_yes=3))
    assert found(conn, safe) == [(FIRST, 2, "prev")]


def test_13_a_missing_guard_is_reported_even_when_nothing_was_changed(conn, safe):
    guards.remove(conn)
    report = audit.verify(conn, safe)
    assert (report.ok, report.faults) == (False, ())
    assert "audit_entry_insert" in report.missing_guards
    assert "Guards missing in the database" in "".join(line.en for line in report.sentences())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seq": 5}, "does not follow"),  # 17: a gap
        ({"seq": 3}, "does not follow"),  # 30: the same place again
        ({"prev": bytes(32)}, "prev is not the head"),
        ({"leaf": b"short"}, "leaf"),
        ({"prev": b"short"}, "prev"),
    ],
)
def test_17_the_database_refuses_what_does_not_follow(conn, changes, why):
    newest = stored(conn, FIRST, 3)
    row = {"chain": FIRST, "seq": 4, "leaf": leaf_of(b"{}"), "prev": newest.leaf, "bytes": b"{}", **changes}
    with refused(conn, why):
        conn.execute(insert(audit_entry).values(**row))


def test_17_a_leaf_that_is_not_the_hash_is_refused_or_found(conn, safe):
    newest = stored(conn, FIRST, 3)
    row = {"chain": FIRST, "seq": 4, "leaf": bytes(32), "prev": newest.leaf, "bytes": newest.bytes}
    if conn.dialect.name == "postgresql":
        with refused(conn, "leaf is not the hash"):
            conn.execute(insert(audit_entry).values(**row))
    else:  # SQLite has no hash function of its own
        conn.execute(insert(audit_entry).values(**row))
        assert found(conn, safe) == [(FIRST, 4, "leaf")]


def test_17_a_wrong_prev_inside_the_bytes_is_found(conn, safe):
    content = json.loads(stored(conn, FIRST, 3).bytes) | {"seq": 4, "prev": "00" * 32}
    encoded = canonical.encode(content)
    row = {"leaf": leaf_of(encoded), "prev": stored(conn, FIRST, 3).leaf, "bytes": encoded}
    conn.execute(insert(audit_entry).values(chain=FIRST, seq=4, **row))
    assert found(conn, safe) == [(FIRST, 4, "prev")]


@pytest.mark.parametrize("table", [audit_entry, audit_head, audit_vault, audit_key])
def test_18_no_row_is_updated_replaced_or_truncated(conn, safe, table):
    with refused(conn, "audit"):
        conn.execute(update(table).values(chain=uuid4()))
    with refused(conn, "audit"):
        conn.execute(
            update(table).values({list(table.c)[-1].name: bindparam("value")}),
            {"value": b"x"},
        )
    if conn.dialect.name == "postgresql":
        with refused(conn, "refuses TRUNCATE"):
            conn.execute(text(f"TRUNCATE {table.name} CASCADE"))
    else:
        for how in ("INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"):
            with refused(conn, "audit"):
                conn.execute(text(f"{how} INTO {table.name} SELECT * FROM {table.name} LIMIT 1"))
        with refused(conn, "audit"):
            conn.execute(
                text(f"UPDATE OR REPLACE {table.name} SET chain = (SELECT max(chain) FROM audit_head)")
            )
    assert found(conn, safe) == []


@pytest.mark.parametrize("table", [audit_entry, audit_head])
def test_18_entries_and_heads_are_not_deleted(conn, table):
    with refused(conn, "audit"):
        conn.execute(delete(table))


def test_18_a_head_does_not_move_without_its_entry(conn):
    with refused(conn, "audit: a head"):
        conn.execute(update(audit_head).values(seq=audit_head.c.seq + 1))
    with refused(conn, "audit: a head"):
        conn.execute(update(audit_head).values(seq=audit_head.c.seq - 1))
    with refused(conn, "audit: a head"):
        conn.execute(insert(audit_head).values(chain=uuid4(), seq=0, leaf=bytes(32)))
    with refused(conn, "audit: a head"):
        conn.execute(insert(audit_head).values(chain=uuid4(), seq=3, leaf=bytes(32)))


def test_18_an_entry_is_not_replaced_below_a_head_that_was_set_back(conn):
    before = stored(conn, FIRST, 2)
    newest = stored(conn, FIRST, 3)
    with unguarded(conn):
        conn.execute(update(audit_head).where(audit_head.c.chain == FIRST).values(seq=2, leaf=before.leaf))
    row = {"chain": FIRST, "seq": 3, "leaf": newest.leaf, "prev": before.leaf, "bytes": newest.bytes}
    statement = insert(audit_entry).values(**row)
    if conn.dialect.name == "sqlite":
        statement = statement.prefix_with("OR REPLACE")
    with refused(conn, "already|duplicate key"):
        conn.execute(statement)


def test_19_a_forged_time_of_recording_does_not_get_in(conn):
    content = json.loads(stored(conn, FIRST, 3).bytes) | {"seq": 4, "prev": stored(conn, FIRST, 3).leaf.hex()}
    encoded = canonical.encode(content)
    row = {
        "chain": FIRST,
        "seq": 4,
        "leaf": leaf_of(encoded),
        "prev": stored(conn, FIRST, 3).leaf,
        "bytes": encoded,
    }
    if conn.dialect.name == "sqlite":
        with refused(conn, "recorded_at is set by the database"):
            conn.execute(insert(audit_entry).values(recorded_at="2020-01-01T00:00:00.000Z", **row))
    else:
        conn.execute(insert(audit_entry).values(recorded_at=datetime(2020, 1, 1, tzinfo=UTC), **row))
        *_, newest = audit.entries(conn, FIRST)
        assert newest.recorded_at > datetime(2025, 1, 1, tzinfo=UTC)


def test_20_the_replication_role_does_not_switch_the_guards_off(conn):
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL session_replication_role = replica"))
    with refused(conn, "audit"):
        conn.execute(update(audit_entry).values(bytes=b"{}"))


def test_25_times_that_run_backwards_in_a_case_are_found(conn, safe):
    add(conn, safe, FIRST, NOON + timedelta(hours=1))
    assert found(conn, safe) == [(FIRST, 4, "backwards")]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({"at_claimed": "2026-03-02T03:00:00.000000Z"}, "late is set or missing"),
        ({"late": True}, "late is set or missing"),
        ({"at_claimed": "2026-03-02T05:00:00.000000Z"}, "after its recording"),
        ({"at_claimed": "2026-02-30T05:00:00.000000Z"}, "no calendar"),
    ],
)
def test_26_claims_that_contradict_the_recording_are_found(conn, safe, times, said):
    with unguarded(conn):
        rewrite(conn, THIRD, 0, lambda content: content.update(times))
    assert found(conn, safe) == [(THIRD, 0, "time")]
    assert said in audit.verify(conn).first_fault.what("en")


def test_27_another_opening_of_a_commitment_is_found(conn, safe):
    """Sealed with the right key, at the right place, but not what was committed to."""
    with unguarded(conn):
        conn.execute(delete(audit_vault).where(audit_vault.c.chain == SECOND, audit_vault.c.seq == 1))
    other = safe.seal({"opinion": "不同意", "attach.0": "cd" * 32, "extra": 1})
    safe.keep(conn, SECOND, 1, other.plain)
    assert found(conn, safe) == [(SECOND, 1, "MISMATCH")]
    report = audit.verify(conn, safe)
    assert (report.matched, report.mismatched, report.withheld) == (14, 3, 0)
    assert openings(conn, safe, SECOND, 1)["opinion"] == audit.Opening(audit.Status.MISMATCH, "不同意")


@pytest.mark.parametrize("column", ["nonce", "sealed"])
def test_27_a_sealed_row_that_was_altered_does_not_open(conn, safe, column):
    row = (audit_vault.c.chain == FIRST) & (audit_vault.c.seq == 2)
    with unguarded(conn):
        conn.execute(update(audit_vault).where(row).values({column: b"\x00" * 40}))
    assert found(conn, audit.Vault(bytes(range(32)))) == [(FIRST, 2, "MISMATCH")]
    with pytest.raises(audit.VaultError, match="altered or belongs elsewhere"):
        safe.open(conn, FIRST, 2)


def test_27_a_sealed_row_moved_to_another_entry_does_not_open(conn, safe):
    sealed = conn.execute(
        select(audit_vault).where(audit_vault.c.chain == FIRST, audit_vault.c.seq == 0)
    ).one()
    row = (audit_vault.c.chain == FIRST) & (audit_vault.c.seq == 1)
    with unguarded(conn):
        conn.execute(update(audit_vault).where(row).values(nonce=sealed.nonce, sealed=sealed.sealed))
    assert found(conn, safe) == [(FIRST, 1, "MISMATCH")]


def test_27_a_key_that_was_exchanged_opens_nothing(conn):
    with unguarded(conn):
        other = conn.execute(select(audit_key.c.wrapped).where(audit_key.c.chain == SECOND)).scalar_one()
        conn.execute(update(audit_key).where(audit_key.c.chain == FIRST).values(wrapped=other))
    assert found(conn, audit.Vault(bytes(range(32)))) == [(FIRST, 0, "MISMATCH")]


def test_27_sealed_values_that_no_entry_commits_to_are_found(conn, safe):
    appended = add(conn, safe, THIRD, NOON + timedelta(hours=1), sealed={}, attach=[])
    safe.keep(conn, THIRD, appended.seq, safe.seal({"hidden": "x"}).plain)
    assert found(conn, safe) == [(THIRD, 1, "MISMATCH")]


def test_27_an_unreadable_row_beside_an_entry_without_commitments_is_found(conn, safe):
    appended = add(conn, safe, THIRD, NOON + timedelta(hours=1), sealed={}, attach=[])
    conn.execute(insert(audit_vault).values(chain=THIRD, seq=appended.seq, nonce=bytes(12), sealed=bytes(40)))
    assert found(conn, safe) == [(THIRD, 1, "MISMATCH")]


def test_28_a_vault_row_deleted_without_erasure_is_withheld(conn, safe):
    conn.execute(delete(audit_vault).where(audit_vault.c.chain == FIRST, audit_vault.c.seq == 1))
    assert found(conn, safe) == [(FIRST, 1, "WITHHELD")]
    assert audit.verify(conn, safe).withheld == 2
    assert safe.open(conn, FIRST, 1) == {}
    assert openings(conn, safe, FIRST, 1)["opinion"] == audit.Opening(audit.Status.WITHHELD, None)


def test_28_a_key_deleted_without_erasure_withholds_all_of_the_case(conn, safe):
    conn.execute(delete(audit_key).where(audit_key.c.chain == SECOND))
    assert found(conn, safe) == [(SECOND, 0, "WITHHELD")]
    assert audit.verify(conn, safe).withheld == 6


def test_28_a_single_field_left_out_is_withheld(conn, safe):
    conn.execute(delete(audit_vault).where(audit_vault.c.chain == FIRST, audit_vault.c.seq == 1))
    safe.keep(conn, FIRST, 1, canonical.encode({}))
    assert found(conn, safe) == [(FIRST, 1, "WITHHELD")]


def test_29_a_salt_used_twice_is_found(conn, safe):
    worn_out = cycle([bytes(64), bytes(12), b"\x01" * 64, b"\x01" * 12])
    careless = audit.Vault(bytes(range(32)), lambda length: next(worn_out))
    add(conn, careless, FIRST, NOON + timedelta(days=1), sealed={"a": "x", "b": "y"}, attach=[])
    assert found(conn, safe) == [(FIRST, 4, "salt")]


def test_29_a_salt_used_in_two_cases_is_found(conn, safe):
    for chain in (FIRST, THIRD):
        careless = audit.Vault(bytes(range(32)), lambda length: bytes(length))
        add(conn, careless, chain, NOON + timedelta(days=1), sealed={"a": "x"}, attach=[])
    assert found(conn, safe) == [(THIRD, 1, "salt")]


def test_30_an_entry_repeated_at_the_end_is_found(conn, safe):
    row = stored(conn, FIRST, 3)
    conn.execute(
        insert(audit_entry).values(chain=FIRST, seq=4, leaf=row.leaf, prev=row.leaf, bytes=row.bytes)
    )
    assert found(conn, safe) == [(FIRST, 4, "place")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda encoded: encoded.replace(b'"kernel"', b'"kernel":"other","kernel"'), "bytes"),
        (lambda encoded: encoded.replace(b'"v":1', b'"v": 1'), "bytes"),
        (lambda encoded: encoded + b" ", "bytes"),
        (lambda encoded: encoded[:-1], "bytes"),
        (lambda encoded: b"\x01" + bytes(64), "bytes"),  # an inner node of a tree
        (lambda encoded: b"[" * 16_000, "bytes"),  # 40: must not hang
        (lambda encoded: b"[]", "shape"),
        (lambda encoded: b"{}", "shape"),
    ],
)
def test_34_bytes_that_are_no_canonical_entry_are_found(conn, safe, change, code):
    with unguarded(conn):
        rewrite(conn, THIRD, 0, change, keep_canonical=False)
    assert found(conn, safe) == [(THIRD, 0, code)]


@only_sqlite  # the same Python on both
@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": "1"},
        {"name": "x"},
        {"log": None},
        {"rule": 1},
        {"from": 1},
        {"at_recorded": "2026-03-02"},
        {"at_claimed": None},
        {"seq": -1},
        {"seq": True},
        {"prev": "00"},
        {"prev": None},
        {"actor": None},
        {"actor": {"id": 1}},
        {"task": []},
        {"task": {}},
        {"vars": []},
        {"commit": []},
        {"commit": {"opinion": "short"}},
        {"attach": None},
        {"attach": [None]},
        {"attach": [{"commit": "00" * 32}]},
        {"attach": [{"commit": "00", "size": 1}]},
        {"attach": [{"commit": "00" * 32, "size": "1"}]},
        {"late": False},
    ],
)
def test_34_an_entry_with_other_fields_is_found(conn, safe, change):
    with unguarded(conn):
        rewrite(conn, THIRD, 0, lambda content: content.update(change))
    assert found(conn, safe) == [(THIRD, 0, "shape")]


@only_sqlite
@pytest.mark.parametrize("where", ["audit_entry", "audit_head"])
@pytest.mark.parametrize("name", ["'not a uuid'", f"'{FIRST}'", "7", "NULL", "x'00'"])
def test_40_rows_that_hold_anything_are_named_and_do_not_stop_the_verifier(conn, safe, name, where):
    with unguarded(conn):
        conn.execute(text("PRAGMA ignore_check_constraints = ON"))
        if where == "audit_head":
            conn.execute(text("DROP TABLE audit_head"))
            conn.execute(text("CREATE TABLE audit_head (chain, seq, leaf)"))
            conn.execute(text(f"INSERT INTO audit_head VALUES ({name}, 'x', 7)"))
        else:
            conn.execute(text("DROP TABLE audit_entry"))
            columns = "chain, seq, leaf, prev, bytes, recorded_at, log, signature"
            conn.execute(text(f"CREATE TABLE audit_entry ({columns})"))
            encoded = canonical.encode({})
            values = {"leaf": leaf_of(encoded), "encoded": encoded}
            insertion = f"INSERT INTO audit_entry VALUES ({name}, "
            conn.execute(text(f"{insertion} 'x', :leaf, 7, :encoded, 7, 0, 'x')"), values)
            conn.execute(text(f"{insertion} 1.5, 'text', 7, 'text', 7, 'x', 7)"))
    report = audit.verify(conn, safe)
    assert not report.ok and report.faults
    assert "NOT sound" in "".join(line.en for line in report.sentences())


@only_sqlite
def test_40_an_entry_in_a_chain_without_a_uuid_is_found(conn, safe):
    with unguarded(conn):
        conn.execute(text("UPDATE audit_entry SET chain = 'x' WHERE chain = :chain"), {"chain": THIRD.hex})
    assert [(one.chain, one.code) for one in audit.verify(conn, safe).faults] == [
        (str(THIRD), "head"),
        ("x", "chain"),
    ]


def test_many_faulty_chains_are_not_all_listed(conn, safe, monkeypatch):
    monkeypatch.setattr(import_module("audit.verify"), "_MOST_LISTED", 2)
    with unguarded(conn):
        conn.execute(update(audit_entry).values(leaf=bytes(32)))
    report = audit.verify(conn, safe)
    assert (len(report.faults), report.unlisted) == (2, True)
    assert "More chains are faulty" in "".join(line.en for line in report.sentences())


def test_every_fault_is_described_in_both_languages():
    assert all(text.zh and text.en and text.zh != text.en for text in FAULTS.values())


places = st.sampled_from([(chain, seq) for chain, length in LENGTHS.items() for seq in range(length)])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=places, other=places, how=st.sampled_from(["alter", "remove", "repeat", "swap"]), data=st.data())
def test_any_single_entry_altered_removed_repeated_or_reordered_is_found(conn, safe, place, other, how, data):
    """Everything is undone after each try. Rows are moved with the hash that fits them, heads left alone."""
    chain, seq = place
    savepoint = conn.begin_nested()
    guards.remove(conn)
    row = stored(conn, chain, seq)
    if how == "alter":
        position = data.draw(st.integers(0, len(row.bytes) - 1))
        altered = bytearray(row.bytes)
        altered[position] ^= data.draw(st.integers(1, 255))
        values = {"bytes": bytes(altered)}
        if data.draw(st.booleans(), label="with a fitting hash"):
            values["leaf"] = leaf_of(bytes(altered))
        conn.execute(update(audit_entry).where(at(chain, seq)).values(values))
    elif how == "remove":
        conn.execute(delete(audit_entry).where(at(chain, seq)))
    elif how == "repeat":
        onto = other[0]
        last = stored(conn, onto, LENGTHS[onto] - 1)
        copy = {"leaf": row.leaf, "prev": last.leaf, "bytes": row.bytes}
        conn.execute(insert(audit_entry).values(chain=onto, seq=LENGTHS[onto], **copy))
    elif place != other:
        second = stored(conn, *other)
        for (to_chain, to_seq), moved in ((place, second), (other, row)):
            values = {"leaf": moved.leaf, "prev": moved.prev, "bytes": moved.bytes}
            conn.execute(update(audit_entry).where(at(to_chain, to_seq)).values(values))
    guards.install(conn)
    report = audit.verify(conn, safe)
    savepoint.rollback()
    assert report.ok is (how == "swap" and place == other)
