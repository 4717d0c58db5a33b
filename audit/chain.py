"""A chain of entries: one per case, and one for what happens outside any case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, bindparam, select

from audit import canonical
from audit.driver import Statement, on_postgresql
from audit.entry import LOG, READS, Draft, build, sealed_fields
from audit.entry_types import EntryRefused
from audit.merkle import leaf_hash as leaf_of
from audit.tables import audit_entry
from audit.vault import Vault

LOGS = {LOG: 0, READS: 1}
"""The number that a log has in the tables."""
SYSTEM_CHAIN = UUID("00000000-0000-4000-8000-000000000001")
"""For events that belong to no case."""
SIGNED_FOR = b"mingjian/entry/v1\n"
"""What stands before the leaf in the message that the application's key signs."""
BEGINNING = bytes(32)
NEVER = datetime.min.replace(tzinfo=UTC)

_INSERT = Statement(
    "INSERT INTO audit_entry (chain, seq, leaf, prev, bytes, log, signature) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_HEAD = Statement(
    "SELECT h.seq, h.leaf, e.bytes FROM audit_head h "
    "LEFT JOIN audit_entry e ON e.chain = h.chain AND e.seq = h.seq WHERE h.chain = ?"
)
_LOCK = Statement("SELECT pg_advisory_xact_lock(?)")
_e = audit_entry.c
_ENTRIES = (
    select(_e.seq, _e.leaf, _e.prev, _e.bytes, _e.recorded_at)
    .where(_e.chain == bindparam("chain"))
    .order_by(_e.seq)
)


class ChainBroken(Exception):
    """The head of a chain names an entry that is not there: nothing may be appended."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: (-1, 32 zero bytes, the first instant there is) for an empty chain."""

    seq: int
    leaf: bytes
    at: datetime

    def recorded(self, at: datetime) -> datetime:
        """`at`, or the head's time if that is later: who came first may have got the lock last."""
        return max(at, self.at)


@dataclass(frozen=True, slots=True)
class Appended:
    chain: UUID
    seq: int
    leaf: bytes
    bytes: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it lies in the database; `recorded_at` is the database's own clock."""

    chain: UUID
    seq: int
    leaf: bytes
    prev: bytes
    bytes: bytes
    recorded_at: datetime

    @property
    def entry(self) -> dict[str, Any]:
        """The decoded entry. Raises CanonicalError when the bytes are not canonical."""
        decoded: dict[str, Any] = canonical.decode_strict(self.bytes)
        return decoded


def chain_of(case: UUID, log: str = LOG) -> UUID:
    """The chain of a case (or of SYSTEM_CHAIN) in a log: its own id in the first, one derived in others."""
    return case if log == LOG else uuid5(case, log)


def head(conn: Connection, chain: UUID) -> Head:
    """Where a chain stands. Raises ChainBroken when its newest entry is gone or is not an entry."""
    row = _HEAD.one(conn, chain)
    if row is None:
        return Head(-1, BEGINNING, NEVER)
    seq, leaf, encoded = row
    if encoded is None or leaf_of(encoded) != leaf:
        raise ChainBroken(f"the newest entry of {chain}, {seq}, is missing or altered")
    # Sorted keys: the first at_recorded is the entry's own, and inside a string its quotes would be escaped.
    start = encoded.index(b'"at_recorded":"') + 15
    return Head(seq, leaf, datetime.fromisoformat(encoded[start : start + 27].decode()))


def append(
    conn: Connection,
    vault: Vault,
    case: UUID,
    seq: int,
    prev: bytes,
    draft: Draft,
    at_recorded: datetime,
) -> Appended:
    """Write entry `seq` of a case after the leaf `prev`, and its sealed values, in the caller's transaction.

    Signed with the application's key, which the vault brings along. Raises EntryRefused or CanonicalError for
    a draft that may not be logged; the database refuses an entry that does not follow the head, or whose key
    is revoked (sqlalchemy.exc.DBAPIError).
    """
    log = LOGS.get(draft.log)
    if log is None:
        raise EntryRefused(f"there is no log {draft.log}")
    chain = chain_of(case, draft.log)
    sealing, signer = vault.seal(sealed_fields(draft)), vault.signer()
    kid = None if signer is None else signer.key.id.hex()
    encoded = canonical.encode(build(draft, case, seq, prev, sealing.commits, at_recorded, kid))
    leaf = leaf_of(encoded)
    signature = None if signer is None else signer.key.id + signer.sign(SIGNED_FOR + leaf)
    _INSERT.change(conn, chain, seq, leaf, prev, encoded, log, signature)
    if sealing.commits:
        vault.keep(conn, chain, seq, sealing.plain)
    return Appended(chain, seq, leaf, encoded)


def append_next(conn: Connection, vault: Vault, case: UUID, draft: Draft, at: datetime) -> Appended:
    """Append at the head, whatever it is: for a chain that no row of the caller locks, like SYSTEM_CHAIN."""
    chain = chain_of(case, draft.log)
    if on_postgresql(conn):
        _LOCK.one(conn, chain.int >> 65)
    newest = head(conn, chain)
    return append(conn, vault, case, newest.seq + 1, newest.leaf, draft, newest.recorded(at))


def entries(conn: Connection, chain: UUID) -> Iterator[Stored]:
    """All entries of a chain in order, as they are stored. Nothing is checked here: see `verify`."""
    for row in conn.execute(_ENTRIES, {"chain": chain}):
        yield Stored(chain, *row)
