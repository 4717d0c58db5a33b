"""The inspection mirrors the log: it keeps what it has seen, and finds forks, roll-backs, missing pages."""

import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from published_log import FIRST, INSPECTION, POLICY, SYSTEM, three_cases

from audit import mirror as mirroring
from audit import tiles
from audit.checker import mingjian_check as check
from audit.checker.mingjian_check import FAULTY, PARTLY, SOUND, UNCHECKABLE
from workflow.cli import mingjian


@pytest.fixture
def log(tmp_path):
    return three_cases(tmp_path / "log")


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture
def mirrored(log, policy, tmp_path):
    """`mirrored()`: exit status and codes of what was found; the mirror lies in `home`."""

    def run(source=None, *more):
        where = [str(source or log.root), str(tmp_path / "mirror"), "--policy", str(policy)]
        done = CliRunner().invoke(mingjian, ["audit", "mirror", *where, *more, "--json"])
        lines = json.loads(done.stdout)["lines"]
        return done.exit_code, [line["code"] for line in lines if line["mark"] in ("bad", "gap")]

    run.home = tmp_path / "mirror"
    return run


class Quiet(SimpleHTTPRequestHandler):
    status = None

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if Quiet.status:
            self.send_error(Quiet.status)
        else:
            super().do_GET()


@pytest.fixture
def web(log):
    """The log as any web server serves it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(log.root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_log_is_mirrored_and_then_only_what_is_new_is_fetched(log, mirrored):
    assert mirrored() == (SOUND, [])
    kept = {
        path.relative_to(mirrored.home / "log")
        for path in (mirrored.home / "log").rglob("*")
        if path.is_file()
    }
    assert {path.as_posix() for path in kept} == {
        "tile/0/000.p/13", "tile/entries/000.p/13", "tile/signatures/000.p/13",
    }  # fmt: skip
    log.add(FIRST)
    log.publish()
    assert mirrored() == (SOUND, [])
    assert len(list((mirrored.home / "seen").iterdir())) == 2
    assert not (mirrored.home / "incoming").exists()


def test_a_log_is_mirrored_from_the_web(log, web, mirrored, monkeypatch):
    assert mirrored(web) == (SOUND, [])
    Quiet.status = 503
    assert mirrored(web) == (UNCHECKABLE, ["unreadable"])
    Quiet.status = 404
    assert mirrored(web) == (UNCHECKABLE, ["file-missing"])
    Quiet.status = None
    (log.root / "checkpoint").write_bytes(b"x" * 100_000)
    assert mirrored(web) == (UNCHECKABLE, ["too-large"])
    assert mirrored("http://127.0.0.1:9/") == (UNCHECKABLE, ["unreadable"])


def test_a_case_is_complete_or_not_in_the_log(mirrored, policy, log):
    where = ["audit", "mirror", str(log.root), str(mirrored.home), "--policy", str(policy)]
    done = CliRunner().invoke(mingjian, [*where, "--case", str(FIRST)])
    assert f"案件{FIRST}在日志里有4个条目（第0条到第3条），一个不缺，没有重复" in done.stdout
    done = CliRunner().invoke(mingjian, [*where, "--case", str(FIRST), "--english"])
    assert "none missing, none twice" in done.stdout and "sealed values" in done.stdout
    assert mirrored(None, "--case", "x") == (PARTLY, ["case-unknown"])
    (log.root / "checkpoint").unlink()
    assert mirrored(None, "--case", str(FIRST)) == (UNCHECKABLE, ["file-missing", "case-unknown"])


@pytest.mark.parametrize("left", [".000000000013-aa", ".000000000013-aa.part", "notes.txt"])
def test_what_lies_beside_the_checkpoints_is_none(log, mirrored, left):
    """A draft that a kill has left half written, or somebody's notes."""
    assert mirrored() == (SOUND, [])
    (mirrored.home / "seen" / left).write_bytes(b"half a che")
    log.add(FIRST)
    log.publish()
    assert mirrored() == (SOUND, [])


def test_a_checkpoint_of_its_own_that_is_damaged_is_told(mirrored):
    assert mirrored() == (SOUND, [])
    (seen,) = (mirrored.home / "seen").iterdir()
    seen.write_bytes(b"half a che")
    assert mirrored() == (UNCHECKABLE, ["note-form"])


def test_a_mirror_killed_while_it_keeps_what_it_has_checked_goes_on(log, mirrored, monkeypatch):
    """The pages that are there are whole, the rest is fetched again."""
    moved, real = [], tiles.Folder.take_in

    def killed(folder, path, source):
        if moved:
            raise KeyboardInterrupt
        moved.append(path)
        real(folder, path, source)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(tiles.Folder, "take_in", killed)
        mirroring.Mirror(mirrored.home, check.read_policy(POLICY.encode())).update(
            mirroring.source_reader(str(log.root)), check.Report("log")
        )
    assert moved and not (mirrored.home / "seen").exists()
    assert mirrored() == (SOUND, [])


def test_07_a_log_set_back_is_found_by_who_has_seen_more(log, mirrored):
    before = (log.root / "checkpoint").read_bytes()
    log.add(FIRST)
    log.publish()
    assert mirrored() == (SOUND, [])
    (log.root / "checkpoint").write_bytes(before)
    assert mirrored() == (FAULTY, ["set-back"])
    (evidence,) = (mirrored.home / "evidence").iterdir()
    assert evidence.read_bytes() == before, "the office's own signature is kept as evidence"


@pytest.mark.parametrize("longer", [False, True])
def test_37_another_version_of_the_history_is_found_by_who_has_seen_the_first(
    log, mirrored, tmp_path, longer
):
    """10, 11: cosigned by witnesses who lie or have lost their memory; the mirror has not."""
    assert mirrored() == (SOUND, [])
    other = three_cases(tmp_path / "other", rounds=3)
    for case in (FIRST, FIRST, FIRST, *([FIRST] if longer else [])):
        other.add(case)
    other.publish()
    assert mirrored(other.root) == (FAULTY, ["fork"])
    assert len(list((mirrored.home / "evidence").iterdir())) == 1
    assert mirrored() == (SOUND, []), "the true log goes on"


@pytest.mark.parametrize("kind", ["0", "entries", "signatures"])
def test_05_a_page_that_is_missing_is_not_sound_and_nothing_is_kept(log, mirrored, kind):
    file = log.root / f"tile/{kind}/000.p/13"
    content = file.read_bytes()
    file.unlink()
    assert mirrored() == (FAULTY, ["tile-missing"])
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert mirrored()[0] == FAULTY
    assert not (mirrored.home / "log").exists() and not (mirrored.home / "seen").exists()
    file.write_bytes(content)
    assert mirrored() == (SOUND, [])


def test_a_page_changed_in_the_mirror_itself_is_found(log, mirrored):
    assert mirrored() == (SOUND, [])
    file = mirrored.home / "log/tile/entries/000.p/13"
    file.write_bytes(file.read_bytes().replace(b"NOTICE_1", b"NOTICE_2", 1))
    assert mirrored() == (FAULTY, ["tile-other"])
    shutil.rmtree(mirrored.home / "log")
    assert mirrored() == (SOUND, [])


def test_04_entries_left_out_of_the_log_are_missing_in_their_case(log, mirrored):
    log.add(FIRST, seq=5)
    log.publish()
    assert mirrored() == (FAULTY, ["chain-gap"])


def test_a_checkpoint_without_its_quorum_is_not_accepted(log, mirrored, policy):
    log.publish(INSPECTION)
    assert mirrored() == (FAULTY, ["witness-missing"])
    policy.write_text("quorum\n")
    assert mirrored() == (UNCHECKABLE, ["policy-line"])


def test_40_a_log_that_claims_to_be_endless_is_not_begun(log, mirrored, monkeypatch):
    monkeypatch.setattr(mirroring, "MOST_ENTRIES", 5)
    assert mirrored() == (UNCHECKABLE, ["too-large"])


def test_ticks_and_keys_are_followed(log, mirrored):
    note = bytes(log.publish()).decode()
    log.add(SYSTEM, type="tick", vars={"checkpoint": note})
    log.publish()
    assert mirrored() == (SOUND, [])
    log.add(FIRST, by=None)
    log.publish()
    assert mirrored() == (FAULTY, ["unsigned"])
