"""A restored database never goes on under the old name: the log begins anew and names its old head."""

import shutil
from contextlib import closing

import pysqlite3.dbapi2
import pytest
from click.testing import CliRunner
from log_office import LOOKED, Office

import audit
from audit import rotation
from audit.publishing import Behind
from audit.rotation import NothingToRecover
from workflow.errors import LogStopped
from workflow.sequencing import sequence

only_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture
def office(database_url, tmp_path):
    office = Office(database_url, tmp_path / "home")
    yield office
    office.close()


def forget_the_newest(office, first=5):
    """As if a backup had been restored: the entries from there on were never written."""
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 0 AND idx >= :first", first=first)
        for table in ("audit_entry", "audit_head", "audit_pending"):
            office.execute(f"DELETE FROM {table} WHERE chain NOT IN (SELECT chain FROM audit_index)")
        office.execute(
            "DELETE FROM audit_entry WHERE log = 0 AND NOT EXISTS (SELECT 1 FROM audit_index i "
            "WHERE i.chain = audit_entry.chain AND i.seq = audit_entry.seq)"
        )
        office.execute(
            "UPDATE audit_head SET seq = "
            "(SELECT max(seq) FROM audit_entry e WHERE e.chain = audit_head.chain)"
        )
        office.execute(
            "UPDATE audit_head SET leaf = (SELECT leaf FROM audit_entry e "
            "WHERE e.chain = audit_head.chain AND e.seq = audit_head.seq)"
        )


def restored(office):
    """An office whose database is older than what it has published."""
    case = office.write(2)
    office.write(1, draft=LOOKED)
    office.round()
    office.write(3)
    office.round()
    forget_the_newest(office)
    with pytest.raises(Behind):
        office.restarted().round()
    return case


def test_39_the_log_goes_on_under_a_new_name_that_tells_the_old_head(office):
    case = restored(office)
    old = office.seen().checkpoint
    office.write(1, case)  # not yet known to be restored
    ((log, origin),) = rotation.recover(office.sequencer, "disk lost", office.at)
    office.round()
    assert (log, office.seen().checkpoint.origin) == (audit.LOG, origin) != (log, old.origin)
    (told,) = [entry["vars"] for entry in office.entries() if entry["type"] == "recovery"]
    assert (told["old_origin"], told["old_size"], told["old_root"]) == (old.origin, old.size, old.root.hex())
    assert [entry["seq"] for entry in office.entries() if entry["case"] == str(case)] == [0, 1, 2]
    assert office.report().ok
    (past,) = (office.home / "log/past").iterdir()
    assert office.policy().check((past / "checkpoint").read_bytes()).checkpoint == old
    assert audit.tiles.Tree(audit.tiles.Folder(past), old.size).root() == old.root
    assert office.seen("reads").checkpoint.origin.endswith("/reads")


def test_39_both_logs_may_be_taken_up(office):
    restored(office)
    with office.unguarded():
        office.execute("DELETE FROM audit_index WHERE tree = 1 AND idx >= 2")
    names = dict(rotation.recover(office.sequencer, "disk lost", office.at))
    assert names.keys() == set(audit.LOGS)
    office.round()
    assert (office.home / "log/reads/past").is_dir()
    assert office.report().ok
    with pytest.raises(NothingToRecover, match="fit each other"):
        rotation.recover(office.sequencer, "again", office.at)


@pytest.mark.parametrize("step", ["_put_away", "_list_in_policy", "_take_place"])
def test_39_a_recovery_that_was_broken_off_is_taken_up(office, step, monkeypatch):
    restored(office)

    def killed(*told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rotation, step, killed)
        with pytest.raises(KeyboardInterrupt):
            rotation.recover(office.sequencer, "disk lost", office.at)
    ((_, origin),) = rotation.recover(office.restarted().sequencer, "disk lost", office.at)
    office.round()
    assert office.seen().checkpoint.origin == origin
    assert [entry["type"] for entry in office.entries()].count("recovery") == 1
    assert office.report().ok


def test_39_a_key_left_over_from_a_rotation_is_not_used(office, monkeypatch):
    restored(office)
    path = office.home / "keys/log.next"
    shutil.copy(office.home / "keys/log.key", path)
    ((_, origin),) = rotation.recover(office.sequencer, "disk lost", office.at)
    office.round()
    assert office.seen().checkpoint.origin == origin


def test_39_nobody_recovers_beside_a_running_sequencer(office):
    restored(office)
    with office.another().alone(), pytest.raises(NothingToRecover, match="at work"):
        rotation.recover(office.sequencer, "disk lost", office.at)


def test_39_a_log_whose_every_memory_is_gone_names_no_old_head(office):
    """Nothing tells that anything was signed but the tiles, which contradict the database."""
    office.write(3)
    office.round()
    for name in ("sequencer/signed", "log/checkpoint"):
        (office.home / name).unlink()
    tile = next((office.home / "log/tile/0").rglob("000.p/*"))
    tile.write_bytes(bytes(len(tile.read_bytes())))
    rotation.recover(office.sequencer, "disk lost", office.at)
    office.round()
    (told,) = [entry["vars"] for entry in office.entries() if entry["type"] == "recovery"]
    assert (told["old_size"], told["old_root"]) == (0, "")


@only_sqlite
def test_39_the_offices_stop_until_the_restored_backup_is_declared(county, case_at):
    """Whoever works on a restored database would write a second history."""
    from workflow.cli import mingjian

    house = county.house
    case = case_at("record_review")
    county.night()
    with closing(pysqlite3.dbapi2.connect(house.engine.url.database)) as raw:
        raw.execute("VACUUM INTO ?", [str(house.home / "backup")])
    county.clock.forward(minutes=5)
    case_at("record_review")
    county.night()
    house.engine.dispose()
    house.reader.dispose()
    shutil.copy(house.home / "backup", house.engine.url.database)
    for tail in ("-wal", "-shm"):
        (house.home / f"mingjian.sqlite{tail}").unlink(missing_ok=True)
    house.sequencer().forget()
    assert not sequence(house)
    with pytest.raises(LogStopped, match="older than the published log"):
        case_at("record_review")
    url = house.engine.url.render_as_string(hide_password=False)
    called = ["--database", url, "--home", str(house.home), "audit"]
    assert "起停止公开" in CliRunner().invoke(mingjian, [*called, "status"]).output
    done = CliRunner().invoke(mingjian, [*called, "recover", "--reason", "磁盘损坏，恢复备份"])
    assert done.exit_code == 0 and "mingjian → mingjian/360829/" in done.output, done.output
    assert sequence(house)
    case_at("record_review")
    assert case.state
    assert "fit each other" in CliRunner().invoke(mingjian, [*called, "recover", "--reason", "x"]).output
