"""An entry is written with what it records, chained, with nothing of a person in clear."""

import hmac
import json
import os
import re
import runpy
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from itertools import count
from unicodedata import normalize
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

import audit
from audit import canonical, guards, tables, vault
from audit.__main__ import _show, main
from audit.entry import _DIGIT, FIELDS
from audit.entry_types import declared
from workflow.store import connect

MORNING = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
KEY = bytes(range(32))
REVIEWED = audit.Draft(
    type="task_completed",
    vars={"votes_yes": 12, "voters_present": 13, "aid_fen": 1_234_500},
    frm="VILLAGE_REVIEW",
    to="NOTICE_1",
    actor={"id": 17, "role": "VLIA", "org": "O-31", "on_behalf": None},
    task={"spec": "sub_village_review", "version": "1", "spec_sha256": "ab" * 32, "node": "record_review"},
    at_claimed=MORNING,
    rule="role",
    command={"kind": "complete", "task": 7, "answers": {"votes_yes": 12}},
    kernel="3.2.0+1",
    request="6f0c",
    sealed={"opinion": "同意", "applicant_name": "张三"},
)
REFUSED = replace(
    REVIEWED, type="attempt_refused", vars={"action": "view_case"}, frm=None, to=None, task=None, sealed={}
)


# What is refused before any database is asked needs only one of them.
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
# SQLite has one writer at a time.
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def engine(database_url):
    engine = connect(database_url)
    with engine.begin() as conn:
        tables.create(conn)
    yield engine
    engine.dispose()


@pytest.fixture
def conn(engine):
    with engine.begin() as conn:
        yield conn


@pytest.fixture
def safe():
    return audit.Vault(KEY)


def add(conn, safe, chain, draft=REVIEWED, at=MORNING):
    newest = audit.head(conn, chain)
    return audit.append(conn, safe, chain, newest.seq + 1, newest.leaf, draft, newest.recorded(at))


def test_an_entry_has_exactly_the_declared_fields_and_states_who_did_what(conn, safe):
    chain = uuid4()
    appended = add(conn, safe, chain)
    entry = canonical.decode_strict(appended.bytes)
    assert entry.keys() == FIELDS
    assert (entry["v"], entry["case"], entry["seq"], entry["prev"]) == (1, str(chain), 0, "00" * 32)
    assert (entry["from"], entry["to"]) == ("VILLAGE_REVIEW", "NOTICE_1")
    assert entry["at_claimed"] == entry["at_recorded"] == "2026-03-02T01:30:00.000000Z"
    assert appended.leaf == sha256(b"\x00" + appended.bytes).digest()


def test_each_entry_follows_the_one_before_it(conn, safe):
    chain = uuid4()
    assert audit.head(conn, chain) == audit.Head(-1, bytes(32), datetime.min.replace(tzinfo=UTC))
    appended = [add(conn, safe, chain, at=MORNING + timedelta(hours=hour)) for hour in range(3)]
    stored = list(audit.entries(conn, chain))
    assert [(one.seq, one.leaf, one.bytes) for one in stored] == [(a.seq, a.leaf, a.bytes) for a in appended]
    assert [one.entry["prev"] for one in stored] == [
        "00" * 32,
        appended[0].leaf.hex(),
        appended[1].leaf.hex(),
    ]
    assert audit.head(conn, chain) == audit.Head(2, appended[2].leaf, MORNING + timedelta(hours=2))


def test_who_waited_longer_for_the_lock_is_recorded_later(conn, safe):
    chain = uuid4()
    add(conn, safe, chain)
    add(
        conn,
        safe,
        chain,
        replace(REVIEWED, at_claimed=MORNING - timedelta(seconds=2)),
        MORNING - timedelta(seconds=1),
    )
    assert [one.entry["at_recorded"] for one in audit.entries(conn, chain)] == [
        "2026-03-02T01:30:00.000000Z"
    ] * 2
    assert audit.verify(conn, safe).ok


def test_the_database_notes_its_own_time(conn, safe):
    chain = uuid4()
    add(conn, safe, chain)
    (stored,) = audit.entries(conn, chain)
    assert abs(datetime.now(UTC) - stored.recorded_at) < timedelta(minutes=1)


def test_a_claim_for_long_ago_is_marked_late(conn, safe):
    chain = uuid4()
    draft = replace(REVIEWED, at_claimed=MORNING - timedelta(minutes=11))
    assert canonical.decode_strict(add(conn, safe, chain, draft).bytes)["late"] is True
    assert audit.verify(conn, safe).ok


def test_an_entry_lives_and_dies_with_the_transaction_of_its_case(engine, safe):
    chain = uuid4()
    with pytest.raises(RuntimeError, match="the case could not be kept"), engine.begin() as conn:
        add(conn, safe, chain)
        raise RuntimeError("the case could not be kept")
    with engine.begin() as conn:
        assert audit.head(conn, chain).seq == -1
        assert audit.verify(conn, safe).entries == 0


def test_reading_the_head_begins_a_transaction_as_any_statement_does(engine):
    with engine.connect() as conn:
        audit.head(conn, uuid4())
        assert conn.in_transaction()


@only_sqlite
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "task_complete"}, "not declared"),
        ({"type": "alarm_raised", "vars": {"limit": "D03"}}, "lacks level"),
        ({"type": "paper_attached", "vars": {"kind": "id_card", "name": "x"}}, "does not know name"),
        ({"actor": {"id": 17}}, "actor"),
        ({"task": {"node": "pay"}}, "task"),
        ({"rule": None}, "rule"),
        ({"request": 7}, "request"),
        ({"at_claimed": MORNING + timedelta(seconds=1)}, "after its recording"),
        ({"at_claimed": datetime(2026, 3, 2)}, "zone"),
        ({"attach": [audit.Attachment("ab" * 32, -1)]}, "attach"),
        ({"attach": [audit.Attachment("ab" * 32, 1)], "sealed": {"attach.0": "x"}}, "kept for papers"),
    ],
)
def test_a_draft_that_is_not_as_declared_is_refused(conn, safe, changes, reason):
    with pytest.raises(audit.EntryRefused, match=reason):
        add(conn, safe, uuid4(), replace(REVIEWED, **changes))
    assert audit.verify(conn, safe).entries == 0


@only_sqlite
@pytest.mark.parametrize(
    "slipped",
    [
        {"id": "360829199003071234"},
        {"id": "36082919900307123X"},
        {"note": "call 13800138000 please"},
        {"account": "6222020200001234567"},
        {"village": "360829101201"},
        {"phone": "１３８００１３８０００"},
        {"phone": "电话：¹³⁸⁰⁰¹³⁸⁰⁰⁰，晚上打"},
        {"phone": "电话：1㊳⓪⓪1㊳⓪⓪⓪"},
        {"phone": 13800138000},
        {"deep": [{"list": ["13800138000"]}]},
        {"13800138000": True},
    ],
)
def test_a_number_of_a_person_does_not_get_into_the_clear_part(conn, safe, slipped):
    for place in ("vars", "command"):
        with pytest.raises(audit.EntryRefused, match=f"{place} hold"):
            add(conn, safe, uuid4(), replace(REVIEWED, **{place: slipped}))


def test_no_character_that_can_hide_a_digit_is_overlooked():
    for character in map(chr, range(sys.maxunicode + 1)):
        plain = normalize("NFKC", character)
        digits = sum(one in "0123456789" for one in plain)
        assert digits == 0 or re.fullmatch(_DIGIT, character), ascii(character)
        assert digits <= (2 if digits == len(plain) else 3), "eleven would need fewer than five"


def test_amounts_digests_and_times_are_no_numbers_of_persons(conn, safe):
    clear = {
        "aid_fen": 9_999_999_999,
        "digest": "0123456789" * 6 + "abcd",
        "due": "2026-03-12T16:00:00.000000Z",
    }
    assert add(conn, safe, uuid4(), replace(REVIEWED, vars=clear)).seq == 0


def test_an_entry_of_more_than_16_kB_is_refused(conn, safe):
    with pytest.raises(audit.CanonicalError, match="more than 16384"):
        add(conn, safe, uuid4(), replace(REVIEWED, vars={"list": ["word"] * 4_000}))


def test_a_type_may_be_declared_again_only_as_it_was():
    assert audit.declare("roster_imported", needs=["rows"]) == audit.declare(
        "roster_imported", needs=["rows"]
    )
    with pytest.raises(audit.EntryRefused, match="already declared"):
        audit.declare("roster_imported", needs=["rows", "file"])
    assert "roster_imported" in declared()


def test_personal_values_stand_nowhere_in_clear_and_can_be_opened(conn, safe):
    chain = uuid4()
    draft = replace(REVIEWED, attach=[audit.Attachment("cd" * 32, 52_000)])
    entry = canonical.decode_strict(add(conn, safe, chain, draft).bytes)
    assert entry["commit"].keys() == {"opinion", "applicant_name"}
    assert entry["attach"][0]["size"] == 52_000
    for table in tables.METADATA.sorted_tables:
        for row in conn.execute(table.select()):
            assert not any(
                secret in value
                for value in row
                if isinstance(value, bytes)
                for secret in ("张三".encode(), b"cdcdcd", KEY)
            )
    assert safe.open(conn, chain, 0) == {"opinion": "同意", "applicant_name": "张三", "attach.0": "cd" * 32}
    opened = audit.openings(conn, safe, chain, 0)
    assert {opening.status for opening in opened.values()} == {audit.Status.MATCH}
    assert opened["applicant_name"].value == "张三"


def test_nothing_is_kept_for_an_entry_without_personal_values(conn, safe):
    chain = uuid4()
    add(conn, safe, chain, REFUSED)
    assert safe.open(conn, chain, 0) == {}
    assert audit.openings(conn, safe, chain, 0) == {}
    assert audit.openings(conn, safe, chain, 1) == {}
    assert audit.verify(conn, safe).ok


def test_a_commitment_is_the_hmac_that_the_specification_names(conn):
    numbers = count()
    predictable = audit.Vault(KEY, lambda length: bytes([next(numbers)]) * length)
    entry = canonical.decode_strict(
        add(conn, predictable, uuid4(), replace(REVIEWED, sealed={"name": "张三"})).bytes
    )
    message = b"mingjian/v1\x00name\x00" + '"张三"'.encode()
    assert entry["commit"]["name"] == hmac.new(bytes(32), message, sha256).hexdigest()


def test_the_same_value_never_has_the_same_commitment_twice(conn, safe):
    chain = uuid4()
    same = replace(REVIEWED, sealed={"name": "张三", "head": "张三"})
    commits = [
        commit
        for _ in range(2)
        for commit in canonical.decode_strict(add(conn, safe, chain, same).bytes)["commit"].values()
    ]
    assert len(set(commits)) == 4


@only_sqlite
@pytest.mark.parametrize("sealed", [{"姓名": "张三"}, {"name": 1.5}, {"name": "e\u0301"}])
def test_what_has_no_canonical_form_cannot_be_sealed(conn, safe, sealed):
    with pytest.raises(audit.CanonicalError):
        add(conn, safe, uuid4(), replace(REVIEWED, sealed=sealed))


def test_a_key_from_a_lost_transaction_is_not_used_again(engine, safe):
    chain = uuid4()
    with engine.connect() as conn:
        add(conn, safe, chain)
        conn.rollback()
    with engine.begin() as conn:
        add(conn, audit.Vault(KEY), chain)  # another process was there meanwhile
    with engine.begin() as conn:
        add(conn, safe, chain)
        assert audit.verify(conn, audit.Vault(KEY)).matched == 4


@only_postgresql
def test_whoever_erases_waits_for_an_entry_that_is_being_written(engine, safe):
    """So a value is never sealed under a key that is gone when it is committed."""
    chain = uuid4()
    with engine.begin() as conn:
        add(conn, safe, chain)
    with engine.begin() as writing:
        add(writing, safe, chain)
        with engine.begin() as erasing:
            erasing.execute(text("SET LOCAL lock_timeout = '200ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                add(erasing, safe, chain)  # an erasure is an entry, too


def test_the_vault_remembers_only_so_many_keys(conn, safe, monkeypatch):
    monkeypatch.setattr(vault, "_CACHED", 2)
    chains = [uuid4() for _ in range(4)]
    for chain in chains * 2:
        add(conn, safe, chain)
    assert len(safe._keys) <= 2
    assert audit.verify(conn, safe).matched == 16


def test_another_key_file_is_noticed_before_anything_is_sealed_under_it(conn, safe):
    stranger = audit.Vault(bytes(32))
    stranger.check(conn)  # an empty database has no key yet
    chain = uuid4()
    add(conn, safe, chain)
    safe.check(conn)
    with pytest.raises(audit.VaultError, match="does not open"):
        stranger.check(conn)
    with pytest.raises(audit.VaultError, match="does not open"):
        add(conn, stranger, chain)


def test_a_key_has_32_bytes():
    with pytest.raises(audit.VaultError, match="32 bytes"):
        audit.Vault(b"short")


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "home" / "keys" / "vault.key"
    key = audit.load_or_create_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert audit.load_or_create_key(path) == key
    assert [file.name for file in path.parent.iterdir()] == ["vault.key"]


def test_two_who_start_at_once_get_the_same_key(tmp_path, monkeypatch):
    path = tmp_path / "vault.key"
    theirs = os.urandom(32)
    link = os.link

    def slower(source, target):
        path.touch(mode=0o600)
        path.write_bytes(theirs)
        link(source, target)

    monkeypatch.setattr(vault.os, "link", slower)
    assert audit.load_or_create_key(path) == theirs
    assert [file.name for file in tmp_path.iterdir()] == ["vault.key"]


def test_a_key_file_that_others_can_read_or_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "vault.key"
    with pytest.raises(audit.VaultError, match="cannot be read"):
        audit.load_key(path)
    path.write_bytes(bytes(31))
    path.chmod(0o640)
    with pytest.raises(audit.VaultError, match="owner alone"):
        audit.load_key(path)
    path.chmod(0o600)
    with pytest.raises(audit.VaultError, match="31 bytes"):
        audit.load_or_create_key(path)


def test_refused_attempts_without_a_case_share_one_chain(engine, safe):
    def refuse():
        for _ in range(5):
            with engine.begin() as conn:
                audit.append_next(conn, safe, audit.SYSTEM_CHAIN, REFUSED, MORNING)

    people = [threading.Thread(target=refuse) for _ in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    with engine.begin() as conn:
        report = audit.verify(conn, safe, chain=audit.SYSTEM_CHAIN)
    assert (report.ok, report.entries, report.chains) == (True, 20, 1)


def test_an_entry_that_does_not_follow_the_head_is_refused_as_a_database_error(conn, safe):
    chain = uuid4()
    add(conn, safe, chain)
    with pytest.raises(DBAPIError, match="does not follow"), conn.begin_nested():
        audit.append(conn, safe, chain, 2, audit.head(conn, chain).leaf, REVIEWED, MORNING)
    with pytest.raises(DBAPIError, match="prev is not the head"), conn.begin_nested():
        audit.append(conn, safe, chain, 1, bytes(32), REVIEWED, MORNING)
    assert add(conn, safe, chain).seq == 1


def test_a_sound_log_is_reported_with_its_totals(conn, safe):
    chains = sorted(uuid4() for _ in range(3))
    for chain in chains * 2:
        add(conn, safe, chain)
    seen = []
    report = audit.verify(conn, safe, lambda done, total: seen.append((done, total)))
    assert report.ok and report.first_fault is None
    assert (report.chains, report.entries, report.matched, report.unopened) == (3, 6, 12, 0)
    assert seen == [(6, 6)]
    assert report.size == sum(len(one.bytes) for chain in chains for one in audit.entries(conn, chain))
    assert [sentence("en") for sentence in report.sentences()][-1] == "The log is sound"
    assert [sentence("zh-CN") for sentence in report.sentences()][-1] == "核对通过"
    assert json.loads(json.dumps(report.as_json()))["ok"] is True
    assert audit.verify(conn, safe, chain=chains[1]).entries == 2
    assert audit.verify(conn).unopened == 12


def test_progress_is_told_on_the_way(conn, safe, monkeypatch):
    monkeypatch.setattr(import_module("audit.verify"), "_STEP", 2)
    chain = uuid4()
    for _ in range(5):
        add(conn, safe, chain)
    seen = []
    audit.verify(conn, safe, lambda done, total: seen.append(done))
    assert seen == [2, 4, 5]


def test_the_guards_can_be_put_up_again(conn):
    assert guards.missing(conn) == []
    guards.remove(conn)
    assert len(guards.missing(conn)) > 9
    guards.install(conn)
    guards.install(conn)
    assert guards.missing(conn) == []


def test_the_command_says_whether_the_log_is_sound(engine, database_url, tmp_path, capsys):
    home = tmp_path / "home"
    safe = audit.Vault(audit.load_or_create_key(home / vault.KEY_FILE))
    with engine.begin() as conn:
        chain = uuid4()
        add(conn, safe, chain)
    assert main([database_url, "--home", str(home)]) == 0
    assert "The log is sound" in capsys.readouterr().out
    with engine.begin() as conn:
        guards.remove(conn)
        conn.execute(text("UPDATE audit_entry SET leaf = prev"))
        guards.install(conn)
    assert main([database_url]) == 1
    shown = capsys.readouterr().out
    assert f"chain {chain}, entry 0" in shown and "核对未通过" in shown
    assert main([database_url, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["faults"][0]["code"] == "leaf"


def test_the_command_never_makes_a_database_or_a_key(tmp_path, capsys):
    assert main([f"sqlite:///{tmp_path / 'none.sqlite'}"]) == 2
    assert main([f"sqlite:///{tmp_path / 'none.sqlite'}", "--home", str(tmp_path)]) == 2
    assert "cannot be checked" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_progress_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    _show(1, 2)
    _show(2, 2)
    assert capsys.readouterr().err == "\r1/2\r2/2\n"


def test_the_command_runs_as_a_module(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "audit.__main__")
    monkeypatch.setattr(sys, "argv", ["audit", f"sqlite:///{tmp_path / 'none.sqlite'}"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("audit", run_name="__main__")
    assert ended.value.code == 2


def test_the_chain_for_refusals_is_a_valid_uuid():
    assert UUID(str(audit.SYSTEM_CHAIN)).version == 4
