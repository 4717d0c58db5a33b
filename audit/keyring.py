"""Which keys count, and from where to where: keys are added and revoked by entries of the log itself.

A key is valid by place, not by time: what it signs counts at index i if added <= i and (not revoked, or
i < revoked). The first application key signs the entry that adds it; every later one, and every revocation,
is signed by a key that counts there already. The same entries stand in both logs, so that each can be
checked alone. `audit_signer` points to them, for the database's own guard and for finding them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import Any

from sqlalchemy import Connection, insert, select, text

from audit import canonical
from audit.chain import LOGS, SIGNED_FOR, SYSTEM_CHAIN, chain_of
from audit.driver import on_postgresql
from audit.entry import shape_fault
from audit.merkle import leaf_hash
from audit.note import Key, NoteRefused
from audit.system import NOBODY, append_system
from audit.tables import audit_signer
from audit.vault import Vault

APPLICATION, TREE = "application", "tree"
"""What keys are for: signing entries; signing checkpoints (one for each log)."""
ADDED, REVOKED = "added", "revoked"


# As text, so that the driver's own values come back: altered rows may hold anything.
_ROWS = text("""
SELECT s.key_id, s.event, s.purpose, s.vkey, e.bytes, e.signature, i.idx
FROM audit_signer s JOIN audit_entry e ON e.chain = :chain AND e.seq = s.seq
LEFT JOIN audit_index i ON i.tree = :tree AND i.chain = :chain AND i.seq = s.seq
WHERE s.log = :log ORDER BY s.seq
""")


class KeyUnknown(Exception):
    """No key of that id is in force, or it is the wrong one to ask this of."""


@dataclass(frozen=True, slots=True)
class Known:
    """A key in one log. `added` and `revoked` are places in the tree, None while there is none."""

    log: str
    key: Key
    purpose: str
    added: int | None
    revoked: int | None = None

    def counts_at(self, index: int | None) -> bool:
        """Whether what it signed counts there; None is behind all that is in the tree."""
        place = inf if index is None else index
        added = inf if self.added is None else self.added
        return added <= place and (self.revoked is None or place < self.revoked)

    def signed(self, leaf: bytes, signature: bytes) -> bool:
        """Whether `signature` (key id and 64 bytes) is this key's on the entry with that leaf hash."""
        return signature[:4] == self.key.id and self.key.verifies(SIGNED_FOR + leaf, signature[4:])


def add(
    conn: Connection,
    vault: Vault,
    key: Key,
    purpose: str,
    at: datetime,
    logs: Mapping[str, int] = LOGS,
) -> None:
    """Write to the logs that a key counts from now on."""
    for log, number in logs.items():
        facts = {"kid": key.id.hex(), "purpose": purpose, "vkey": key.vkey}
        entry = append_system(conn, vault, "key_added", facts, at, log)
        _note(conn, number, key, ADDED, purpose, entry.seq)


def revoke(
    conn: Connection,
    vault: Vault,
    key_id: bytes,
    reason: str,
    at: datetime,
    actor: Mapping[str, Any] = NOBODY,
) -> None:
    """Write to the logs that a key counts no longer. Entries under way are waited for, later ones refused.

    Raises KeyUnknown when it was never added, is revoked already, or is the one that signs this.
    """
    if vault.key().id == key_id:
        raise KeyUnknown("a key cannot revoke itself: put another in its place first")
    if on_postgresql(conn):
        conn.execute(text("LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE"))
    rows = conn.execute(select(audit_signer).where(audit_signer.c.key_id == key_id)).all()
    if not rows or any(row.event == REVOKED for row in rows):
        raise KeyUnknown(f"the key {key_id.hex()} is not in force")
    names = {number: log for log, number in LOGS.items()}
    for row in rows:
        facts = {"kid": key_id.hex(), "purpose": row.purpose, "reason": reason}
        entry = append_system(conn, vault, "key_revoked", facts, at, names[row.log], actor)
        _note(conn, row.log, Key.parse(row.vkey), REVOKED, row.purpose, entry.seq)


def in_force(conn: Connection, purpose: str) -> dict[bytes, Key]:
    """The keys of that purpose that were added and not revoked, by id, as the database's guard knows them."""
    rows = conn.execute(select(audit_signer).where(audit_signer.c.purpose == purpose)).all()
    gone = {row.key_id for row in rows if row.event == REVOKED}
    return {row.key_id: Key.parse(row.vkey) for row in rows if row.key_id not in gone}


def keys(conn: Connection, trees: Mapping[str, int]) -> list[Known]:
    """The keys of each log with their places in its tree (`trees`: log → number).

    Only what entries say counts, and only entries signed by a key that counts there.
    """
    return [known for log, tree in trees.items() for known in _known(conn, log, tree)]


def _known(conn: Connection, log: str, tree: int) -> Iterator[Known]:
    found: dict[bytes, Known] = {}
    for row in _rows(conn, log, tree):
        entry = _told(row)
        if entry is None:
            continue
        author = found.get(bytes.fromhex(entry.get("kid", "")))
        key = Known(log, Key.parse(row.vkey), row.purpose, row.idx)
        if author is None and row.purpose == APPLICATION and not found:
            author = key
        if author is None or not author.counts_at(row.idx):
            continue
        if not author.signed(leaf_hash(row.bytes), row.signature):
            continue
        if row.event == ADDED:
            found[row.key_id] = key
        elif row.key_id in found:
            found[row.key_id] = replace(found[row.key_id], revoked=row.idx)
    yield from found.values()


def _rows(conn: Connection, log: str, tree: int) -> Iterator[Any]:
    chain = chain_of(SYSTEM_CHAIN, log)
    values = {"chain": chain if on_postgresql(conn) else chain.hex, "tree": tree, "log": LOGS[log]}
    return iter(conn.execute(_ROWS, values).all())


def _told(row: Any) -> dict[str, Any] | None:
    """The entry a row points to, if it says the same."""
    try:
        entry: dict[str, Any] = canonical.decode_strict(row.bytes)
        if shape_fault(entry) is not None:
            return None
        key = Key.parse(row.vkey)
        facts = entry["vars"]
        same = facts["kid"] == row.key_id.hex() == key.id.hex() and facts["purpose"] == row.purpose
        kept = facts.get("vkey", row.vkey) == row.vkey
        same = same and entry["type"] == f"key_{row.event}" and isinstance(row.signature, bytes)
    except (canonical.CanonicalError, NoteRefused, KeyError, TypeError, AttributeError):
        return None
    return entry if same and kept else None


def _note(conn: Connection, log: int, key: Key, event: str, purpose: str, seq: int) -> None:
    row = {"log": log, "key_id": key.id, "event": event, "purpose": purpose, "vkey": key.vkey, "seq": seq}
    conn.execute(insert(audit_signer), row)
