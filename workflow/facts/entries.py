"""The log, chain after chain: its entries decoded, their sealed values opened, and what is wrong with
a chain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Connection, select, type_coerce

from audit import VaultError
from audit.merkle import leaf_hash
from audit.tables import audit_entry, audit_head, audit_key, audit_vault
from audit.vault import Vault, commitment
from workflow.facts.as_kept import AS_KEPT

STREAMED: Final = {"stream_results": True, "yield_per": 2_000}
BEGINNING: Final = bytes(32)
WORK: Final = frozenset(
    {"task_completed", "message_received", "timer_fired", "case_paused", "case_resumed", "set_off_made",
     "application_withdrawn", "death_reported"}
)  # fmt: skip
"""What must not happen any more once a case is archived."""
_e, _v = audit_entry.c, audit_vault.c
# a chain's number stays as the database has it: to make one of each row takes longer than to compare them
_ENTRIES = select(type_coerce(_e.chain, AS_KEPT), _e.seq, _e.leaf, _e.prev, _e.bytes, _e.log).order_by(
    _e.chain, _e.seq
)
_VAULT = select(type_coerce(_v.chain, AS_KEPT), _v.seq, _v.nonce, _v.sealed).order_by(_v.chain, _v.seq)
_KEYS = select(audit_key.c.chain, audit_key.c.wrapped)
_HEADS = select(audit_head.c.chain, audit_head.c.seq, audit_head.c.leaf)


@dataclass(frozen=True, slots=True)
class Part:
    """The chains and cases whose number comes after `after` and not after `until`; None is no bound."""

    number: int
    after: UUID | None
    until: UUID | None

    def holds(self, column: ColumnElement[UUID]) -> list[ColumnElement[bool]]:
        """What a row's column has to be."""
        found = [] if self.after is None else [column > self.after]
        return found if self.until is None else [*found, column <= self.until]


WHOLE: Final = Part(0, None, None)


@dataclass(frozen=True, slots=True)
class Entry:
    """`said` is the decoded entry, `sealed` its personal values; empty where there are none or they
    are gone.
    """

    seq: int
    said: Mapping[str, Any]
    sealed: Mapping[str, Any]


@dataclass(slots=True)
class Chain:
    """All entries of one chain in order. `log`: 0 cases, 1 reads. `faults`: (entry number, what is wrong)."""

    id: UUID
    log: int
    entries: list[Entry] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)


def chains(conn: Connection, vault: Vault, part: Part = WHOLE) -> Iterator[Chain]:
    """Every chain of both logs in a part, in bulk: four statements whatever the number of cases."""
    keys: dict[UUID, bytes] = {
        row.chain: row.wrapped for row in conn.execute(_KEYS.where(*part.holds(audit_key.c.chain)))
    }
    ends = conn.execute(_HEADS.where(*part.holds(audit_head.c.chain)))
    heads = {row.chain: (row.seq, row.leaf) for row in ends}
    with (
        conn.execute(_VAULT.where(*part.holds(_v.chain)), execution_options=STREAMED) as kept,
        conn.execute(_ENTRIES.where(*part.holds(_e.chain)), execution_options=STREAMED) as rows,
    ):
        opened = _Opened(kept, vault, keys)
        chain: Chain | None = None
        kept_as: Any = None
        last: tuple[int, bytes] = (-1, BEGINNING)
        for number, seq, leaf, prev, encoded, log in rows:
            if chain is None or number != kept_as:
                if chain is not None:
                    yield _closed(chain, last, heads.pop(chain.id, None))
                chain, last, kept_as = Chain(_number(number), log), (-1, BEGINNING), number
                opened.begin(chain.id, number)
            _take(chain, opened, last, seq, leaf, prev, encoded)
            last = seq, leaf
        if chain is not None:
            yield _closed(chain, last, heads.pop(chain.id, None))
    for number, (seq, _) in heads.items():  # a head whose entries are all gone
        yield Chain(number, 0, [], [(seq, "gap")])


def _take(
    chain: Chain,
    opened: "_Opened",
    last: tuple[int, bytes],
    seq: int,
    leaf: bytes,
    prev: bytes,
    encoded: bytes,
) -> None:
    if seq != last[0] + 1:
        chain.faults.append((seq, "gap"))
    elif prev != last[1]:
        chain.faults.append((seq, "chain"))
    if leaf_hash(encoded) != leaf:
        chain.faults.append((seq, "hash"))
    try:
        said = orjson.loads(encoded)
        sealed = opened.at(seq)
        if sealed is None and said["commit"] and chain.log == 0:
            chain.faults.append((seq, "sealed"))
        _check(chain, seq, said, sealed or {})
    except (ValueError, KeyError, TypeError):
        chain.faults.append((seq, "unreadable"))
        return
    except VaultError:
        chain.faults.append((seq, "sealed"))
        sealed = {}
    chain.entries.append(Entry(seq, said, {name: value for name, (_, value) in (sealed or {}).items()}))


def _check(chain: Chain, seq: int, said: Mapping[str, Any], sealed: Mapping[str, tuple[bytes, Any]]) -> None:
    """Time, what follows the archive, and whether the papers are those that the entry has committed to."""
    if chain.entries:
        before = chain.entries[-1].said
        if said["at_recorded"] < before["at_recorded"]:
            chain.faults.append((seq, "time"))
        if before["to"] == "ARCHIVED" and said["type"] in WORK:
            chain.faults.append((seq, "after_end"))
    for number, paper in enumerate(said["attach"]):
        name = f"attach.{number}"
        if name in sealed and commitment(sealed[name][0], name, sealed[name][1]) != paper["commit"]:
            chain.faults.append((seq, "sealed"))


def _closed(chain: Chain, last: tuple[int, bytes], head: tuple[int, bytes] | None) -> Chain:
    if head != last:
        chain.faults.append((last[0], "head"))
    return chain


def _number(kept: Any) -> UUID:
    return kept if isinstance(kept, UUID) else UUID(kept)


class _Opened:
    """The rows of the vault beside the entries: both come in the same order."""

    def __init__(self, rows: Iterator[Any], vault: Vault, keys: Mapping[UUID, bytes]) -> None:
        self._rows, self._vault, self._keys = iter(rows), vault, keys
        self._row = next(self._rows, None)
        self._chain = UUID(int=0)
        self._kept_as: Any = None
        self._wrapped: bytes | None = None

    def begin(self, chain: UUID, kept_as: Any) -> None:
        """The entries of this chain come next."""
        self._chain, self._kept_as, self._wrapped = chain, kept_as, self._keys.get(chain)

    def at(self, seq: int) -> Mapping[str, tuple[bytes, Any]] | None:
        """Salt and value of each field; None where nothing is kept. Raises VaultError."""
        place = (self._kept_as, seq)
        while self._row is not None and (self._row[0], self._row[1]) < place:
            self._row = next(self._rows, None)
        if self._row is None or (self._row[0], self._row[1]) != place or self._wrapped is None:
            return None
        return self._vault.unseal(self._chain, seq, self._wrapped, self._row[2], self._row[3])


def at_of(entry: Entry) -> datetime:
    """The time an entry counts from."""
    return datetime.fromisoformat(entry.said["at_claimed"])


def papers_of(entry: Entry) -> Sequence[str]:
    """The digests of the papers that an entry has sealed, in their order."""
    return [
        str(entry.sealed[f"attach.{number}"])
        for number in range(len(entry.said["attach"]))
        if f"attach.{number}" in entry.sealed
    ]
