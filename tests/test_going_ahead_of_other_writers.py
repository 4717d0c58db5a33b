"""On SQLite everybody who waits to write waits alike, and the log's sequencer goes ahead of them."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest
from log_office import Office
from sqlalchemy import text

from workflow.errors import Busy
from workflow.sequencing import sequence
from workflow.store import connect, transaction, turns, writers
from workflow.store.turns import Turns, lock_file


@contextmanager
def going_ahead(office):
    """Somebody else goes ahead of all who write the office's database."""
    other = Turns(lock_file(office.engine.url.database))
    held = other.go_ahead()
    assert held is not None
    try:
        yield
    finally:
        other.step_back(held)


@pytest.fixture
def office(tmp_path):
    office = Office(f"sqlite+pysqlite:///{tmp_path / 'mingjian.sqlite'}", tmp_path / "home")
    yield office
    office.close()


def test_who_has_not_begun_waits_for_whoever_goes_ahead(office):
    done = []

    def work(name, **how):
        with transaction(connect(office.url), **how):
            done.append(name)

    with going_ahead(office):
        others = [threading.Thread(target=work, args=("other",)) for _ in range(3)]
        for other in others:
            other.start()
        time.sleep(0.1)
        with office.engine.begin() as conn:  # nobody holds the database itself
            conn.execute(text("SELECT 1"))
        done.append("ahead")
    for other in others:
        other.join()
    assert done == ["ahead", "other", "other", "other"]


def test_it_is_a_courtesy_that_ends(office, monkeypatch):
    monkeypatch.setattr(turns, "COURTESY", 0.05)
    with going_ahead(office):
        for ahead in (False, True):
            with transaction(office.engine, ahead=ahead) as conn:
                assert conn.scalar(text("SELECT 1")) == 1


def test_whoever_went_ahead_lets_go_also_when_it_failed(office):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), transaction(office.engine, ahead=True):
            raise ZeroDivisionError
    began = time.monotonic()
    with transaction(office.engine):
        assert time.monotonic() - began < turns.COURTESY


def test_a_child_forked_meanwhile_does_not_keep_the_turn(office):
    with going_ahead(office):
        child = os.fork()
        if child == 0:
            time.sleep(20)
            os._exit(0)
    began = time.monotonic()
    Turns(lock_file(office.engine.url.database)).let_pass()
    assert time.monotonic() - began < turns.COURTESY
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_folder_that_takes_no_lock_file_or_a_database_in_memory_goes_without(tmp_path):
    for path in (str(tmp_path / "missing" / "x.sqlite-turn"), lock_file(":memory:")):
        without = Turns(path)
        without.let_pass()
        assert without.go_ahead() is None
        without.step_back(None)
    assert not list(tmp_path.iterdir())


def test_who_waits_too_long_is_told_that_the_database_is_busy(office, monkeypatch):
    monkeypatch.setattr(writers, "PATIENCE", 0.1)
    with transaction(office.engine), pytest.raises(Busy), transaction(connect(office.url)):
        pass


def test_who_waits_goes_on_as_soon_as_the_other_is_done(office):
    began, waited = threading.Event(), []

    def work():
        began.set()
        before = time.monotonic()
        with transaction(connect(office.url)):
            waited.append(time.monotonic() - before)

    with transaction(office.engine):
        other = threading.Thread(target=work)
        other.start()
        began.wait()
        time.sleep(0.2)
        assert not waited
    other.join()
    assert waited[0] < writers.PATIENCE / 2


def test_the_sequencer_and_the_receipts_go_ahead(county, monkeypatch):
    seen = []
    real = Turns.go_ahead
    monkeypatch.setattr(Turns, "go_ahead", lambda self: seen.append(real(self)) or seen[-1])
    sequence(county.house)
    if county.house.engine.dialect.name == "sqlite":
        assert seen and all(held is not None for held in seen)
    else:
        assert not seen
