"""Erase the sealed values of a chain: its key and the encrypted rows go, the entries stay as they are.

An `erasure` entry at the end of the chain says what is gone: the fields with these names in the entries up
to `through`, on which legal basis, and who approved. Chain, tree and replay go on holding, for they never
needed the values; what is missing without such an entry is WITHHELD, an alarm.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, text

from audit import canonical
from audit.driver import on_postgresql
from audit.tables import audit_entry, audit_erasure, audit_key, audit_vault

ERASURE = "erasure"

_entry = audit_entry.c
_COMMITTED = select(_entry.bytes).where(
    _entry.chain == bindparam("chain"), _entry.seq <= bindparam("through")
)
# As text, so that the driver's own values come back: altered rows may hold anything.
_SAID = """
SELECT e.chain, e.seq, e.bytes FROM audit_erasure x
JOIN audit_entry e ON e.chain = x.chain AND e.seq = x.seq
"""
_MAY_DESTROY = text(
    "SELECT has_table_privilege('audit_vault', 'DELETE') AND has_table_privilege('audit_key', 'DELETE') "
    "AND has_table_privilege('audit_erasure', 'INSERT')"
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What entry `seq` of a chain has erased: the fields with these names in the entries up to `through`.

    One that two people have not approved is none: what it took is WITHHELD.
    """

    seq: int
    through: int
    fields: frozenset[str]

    @classmethod
    def parse(cls, encoded: Any) -> "Erasure | None":
        """From the bytes of an entry; None if they are of no well-formed erasure."""
        try:
            entry = canonical.decode_strict(encoded)
            seq, facts = entry["seq"], entry["vars"]
            through, fields = facts["through"], frozenset(facts["fields"])
            people = frozenset(facts["approved_by"])
        except (canonical.CanonicalError, KeyError, TypeError):
            return None
        if entry["type"] != ERASURE or len(people) < 2 or type(through) is not int or through >= seq:
            return None
        return cls(seq, through, fields)


def erased_by(erasures: Iterable[Erasure], seq: int, field: str) -> int | None:
    """The number of the entry that has erased a field of entry `seq`; None if none has."""
    found = (one.seq for one in erasures if seq <= one.through and field in one.fields)
    return min(found, default=None)


def commits_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Every commitment of an entry by its field, papers as attach.N."""
    papers = {f"attach.{number}": paper["commit"] for number, paper in enumerate(entry["attach"])}
    return {**entry["commit"], **papers}


def sealed_names(conn: Connection, chain: UUID, through: int) -> list[str]:
    """The names of all fields that the entries up to `through` commit to: what an erasure has to list."""
    rows = conn.scalars(_COMMITTED, {"chain": chain, "through": through})
    return sorted({name for encoded in rows for name in commits_of(canonical.decode_strict(encoded))})


def destroy(conn: Connection, chain: UUID, seq: int) -> None:
    """Delete the key and all sealed rows of a chain, in the transaction that has written its `erasure` entry
    `seq`.
    """
    if not on_postgresql(conn):  # whoever opened the database: zeros where the rows were
        conn.execute(text("PRAGMA secure_delete = ON"))
    conn.execute(insert(audit_erasure), {"chain": chain, "seq": seq})
    conn.execute(delete(audit_vault).where(audit_vault.c.chain == chain))
    conn.execute(delete(audit_key).where(audit_key.c.chain == chain))


def may_destroy(conn: Connection) -> bool:
    """Whether this database user may delete sealed values (`audit.roles`); on SQLite whoever works may."""
    return not on_postgresql(conn) or bool(conn.scalar(_MAY_DESTROY))


def has_key(conn: Connection, chain: UUID) -> bool:
    """Whether anything was ever sealed in the chain and is not erased."""
    return bool(conn.scalar(select(exists().where(audit_key.c.chain == chain))))


def erasures(conn: Connection, chain: UUID | None = None) -> dict[str, list[Erasure]]:
    """What was erased, by chain as the driver gives it (`audit.verify`); all chains unless one is named."""
    only, params = "", {}
    if chain is not None:
        only, params = " WHERE x.chain = :only", {"only": chain if on_postgresql(conn) else chain.hex}
    found: dict[str, list[Erasure]] = {}
    for raw, seq, encoded in conn.execute(text(_SAID + only), params):
        said = Erasure.parse(encoded)
        if said is not None and said.seq == seq:
            found.setdefault(str(raw), []).append(said)
    return found
