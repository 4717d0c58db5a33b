"""Writers of one SQLite file take turns on a connection that stays open."""

from threading import Thread

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from workflow.errors import Busy
from workflow.store import connect, transaction, writers
from workflow.store.migrations import upgrade
from workflow.store.models import Counter, table

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


def test_after_closing_the_file_opens_again(engine):
    write(engine, "one")
    engine.dispose()
    write(engine, "two")
    assert names(engine) == {"one", "two"}
