"""`audit verify` compares database, published tiles and checkpoint, and says which of them was altered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from log_office import LOOKED, Office

import audit
from audit.agreeing import agreements
from audit.checkpoint import Checkpoint
from audit.keyfile import load_signer
from workflow.cli import mingjian


@pytest.fixture
def office(database_url, tmp_path):
    office = Office(database_url, tmp_path / "home")
    office.write(3)
    office.write(300)
    office.write(4, draft=LOOKED)
    office.round()
    yield office
    office.close()


def compared(office, log=audit.LOG):
    with office.reader.connect() as conn:
        return next(one for one in agreements(conn, office.home) if one.log == log)


def published(office, path):
    return Path(office.home / "log" / path)


def test_all_three_agree(office):
    for log in audit.LOGS:
        found = compared(office, log)
        assert found.ok and found.size == office.sequencer.logs[log].size
        assert "agree on" in found.sentence().en


def test_nothing_published_here_is_no_fault(database_url, tmp_path):
    office = Office(database_url, tmp_path / "home")
    office.write(2)
    assert compared(office).ok and "nothing is published" in compared(office).sentence().en
    office.close()


def test_entries_that_are_not_published_yet_are_no_fault(office):
    size = compared(office).size
    office.write(5)
    assert compared(office).ok and compared(office).size == size


def test_an_altered_database_is_named_with_the_place(office):
    with office.unguarded():
        office.execute("DELETE FROM audit_entry WHERE chain = (SELECT chain FROM audit_index "
                       "WHERE tree = 0 AND idx = 5) AND seq = 0")  # fmt: skip
    found = compared(office)
    assert (found.altered, found.index is not None) == ("database", True)
    assert "the database was altered" in found.sentence().en and "is gone" in found.detail


def test_a_database_in_which_hash_and_bytes_were_altered_together_is_named(office):
    """The chain of one case rebuilt with care: only what was published shows it."""
    with office.reader.connect() as conn:
        leaf = next(iter(audit.index.leaves(conn, 0, 6, 7)))[0]
    other = leaf.entry.replace(b'"passed":true', b'"passed":false')
    with office.unguarded():
        office.execute(
            "UPDATE audit_entry SET bytes = :bytes, leaf = :new WHERE leaf = :old",
            bytes=other, new=audit.merkle.leaf_hash(other), old=audit.merkle.leaf_hash(leaf.entry),
        )  # fmt: skip
        office.execute(
            "UPDATE audit_index SET leaf = :new WHERE leaf = :old",
            new=audit.merkle.leaf_hash(other), old=audit.merkle.leaf_hash(leaf.entry),
        )  # fmt: skip
    found = compared(office)
    assert (found.altered, found.index) == ("database", 6)


def test_a_database_that_is_behind_is_named(office):
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx >= 250")
    found = compared(office)
    assert (found.altered, found.index) == ("database", 250)


@pytest.mark.parametrize(
    ("tile", "place"), [("tile/entries/000", True), ("tile/signatures/000", True), ("tile/0/000", False)]
)
def test_altered_tiles_are_named(office, tile, place):
    path = published(office, tile)
    content = bytearray(path.read_bytes())
    content[700] ^= 1
    path.write_bytes(content)
    found = compared(office)
    assert found.altered == "tiles" and (found.index is not None) is place
    assert "the published files were altered" in found.sentence().en


@pytest.mark.parametrize("tile", ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"])
def test_missing_or_truncated_tiles_are_named(office, tile):
    path = published(office, tile)
    content = path.read_bytes()
    path.write_bytes(content[:-3])
    assert compared(office).altered == "tiles"
    path.unlink()
    assert compared(office).altered == "tiles"


def test_a_checkpoint_of_another_tree_is_named(office):
    """Signed with the log's own key: only database and tiles together show that it is not theirs."""
    signer = load_signer(office.home / "keys/log.key")
    seen = office.seen().checkpoint
    wrong = Checkpoint(seen.origin, seen.size, bytes(32)).signed(signer)
    published(office, "checkpoint").write_bytes(bytes(wrong))
    found = compared(office)
    assert (found.altered, found.index) == ("checkpoint", None)


def test_a_checkpoint_that_nobody_signed_is_named(office):
    path = published(office, "checkpoint")
    path.write_bytes(path.read_bytes().replace(b"\n30", b"\n31", 1))
    assert compared(office).altered == "checkpoint"
    path.write_bytes(b"junk")
    assert compared(office).altered == "checkpoint"


def test_a_checkpoint_of_another_log_is_named(office):
    path = published(office, "checkpoint")
    path.write_bytes(published(office, "reads/checkpoint").read_bytes())
    found = compared(office)
    assert found.altered == "checkpoint" and "≠" in found.detail


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_command_compares_all_three_and_fails_on_a_fault(county, case_at):
    case_at("check_papers")
    county.house.sequencer().round()

    def run(*more):
        return CliRunner().invoke(mingjian, ["--home", str(county.house.home), "audit", "verify", *more])

    done = run()
    assert done.exit_code == 0 and "数据库、公开的文件、检查点一致" in done.stdout, done.output
    path = county.house.home / "log" / "checkpoint"
    path.write_bytes(b"junk")
    broken = run()
    assert broken.exit_code == 1 and "有误：案件日志：检查点" in broken.stdout
    told = json.loads(run("--json").stdout)
    assert told["ok"] is False and told["published"][0]["altered"] == "checkpoint"
