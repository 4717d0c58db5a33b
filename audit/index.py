"""The places of entries in their tree, in the database: pending entries get the next ones, for good."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_

from audit.chain import LOGS
from audit.merkle import leaf_hash
from audit.tables import audit_entry, audit_index, audit_pending, audit_tree
from audit.tiles import SIGNATURE, Leaf

BATCH = 4_096
"""Entries that one transaction moves at most."""

_pending, _entry, _index, _tree = audit_pending.c, audit_entry.c, audit_index.c, audit_tree.c
_stored = (_entry.chain == _pending.chain) & (_entry.seq == _pending.seq) & (_entry.log == _pending.log)
_placed = (_index.tree == bindparam("tree")) & (_index.chain == _pending.chain) & (_index.seq == _pending.seq)
_PENDING = (
    select(
        _pending.id, _pending.chain, _pending.seq, _entry.leaf, _entry.bytes, _entry.signature,
        _index.idx.label("placed"),
    )
    .join_from(audit_pending, audit_entry, _stored, isouter=True)
    .join(audit_index, _placed, isouter=True)
    .where(_pending.log == bindparam("log"))
    .order_by(_pending.id)
    .limit(BATCH)
)  # fmt: skip
_SIZE = select(func.coalesce(func.max(_index.idx) + 1, 0)).where(_index.tree == bindparam("tree"))
_LEAVES = (
    select(_index.idx, _index.chain, _index.seq, _index.leaf, _entry.bytes, _entry.signature)
    .join_from(
        audit_index,
        audit_entry,
        (_entry.chain == _index.chain) & (_entry.seq == _index.seq),
        isouter=True,
    )
    .where(_index.tree == bindparam("tree"), _index.idx >= bindparam("first"), _index.idx < bindparam("end"))
    .order_by(_index.idx)
)
_PLACES = select(_index.chain, _index.seq, _index.idx).where(
    _index.tree == bindparam("tree"),
    tuple_(_index.chain, _index.seq).in_(bindparam("wanted", expanding=True)),
)
_DONE = delete(audit_pending).where(_pending.id == bindparam("done"))


class EntryAltered(Exception):
    """A stored entry is gone or is not what its hash says: it will not be signed."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What one transaction has put into the index: `leaves` from `first` on; `more` if some were left."""

    first: int
    leaves: list[Leaf]
    more: bool


def size(conn: Connection, tree: int) -> int:
    """How many entries have their place."""
    return int(conn.execute(_SIZE, {"tree": tree}).scalar_one())


def take(conn: Connection, log: int, tree: int) -> Moved:
    """Give the pending entries their places, at most BATCH of them. Raises EntryAltered.

    Takes whatever rows are there, whenever they were written: a slow transaction's come with a later call.
    """
    rows = conn.execute(_PENDING, {"log": log, "tree": tree}).all()
    first = size(conn, tree)
    new = [row for row in rows if row.placed is None]
    leaves = [_leaf(row) for row in new]
    if new:
        conn.execute(
            insert(audit_index),
            [
                {"tree": tree, "idx": first + at, "chain": row.chain, "seq": row.seq, "leaf": row.leaf}
                for at, row in enumerate(new)
            ],
        )
    if rows:
        conn.execute(_DONE, [{"done": row.id} for row in rows])
    return Moved(first, leaves, len(rows) == BATCH)


def leaves(conn: Connection, tree: int, first: int, end: int) -> Iterator[Sequence[Leaf]]:
    """The entries with these places, as they are stored now, in batches. Raises EntryAltered."""
    for start in range(first, end, BATCH):
        rows = conn.execute(_LEAVES, {"tree": tree, "first": start, "end": min(end, start + BATCH)})
        yield [_leaf(row) for row in rows]


def places(conn: Connection, tree: int, wanted: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], int]:
    """The places of these entries (chain and seq); those that have none yet are left out."""
    rows = conn.execute(_PLACES, {"tree": tree, "wanted": wanted})
    return {(row.chain, row.seq): row.idx for row in rows}


def trees(conn: Connection) -> dict[str, tuple[int, str]]:
    """The newest tree of each log that has one: its number and its origin."""
    names = {number: log for log, number in LOGS.items()}
    ours = select(_tree.tree, _tree.log, _tree.origin).where(_tree.log.in_(names))
    rows = conn.execute(ours.order_by(_tree.tree))
    return {names[row.log]: (row.tree, row.origin) for row in rows}


def _leaf(row: Any) -> Leaf:
    if row.bytes is None or leaf_hash(row.bytes) != row.leaf:
        raise EntryAltered(f"entry {row.seq} of {row.chain} is gone or is not what its hash says")
    return Leaf(row.bytes, bytes(SIGNATURE) if row.signature is None else row.signature)
