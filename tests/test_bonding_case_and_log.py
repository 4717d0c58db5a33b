"""The bond between case and log: the database refuses one without the other (attempts 15, 16 and 18)."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

import audit
from audit.tables import audit_entry
from workflow.store.models import Case

REFUSED = pytest.raises(DBAPIError)


@pytest.fixture
def case(case_at):
    return case_at("record_review")


def by_hand(county, statement) -> None:
    """Somebody with the application's own rights, past the services."""
    with county.house.engine.begin() as conn:
        conn.execute(statement)


def entry_by_hand(county, case, seq: int) -> None:
    row = case.row
    draft = audit.Draft(
        type="task_completed", vars={}, frm=row.state, to="APPROVED",
        actor={"id": 1, "role": "CAPR", "org": "360829-msb", "on_behalf": None},
        task=None, at_claimed=datetime.now(UTC), rule=row.rulebook, command={"name": "none"},
        kernel="1", request=None,
    )  # fmt: skip
    with county.house.engine.begin() as conn:
        newest = audit.head(conn, case.id)
        audit.append(conn, county.house.vault, case.id, seq, newest.leaf, draft, datetime.now(UTC))


@pytest.mark.parametrize(
    "values",
    [
        {"state": "APPROVED"},
        {"engine": b"{}"},
        {"state": "APPROVED", "engine": b"{}"},
        {"outcome": "approved"},
        {"aid": Decimal("999999.00")},
        {"category": "TK"},
        {"closed_at": datetime(2026, 3, 2, tzinfo=UTC)},
        {"applicant_id": 2},
        {"village": "360829101001"},
        {"rulebook": "0" * 64},
        {"number": "2026-9999"},
    ],
    ids=lambda values: "+".join(values),
)
def test_a_case_does_not_change_without_an_entry(case, county, values):
    before = case.row
    with REFUSED:
        by_hand(county, update(Case).where(Case.id == case.id).values(values))
    assert case.row == before


def test_not_even_when_the_sequence_is_moved_along(case, county):
    """The entry it would then point to is not there: the transaction cannot commit."""
    before = case.row
    moved = update(Case).where(Case.id == case.id).values(state="APPROVED", seq=before.seq + 1)
    with REFUSED:
        by_hand(county, moved)
    assert case.row == before


@pytest.mark.parametrize("step", [-1, 0, 2, 100])
def test_the_sequence_goes_on_by_one_or_not_at_all(case, county, step):
    before = case.row
    with REFUSED:
        by_hand(county, update(Case).where(Case.id == case.id).values(state="PAID", seq=before.seq + step))
    assert case.row == before


def test_an_entry_is_not_written_without_the_case_having_moved(case, county):
    entries = len(case.entries)
    with REFUSED:
        entry_by_hand(county, case, case.row.seq + 1)
    assert len(case.entries) == entries


@pytest.mark.parametrize("step", [0, 2])
def test_nor_at_another_place_of_the_chain(case, county, step):
    entries = len(case.entries)
    with REFUSED:
        entry_by_hand(county, case, case.row.seq + step)
    assert len(case.entries) == entries


def test_a_case_is_never_deleted(case, county):
    with REFUSED:
        by_hand(county, delete(Case).where(Case.id == case.id))
    assert case.row.id == case.id


def test_nor_its_entries(case, county):
    entries = len(case.entries)
    with REFUSED:
        by_hand(county, delete(audit_entry).where(audit_entry.c.chain == case.id))
    assert len(case.entries) == entries


@pytest.mark.parametrize("county", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ['"case"', "audit_entry"])
def test_nor_is_a_table_emptied(case, county, table):
    with REFUSED:
        by_hand(county, text(f"TRUNCATE {table} CASCADE"))
    with REFUSED, county.house.engine.begin() as conn:
        conn.execute(text("SET session_replication_role = replica"))
        conn.execute(text(f"TRUNCATE {table} CASCADE"))
    assert case.row.id == case.id


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_replacing_the_row_is_no_way_round(case, county):
    before = case.row
    columns = ", ".join(f"'PAID' AS {name}" if name == "state" else name for name in case.row._fields)
    with REFUSED:
        by_hand(county, text(f'INSERT OR REPLACE INTO "case" SELECT {columns} FROM "case"'))
    assert case.row == before


def test_a_case_without_a_first_entry_cannot_be_put_in(case, county):
    row = {**case.row._asdict(), "id": uuid4(), "number": "2026-9000"}
    for seq in (0, -1, case.row.seq):
        with REFUSED:
            by_hand(county, insert(Case).values({**row, "seq": seq}))
    with county.house.reader.connect() as conn:
        assert len(conn.execute(select(Case.id)).all()) == 1
