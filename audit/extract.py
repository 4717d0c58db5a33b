"""What proves one case to somebody who has only the published log's keys: its entries, each with its receipt,
and the entries of the log itself that say which keys signed them and when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, bindparam, select

from audit.chain import LOGS, SYSTEM_CHAIN, chain_of
from audit.checkpoint import Checkpoint
from audit.entry import LOG
from audit.index import trees
from audit.note import Note
from audit.proof import Proof, prove
from audit.tables import audit_entry, audit_index, audit_signer
from audit.tiles import Folder, Tree

_TICKS_AFTER = 3
"""So many entries of the system behind an entry are looked at: one of them is a tick that covers it."""

_entry, _index = audit_entry.c, audit_index.c
_here = and_(_index.tree == bindparam("tree"), _index.chain == _entry.chain, _index.seq == _entry.seq)
_PLACED = (
    select(_entry.seq, _entry.bytes, _entry.signature, _index.idx)
    .join_from(audit_entry, audit_index, _here, isouter=True)
    .where(_entry.chain == bindparam("chain"))
    .order_by(_entry.seq)
)
_SOME = _PLACED.where(_index.idx.in_(bindparam("places", expanding=True)))
_KEYS = (
    select(_index.idx)
    .join(audit_signer, audit_signer.c.seq == _index.seq)
    .where(
        _index.tree == bindparam("tree"),
        _index.chain == bindparam("system"),
        audit_signer.c.log == bindparam("log"),
    )
)


def _neighbours() -> Select[Any]:
    """For every entry of a chain the places of the nearest entries of the system chain."""
    own, near = audit_index.alias().c, audit_index.alias().c
    system = (near.tree == own.tree) & (near.chain == bindparam("system"))
    before = select(near.idx).where(system, near.idx < own.idx).order_by(near.idx.desc()).limit(1)
    after = select(near.idx).where(system, near.idx > own.idx).order_by(near.idx).limit(1)
    wanted = [before, *(after.offset(number) for number in range(_TICKS_AFTER))]
    columns = [one.correlate(own.idx.table).scalar_subquery() for one in wanted]
    return select(*columns).where(own.tree == bindparam("tree"), own.chain == bindparam("chain"))


_NEIGHBOURS = _neighbours()


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry as it lies in the log; `proof` is None while no published checkpoint covers it."""

    seq: int
    encoded: bytes
    signature: bytes | None
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Extract:
    """`own` are the entries of a case; `around` those of the log that bear on them, by their places."""

    note: Note | None
    own: tuple[Piece, ...]
    around: Mapping[int, Piece]


def extract(conn: Connection, folder: Folder, note: Note | None, case: UUID, log: str = LOG) -> Extract:
    """Everything of one case, proved under the checkpoint `note` of the log that lies in `folder`.

    Raises TreeBroken when the published tiles are not those of the checkpoint.
    """
    number, origin = trees(conn).get(log, (-1, ""))
    checkpoint = None if note is None else Checkpoint.parse(note.text)
    if note is None or checkpoint is None or checkpoint.origin != origin:
        note, tree = None, Tree(folder, 0)
    else:
        tree = Tree(folder, checkpoint.size)
    system = chain_of(SYSTEM_CHAIN, log)
    given = {"tree": number, "chain": chain_of(case, log), "system": system, "log": LOGS[log]}
    places = set(conn.scalars(_KEYS, given))
    for row in conn.execute(_NEIGHBOURS, given):
        places.update(row)
    covered = sorted(place for place in places if place is not None and place < tree.size)
    around = conn.execute(_SOME, {"tree": number, "chain": system, "places": covered})
    return Extract(
        note,
        tuple(_pieces(conn.execute(_PLACED, given), tree, note)),
        dict(zip(covered, _pieces(sorted(around, key=lambda row: row.idx), tree, note), strict=True)),
    )


def _pieces(rows: Any, tree: Tree, note: Note | None) -> Iterator[Piece]:
    for row in rows:
        proof = None
        if note is not None and row.idx is not None and row.idx < tree.size:
            proof = prove(tree, note, row.idx)
        yield Piece(row.seq, bytes(row.bytes), row.signature and bytes(row.signature), proof)
