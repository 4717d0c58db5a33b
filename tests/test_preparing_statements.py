"""A prepared statement means on both databases what SQLAlchemy would make of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from workflow.store import connect, transaction
from workflow.store.models import Counter, Household, Organisation, Outbox, Task, Timer, table
from workflow.store.prepared import Prepared, PreparedFor

COUNTER, OUTBOX, HOUSEHOLD = table(Counter), table(Outbox), table(Household)
AT = datetime(2026, 3, 10, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture
def engine(migrated_url):
    engine = connect(migrated_url)
    yield engine
    engine.dispose()


def test_values_go_in_and_come_out_as_their_types(engine):
    columns = ("case_id", "kind", "payload", "available_at", "attempts")
    put = Prepared(insert(OUTBOX).returning(OUTBOX.c.id), *columns)
    get = Prepared(select(OUTBOX).where(OUTBOX.c.id == bindparam("wanted"), OUTBOX.c.kind == "letter"))
    row = {"case_id": None, "kind": "letter", "payload": {"信": [1, None]}, "available_at": AT, "attempts": 0}
    with transaction(engine) as conn:
        number = put.scalar(conn, row)
        found = get.first(conn, {"wanted": number})
        plain = conn.execute(select(OUTBOX).where(OUTBOX.c.id == number)).one()
    assert tuple(found) == tuple(plain)
    assert (found.payload, found.available_at, found.done_at) == ({"信": [1, None]}, AT, None)
    with engine.connect() as conn:
        assert get.first(conn, {"wanted": number + 1}) is None and get.all(conn, {"wanted": 0}) == []


def test_money_is_fen_in_the_database_and_yuan_outside(engine):
    village = {
        "code": "360829100001",
        "name": "村",
        "level": "village",
        "kind": "government",
        "valid_from": AT.date(),
    }
    put = Prepared(
        insert(HOUSEHOLD).returning(HOUSEHOLD.c.id, HOUSEHOLD.c.income), "village", "income", "demonstration"
    )
    with transaction(engine) as conn:
        conn.execute(insert(Organisation), village)
        row = put.first(conn, {"village": "360829100001", "income": Decimal("12.50"), "demonstration": True})
    assert row.income == Decimal("12.50")


def test_rows_written_are_counted_and_errors_are_sqlalchemys(engine):
    put = Prepared(insert(COUNTER), "name", "value")
    move = Prepared(
        update(COUNTER).where(COUNTER.c.name == bindparam("which")).values(value=bindparam("value"))
    )
    with transaction(engine) as conn:
        put.change(conn, {"name": "one", "value": 1})
        assert move.change(conn, {"which": "one", "value": 2}) == 1
        assert move.change(conn, {"which": "two", "value": 2}) == 0
    with pytest.raises(IntegrityError), transaction(engine) as conn:
        put.change(conn, {"name": "one", "value": 3})
    with engine.connect() as conn:
        assert conn.scalar(select(COUNTER.c.value)) == 2


def test_a_list_takes_the_type_of_its_column_and_may_have_any_length(engine):
    times = [AT + timedelta(days=number) for number in range(3)]
    put = Prepared(insert(OUTBOX), "case_id", "kind", "payload", "available_at", "attempts")
    of = PreparedFor(
        OUTBOX.c.available_at,
        lambda listed: (
            select(OUTBOX.c.available_at)
            .where(OUTBOX.c.available_at.in_(listed), OUTBOX.c.kind == bindparam("kind"))
            .order_by(OUTBOX.c.id)
        ),
    )
    rename = PreparedFor(
        OUTBOX.c.available_at,
        lambda listed: update(OUTBOX).where(OUTBOX.c.available_at.in_(listed)).values(kind=bindparam("to")),
    )
    with transaction(engine) as conn:
        for at in times:
            row = {"case_id": None, "kind": "letter", "payload": {}, "available_at": at, "attempts": 0}
            put.change(conn, row)
        for some in (times[:1], times[:2]):
            assert [row.available_at for row in of.all(conn, some, {"kind": "letter"})] == some
        assert rename.change(conn, times[1:], {"to": "paper"}) == 2
        assert [row.available_at for row in of.all(conn, times, {"kind": "letter"})] == times[:1]


def test_what_only_sqlalchemy_can_do_is_refused(engine):
    timers = table(Timer)
    many = Prepared(select(timers).where(timers.c.task_id.in_(bindparam("ids", expanding=True))))
    lacking = Prepared(insert(table(Task)), "case_id", "id")
    with engine.connect() as conn:
        with pytest.raises(TypeError, match="list"):
            many.all(conn, {"ids": [1]})
        with pytest.raises(TypeError, match="paused"):
            lacking.change(conn, {"case_id": uuid4(), "id": 1})
