"""Attempt 38: kill -9 between any two steps, a full disk, two sequencers. Nothing acknowledged is lost, and
nothing is signed twice differently.

A process of its own works, publishes and is killed before the n-th thing that it would make last: a commit, a
file's content, a file's name, a directory, a signature. Then n + 1, until it comes to its end.
"""

import errno
import os
import signal
import subprocess
from contextlib import contextmanager
from functools import cache
from itertools import count

import pytest
from small_county import paper

import audit
from audit.checker import mingjian_check as check
from audit.checker.mingjian_check import SOUND
from audit.checkpoint import Checkpoint
from audit.tiles import Tree
from workflow.commands import AttachPaper
from workflow.sequencing import sequence


@pytest.fixture(autouse=True)
def each_signature_is_reckoned_once(monkeypatch):
    """The mirror reads the whole log after every kill; whether a signature fits the same bytes stays so."""
    monkeypatch.setattr(check, "verify_ed25519", cache(check.verify_ed25519))


class Steps:
    """Counts what a process makes last, and does something before number `at`."""

    def __init__(self, at, instead):
        self.at, self.instead, self.seen = at, instead, 0

    def step(self, *told):
        self.seen += 1
        if self.seen == self.at:
            self.instead()

    def before(self, real):
        def stepped(*told, **rest):
            self.step()
            return real(*told, **rest)

        return stepped

    def watch(self, system, patch):
        house = system.county.house
        system.restart()
        house.sequencer().fsync = house.sequencer().observe = self.step
        patch.setattr(os, "replace", self.before(os.replace))
        patch.setattr(house.engine.dialect, "do_commit", self.before(house.engine.dialect.do_commit))


@contextmanager
def another_process(system, work):
    """`work(tell)` in a process of its own; yields its number and the pipe with what it tells."""
    house = system.county.house
    house.engine.dispose()  # no connection crosses a fork
    house.reader.dispose()
    reading, telling = os.pipe()
    process = os.fork()
    if process == 0:
        signal.alarm(120)  # whatever hangs is ended
        status = 1
        try:
            os.close(reading)
            work(lambda line: os.write(telling, f"{line}\n".encode()))
            status = 0
        finally:
            os._exit(status)
    os.close(telling)
    with os.fdopen(reading) as told:
        yield process, told


def works_and_dies(system, at):
    """What the process had acknowledged, and whether it was killed."""

    def work(tell):
        Steps(at, lambda: os.kill(os.getpid(), signal.SIGKILL)).watch(system, pytest.MonkeyPatch())
        outcome = system.county.staff["twin1"].does(AttachPaper(system.waiting.id, paper("other")))
        tell(outcome.seq)
        sequence(system.county.house)

    with another_process(system, work) as (process, told):
        acknowledged = [int(line) for line in told]
        _, status = os.waitpid(process, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended in (0, -signal.SIGKILL), "it failed, or hung until its alarm"
    return acknowledged, ended != 0


def signed(system):
    """Every checkpoint of the log of cases that is known to have been signed: size → root."""
    known = [(system.home / "sequencer/signed").read_text(), system.note().text]
    found = [Checkpoint.parse(text) for text in known]
    origin = found[0].origin
    found += [witness.seen(origin) for witness in system.witnesses]
    return {(one.size, one.root) for one in found}


def test_killed_between_any_two_steps_nothing_is_lost_and_nothing_signed_twice(system):
    acknowledged, ever, deaths = [], set(), 0
    for at in count(1):
        told, killed = works_and_dies(system, at)
        acknowledged += told
        ever |= signed(system)
        if not killed:
            break
        deaths += 1
        assert system.mirrored().status == SOUND, f"what is out is not whole after a kill before step {at}"
        system.restart()
        assert system.turn() == {}, f"after a kill before step {at}"
        ever |= signed(system)
        assert system.waiting.row.seq >= max(acknowledged, default=0)
        assert len(system.places(system.waiting)) == system.waiting.row.seq + 1
    assert deaths > 15 and len(acknowledged) > 10
    assert system.verified() == []
    assert system.checked().status == system.mirrored().status == SOUND
    tree = Tree(system.tiles, system.seen().checkpoint.size)
    assert all(tree.root_at(size) == root for size, root in ever)
    assert len({size for size, _ in ever}) == len(ever)


def test_two_sequencers_at_once_and_killed_give_every_entry_one_place(system):
    def publish(tell):
        system.restart()
        tell("ready")
        while True:
            sequence(system.county.house)

    clerk, before = system.county.staff["twin1"], system.seen().checkpoint.size
    with (
        another_process(system, publish) as (one, first),
        another_process(system, publish) as (other, second),
    ):
        assert {first.readline(), second.readline()} == {"ready\n"}
        written = [clerk.does(AttachPaper(system.waiting.id, paper("other"))).seq for _ in range(8)]
        for process in (one, other):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    system.restart()
    assert system.turn() == {}
    places = system.places(system.waiting)
    assert len(set(places)) == len(places) == written[-1] + 1
    assert system.seen().checkpoint.size >= before + len(written)
    assert system.checked().status == system.mirrored().status == SOUND


# A full disk: the database has room, the published log has none. The offices go on, later the log does too.


def one_round(system):
    """What stopped the log of cases in one turn, or None."""
    return system.county.house.sequencer().round()[audit.LOG].fault


def no_room(fault):
    return isinstance(fault, OSError) and fault.errno == errno.ENOSPC


def test_a_disk_that_is_full_at_any_write_stops_publishing_and_loses_nothing(system):
    system.county.staff["capr"].signs_decision(system.waiting)

    def full():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before, stopped = system.seen().checkpoint, 0
    for at in count(1):
        system.restart()
        steps = Steps(at, full)
        system.county.house.sequencer().fsync = steps.step
        fault = one_round(system)
        assert fault is None or no_room(fault)
        assert system.mirrored().status == SOUND, "what is out is whole, and was never another"
        if steps.seen < at:
            break
        stopped += no_room(fault)
    assert stopped > 3 and fault is None
    assert system.seen().checkpoint.size > before.size
    assert system.turn() == {} and system.checked().status == SOUND


@pytest.fixture
def small_disk(system):
    """The published log on a file system of its own, with room for a few pages."""
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a file system; the injected fault above needs nobody")
    kept = system.folder / "kept"
    system.log.rename(kept)
    system.log.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(system.log)], check=True)
    subprocess.run(["cp", "-a", f"{kept}/.", str(system.log)], check=True)
    yield system
    subprocess.run(["umount", str(system.log)], check=True)


def test_a_disk_that_is_really_full_stops_publishing_and_loses_nothing(small_disk):
    system, filler = small_disk, small_disk.log / "filler"
    with pytest.raises(OSError, match="No space"), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    before = (system.log / "checkpoint").read_bytes()
    outcome = system.county.staff["capr"].signs_decision(system.waiting)
    assert no_room(one_round(system))
    assert (system.log / "checkpoint").read_bytes() == before and system.mirrored().status == SOUND
    filler.unlink()
    assert system.turn() == {}
    assert len(system.places(system.waiting)) == outcome.seq + 1
    assert system.checked().status == system.mirrored().status == SOUND
