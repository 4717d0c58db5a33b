"""Writers of one SQLite file take turns on a connection that stays open."""

from threading import Thread

import pysqlite3.dbapi2
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from workflow.errors import Busy
from workflow.store import connect, transaction, writers
from workflow.store.migrations import upgrade
from workflow.store.models import Counter, table
from workflow.store.prepared import Prepared

COUNTER = table(Counter)


@pytest.fixture
def engine(tmp_path):
    url = f"sqlite+pysqlite:///{tmp_path / 'mingjian.sqlite'}"
    upgrade(url)
    engine = connect(url)
    yield engine
    engine.dispose()


def names(engine):
    with engine.connect() as conn:
        return set(conn.scalars(select(COUNTER.c.name)))


def write(engine, name):
    with transaction(engine) as conn:
        conn.execute(insert(COUNTER), {"name": name, "value": 0})


def test_writers_of_one_process_wait_for_each_other(engine):
    others = [Thread(target=write, args=(engine, f"w{number}")) for number in range(6)]
    with transaction(engine) as conn:
        for one in others:
            one.start()
        conn.execute(insert(COUNTER), {"name": "first", "value": 0})
    for one in others:
        one.join()
    assert names(engine) == {"first", *(f"w{number}" for number in range(6))}


def test_a_failed_transaction_leaves_nothing_for_the_next_one(engine):
    write(engine, "one")
    with pytest.raises(IntegrityError), transaction(engine) as conn:
        conn.execute(insert(COUNTER), {"name": "two", "value": 0})
        conn.execute(insert(COUNTER), {"name": "one", "value": 0})
    write(engine, "three")
    assert names(engine) == {"one", "three"}


def test_who_waits_too_long_is_told_that_the_database_is_busy(engine, monkeypatch):
    monkeypatch.setattr(writers, "PATIENCE", 0.05)
    refused = []

    def late():
        with pytest.raises(Busy) as told:
            write(engine, "late")
        refused.append(told.value)

    with transaction(engine):
        other = Thread(target=late)
        other.start()
        other.join()
    assert refused and names(engine) == set()


PUT = Prepared(insert(COUNTER), "name", "value")


def test_a_statement_of_sqlalchemy_joins_the_turn_wherever_it_comes(engine):
    """Committed together, rolled back together."""
    with transaction(engine) as conn:
        PUT.change(conn, {"name": "first", "value": 0})
        conn.execute(insert(COUNTER), {"name": "second", "value": 0})
        PUT.change(conn, {"name": "third", "value": 0})
    assert names(engine) == {"first", "second", "third"}
    for between in (False, True):
        with pytest.raises(LookupError), transaction(engine) as conn:
            PUT.change(conn, {"name": "lost", "value": 0})
            if between:
                conn.execute(insert(COUNTER), {"name": "lost too", "value": 0})
            raise LookupError
    assert names(engine) == {"first", "second", "third"}


@pytest.mark.parametrize("joined", [False, True])
def test_a_commit_for_which_there_is_no_room_leaves_nothing_and_is_told_as_busy(engine, joined, monkeypatch):
    def no_room(connection):
        raise pysqlite3.dbapi2.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_commit", no_room)
        with pytest.raises(Busy), transaction(engine) as conn:
            PUT.change(conn, {"name": "lost", "value": 0})
            if joined:
                conn.execute(insert(COUNTER), {"name": "lost too", "value": 0})
    write(engine, "next")
    assert names(engine) == {"next"}


@pytest.mark.parametrize("joined", [False, True])
def test_whoever_is_broken_off_in_a_turn_leaves_it_to_the_next(engine, joined, monkeypatch):
    """Ctrl+C in the middle of a statement: SQLAlchemy throws the connection away."""

    def broken_off(cursor, *arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction(engine) as conn:
        PUT.change(conn, {"name": "lost", "value": 0})
        with monkeypatch.context() as patch:
            patch.setattr(engine.dialect, "do_execute", broken_off)
            if joined:
                conn.execute(insert(COUNTER), {"name": "lost too", "value": 0})
            raise KeyboardInterrupt
    write(engine, "next")
    assert names(engine) == {"next"}


def test_after_closing_the_file_opens_again(engine):
    write(engine, "one")
    engine.dispose()
    write(engine, "two")
    assert names(engine) == {"one", "two"}
