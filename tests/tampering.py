"""How a running office is tampered with, and what is looked at afterwards."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

import audit
from audit import canonical
from audit.chain import SIGNED_FOR
from audit.merkle import leaf_hash
from audit.tables import METADATA as LOG_TABLES
from audit.tables import audit_entry, audit_head, audit_index, audit_vault
from workflow.replay import replay
from workflow.store.models import Base, Case

entry = audit_entry.c


def at(case, seq):
    return (entry.chain == case.id) & (entry.seq == seq)


def stored(conn, case, seq):
    return conn.execute(
        select(entry.leaf, entry.prev, entry.bytes, entry.signature).where(at(case, seq))
    ).one()


def put(conn, case, seq, encoded, **more):
    """Other bytes in a stored entry, with the hash that fits them."""
    values = {"bytes": encoded, "leaf": leaf_hash(encoded), **more}
    conn.execute(update(audit_entry).where(at(case, seq)).values(values))


@contextmanager
def refused(system, why=None):
    """The database lets nobody do this, and nothing has changed."""
    before = system.verified()
    with pytest.raises(DBAPIError, match=why), system.county.house.engine.begin() as conn:
        yield conn
    assert system.verified() == before


def replayed(system, case):
    with system.county.house.reader.connect() as conn:
        return replay(system.county.house, conn, case.id).difference


def another_amount(entries):
    """Ten times the money, wherever somebody has written it down."""
    for one in entries:
        answers = one["vars"].get("answers", {})
        if "aid_fen" in answers:
            answers["aid_fen"] *= 10


def rewrite_ticks(conn, system):
    """The system's own chain without what its ticks tell, signed anew; and the places that fit it."""
    signer, prev = system.county.house.vault.signer(), bytes(32)
    found = conn.execute(
        select(entry.seq, entry.bytes).where(entry.chain == audit.SYSTEM_CHAIN).order_by(entry.seq)
    ).all()
    for row in found:
        content = json.loads(row.bytes)
        if content["type"] == "tick":
            content["vars"] = {"checkpoint": ""}
        encoded = canonical.encode({**content, "prev": prev.hex()})
        prev = leaf_hash(encoded)
        values = {"bytes": encoded, "leaf": prev, "prev": bytes.fromhex(json.loads(encoded)["prev"])}
        signature = signer.key.id + signer.sign(SIGNED_FOR + prev)
        here = (entry.chain == audit.SYSTEM_CHAIN) & (entry.seq == row.seq)
        conn.execute(update(audit_entry).where(here).values(**values, signature=signature))
        place = (audit_index.c.chain == audit.SYSTEM_CHAIN) & (audit_index.c.seq == row.seq)
        conn.execute(update(audit_index).where(place).values(leaf=prev))
    head = audit_head.c.chain == audit.SYSTEM_CHAIN
    conn.execute(update(audit_head).where(head).values(leaf=prev))


def forced(system, signer=None):
    """An entry put in past the application, by the owner: a step that nobody took."""
    case = system.waiting
    with system.owned() as conn:
        newest = stored(conn, case, case.row.seq)
        content = json.loads(newest.bytes) | {"seq": case.row.seq + 1, "prev": newest.leaf.hex()}
        content.pop("kid")
        if signer is not None:
            content["kid"] = signer.key.id.hex()
        encoded = canonical.encode(content)
        leaf = leaf_hash(encoded)
        signature = None if signer is None else signer.key.id + signer.sign(SIGNED_FOR + leaf)
        row = {"chain": case.id, "seq": content["seq"], "leaf": leaf, "prev": newest.leaf, "bytes": encoded}
        conn.execute(insert(audit_entry).values(**row, signature=signature))
        conn.execute(
            update(audit_head).where(audit_head.c.chain == case.id).values(seq=row["seq"], leaf=leaf)
        )
        conn.execute(text("INSERT INTO audit_pending (log, chain, seq) SELECT 0, chain, seq FROM audit_entry "
                          f"WHERE seq = {row['seq']} AND leaf = :leaf"), {"leaf": leaf})  # fmt: skip
        conn.execute(update(Case).where(Case.id == case.id).values(seq=row["seq"]))
    return row["seq"]


def sealed_in(case, seq):
    return (audit_vault.c.chain == case.id) & (audit_vault.c.seq == seq)


def with_vault(system):
    """An entry of the paid case that has sealed values."""
    return next(one["seq"] for one in system.paid.entries if one["commit"])


def rows(conn):
    """All rows of the database, in the order in which tables refer to each other."""
    tables = [*Base.metadata.sorted_tables, *LOG_TABLES.sorted_tables]
    return {table: [dict(row._mapping) for row in conn.execute(select(table))] for table in tables}


def put_back(conn, before):
    """Make the database what it was: nothing in it tells of what came after."""
    for table in reversed(before):
        conn.execute(table.delete())
    for table, kept in before.items():
        if kept:
            conn.execute(table.insert(), kept)
