"""The places of entries in their tree, in the database: pending entries get the next ones, for good."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, tuple_

from audit.chain import LOGS
from audit.driver import Statement, on_postgresql
from audit.merkle import leaf_hash
from audit.tables import audit_entry, audit_index, audit_tree
from audit.tiles import SIGNATURE, Leaf

BATCH = 4_096
"""Entries that one transaction moves at most."""

_entry, _index, _tree = audit_entry.c, audit_index.c, audit_tree.c
_PENDING = Statement(
    "SELECT p.id, p.chain, p.seq, e.leaf, e.bytes, e.signature, i.idx FROM audit_pending p "
    "LEFT JOIN audit_entry e ON e.chain = p.chain AND e.seq = p.seq AND e.log = p.log "
    "LEFT JOIN audit_index i ON i.tree = ? AND i.chain = p.chain AND i.seq = p.seq "
    "WHERE p.log = ? ORDER BY p.id LIMIT ?"
)
_PLACE_ONE = Statement("INSERT INTO audit_index (tree, idx, chain, seq, leaf) VALUES (?, ?, ?, ?, ?)")
_PLACE_ALL = Statement(
    "INSERT INTO audit_index (tree, idx, chain, seq, leaf) "
    "SELECT ?, CAST(? AS bigint) + n - 1, chain, seq, leaf FROM unnest(CAST(? AS uuid[]), "
    "CAST(? AS integer[]), CAST(? AS bytea[])) WITH ORDINALITY AS new (chain, seq, leaf, n) ORDER BY n"
)
_DONE_ONE = Statement("DELETE FROM audit_pending WHERE id = ?")
_DONE_ALL = Statement("DELETE FROM audit_pending WHERE id = ANY(CAST(? AS bigint[]))")
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


class EntryAltered(Exception):
    """A stored entry is gone or is not what its hash says: it will not be signed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one look at the queue has found: `leaves` are those of `new` (chain, seq, leaf), in their order.

    `rows` are the rows of the queue that are done with once all of `new` have their places.
    """

    rows: list[int]
    new: list[tuple[UUID, int, bytes]]
    leaves: list[Leaf]


def size(conn: Connection, tree: int) -> int:
    """How many entries have their place."""
    return int(conn.execute(_SIZE, {"tree": tree}).scalar_one())


def waiting(conn: Connection, log: int, tree: int) -> Waiting:
    """The entries that have no place yet, at most BATCH of them, hashed anew. Raises EntryAltered.

    Whatever rows are there, whenever they were written: a slow transaction's come with a later call.
    """
    rows, new, leaves = [], dict[tuple[UUID, int], bytes](), []
    for row, chain, seq, leaf, encoded, signature, placed in _PENDING.all(conn, tree, log, BATCH):
        chain = chain if isinstance(chain, UUID) else UUID(chain)
        rows.append(row)
        if placed is None and (chain, seq) not in new:
            leaves.append(_checked(chain, seq, leaf, encoded, signature))
            new[chain, seq] = leaf
    return Waiting(rows, [(*entry, leaf) for entry, leaf in new.items()], leaves)


def place(conn: Connection, tree: int, found: Waiting) -> int:
    """Give what was found its places, in one transaction that does nothing else; returns the first of them.

    It was read before: entries never change, the database compares the leaves once more, and one sequencer
    is at work. So whoever writes meanwhile waits for no reading and no hashing.
    """
    first = size(conn, tree)
    if on_postgresql(conn):
        if found.new:
            _PLACE_ALL.change(conn, tree, first, *(list(column) for column in zip(*found.new, strict=True)))
        _DONE_ALL.change(conn, found.rows)
    else:
        _PLACE_ONE.each(conn, [(tree, idx, *new) for idx, new in enumerate(found.new, first)])
        _DONE_ONE.each(conn, [(row,) for row in found.rows])
    return first


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
    return _checked(row.chain, row.seq, row.leaf, row.bytes, row.signature)


def _checked(chain: UUID, seq: int, leaf: bytes, encoded: bytes | None, signature: bytes | None) -> Leaf:
    if encoded is None or leaf_hash(encoded) != leaf:
        raise EntryAltered(f"entry {seq} of {chain} is gone or is not what its hash says")
    return Leaf(encoded, bytes(SIGNATURE) if signature is None else signature)
