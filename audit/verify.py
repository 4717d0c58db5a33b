"""Check the whole log: every byte, every link, every commitment; name the first fault."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, text

from audit import canonical, guards, index, keyring
from audit.authors import Authors
from audit.chain import BEGINNING, LOGS, chain_of
from audit.driver import on_postgresql
from audit.entry import LOG, READS, shape_fault, time_fault
from audit.erasing import Erasure, commits_of, erased_by, erasures
from audit.merkle import leaf_hash as leaf_of
from audit.report import Fault, Opening, Report, Status, fault
from audit.salts import Salts
from audit.tables import audit_entry, audit_key, audit_vault
from audit.vault import Vault, VaultError, commitment

Progress: TypeAlias = Callable[[int, int], object]

_STEP = 1_000
_MOST_LISTED = 1_000

# As text, so that the driver's own values come back: altered rows may hold anything.
_ROWS = """
SELECT e.chain, e.seq, e.leaf, e.prev, e.bytes, h.seq, h.leaf, v.nonce, v.sealed, k.wrapped,
e.log, e.signature, i.idx, i.leaf
FROM audit_entry e
LEFT JOIN audit_index i ON i.chain = e.chain AND i.seq = e.seq
    AND i.tree = CASE e.log WHEN 0 THEN :main ELSE :reads END
LEFT JOIN audit_head h ON h.chain = e.chain
LEFT JOIN audit_vault v ON v.chain = e.chain AND v.seq = e.seq
LEFT JOIN audit_key k ON k.chain = e.chain
"""
_COUNT = "SELECT count(*) FROM audit_entry e"
_ORDER = " ORDER BY e.chain, e.seq"
_WITHOUT_ENTRIES = """
SELECT h.chain, h.seq FROM audit_head h
WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.chain = h.chain)
"""
_SEQUENCED_AND_GONE = """
SELECT i.chain, i.seq FROM audit_index i
WHERE i.tree IN (:main, :reads)
AND NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.chain = i.chain AND e.seq = i.seq)
"""
_ONE = (
    select(audit_entry.c.bytes, audit_key.c.wrapped, audit_vault.c.nonce, audit_vault.c.sealed)
    .join_from(
        audit_entry,
        audit_vault,
        (audit_vault.c.chain == audit_entry.c.chain) & (audit_vault.c.seq == audit_entry.c.seq),
        isouter=True,
    )
    .join(audit_key, audit_key.c.chain == audit_entry.c.chain, isouter=True)
    .where(audit_entry.c.chain == bindparam("chain"), audit_entry.c.seq == bindparam("seq"))
)


def verify(
    conn: Connection,
    vault: Vault | None = None,
    progress: Progress = lambda done, total: None,
    chain: UUID | None = None,
) -> Report:
    """Read all chains, or one, as a stream and report what was found.

    Without a vault the commitments stay unopened and are counted as such. `progress` is told the entries read
    and the entries in all. Takes no lock: work goes on meanwhile. Raises nothing for what stands in the rows.
    """
    with Salts() as salts:
        trees = {log: found.get(log, (-1, ""))[0] for found in (index.trees(conn),) for log in LOGS}
        authors = Authors(keyring.keys(conn, trees))
        reading = _Reading(vault, salts, authors, erasures(conn, chain))
        only, params = "", {}
        if chain is not None:
            only, params = (
                "chain = :only",
                {"only": chain if on_postgresql(conn) else chain.hex},
            )
        total = conn.execute(text(_COUNT + (f" WHERE e.{only}" if only else "")), params).scalar_one()
        streaming = {"stream_results": True, "yield_per": _STEP}
        rows = text(_ROWS + (f" WHERE e.{only}" if only else "") + _ORDER)
        places = params | {"main": trees[LOG], "reads": trees[READS]}
        for row in conn.execute(rows, places, execution_options=streaming):
            reading.take(*row)
            if reading.entries % _STEP == 0:
                progress(reading.entries, total)
        reading.end_chain()
        progress(reading.entries, total)
        for name, seq in conn.execute(text(_WITHOUT_ENTRIES + (f" AND h.{only}" if only else "")), params):
            reading.chains += 1
            reading.record(fault(_named(name)[0], _count(seq), "head", "—"))
        for name, seq in conn.execute(text(_SEQUENCED_AND_GONE + (f" AND i.{only}" if only else "")), places):
            reading.record(fault(_named(name)[0], _count(seq), "sequenced"))
        for used_in, seq in salts.repeated():
            reading.record(fault(str(used_in), seq, "salt"))
        return reading.report(tuple(guards.missing(conn)))


def openings(conn: Connection, vault: Vault, chain: UUID, seq: int) -> dict[str, Opening]:
    """The sealed fields of one entry, papers as attach.N: each value, and whether the entry commits to it.

    Empty when there is no such entry. Raises CanonicalError when the entry itself is damaged.
    """
    row = conn.execute(_ONE, {"chain": chain, "seq": seq}).first()
    if row is None:
        return {}
    commits = commits_of(canonical.decode_strict(row.bytes))
    erased = [one for found in erasures(conn, chain).values() for one in found]
    return _opened(vault, chain, seq, commits, row.wrapped, row.nonce, row.sealed, erased)[0]


def _opened(
    vault: Vault,
    chain: UUID,
    seq: int,
    commits: dict[str, str],
    wrapped: Any,
    nonce: Any,
    sealed: Any,
    erased: Sequence[Erasure],
) -> tuple[dict[str, Opening], list[bytes]]:
    """Every field that is committed to or kept, and the salts that were used."""
    if wrapped is None or sealed is None:
        return {field: _missing(erased, seq, field) for field in commits}, []
    try:
        kept = vault.unseal(chain, seq, wrapped, nonce, sealed)
    except VaultError:
        return dict.fromkeys(commits or ["*"], Opening(Status.MISMATCH, None)), []
    found = {}
    for field in sorted(commits.keys() | kept.keys()):
        salt, value = kept.get(field, (None, None))
        if salt is None:
            found[field] = _missing(erased, seq, field)
        elif commitment(salt, field, value) == commits.get(field):
            found[field] = Opening(Status.MATCH, value, erased_by(erased, seq, field))
        else:
            found[field] = Opening(Status.MISMATCH, value)
    return found, [salt for salt, _ in kept.values()]


def _missing(erased: Sequence[Erasure], seq: int, field: str) -> Opening:
    by = erased_by(erased, seq, field)
    return Opening(Status.WITHHELD if by is None else Status.ERASED, None, by)


def _named(raw: Any) -> tuple[str, UUID | None]:
    """A chain as the drivers give it: a UUID, or its hex digits on SQLite, or whatever was put there."""
    if isinstance(raw, UUID):
        return str(raw), raw
    try:
        chain = UUID(hex=raw)
    except (ValueError, TypeError, AttributeError):
        return str(raw), None
    return (str(chain), chain) if chain.hex == raw else (raw, None)


def _chain(case: str, log: str) -> UUID | None:
    """The chain an entry says it stands in."""
    try:
        found = UUID(case)
    except ValueError:
        return None
    return chain_of(found, log) if str(found) == case else None


def _count(seq: Any) -> int:
    return seq if isinstance(seq, int) else -1


class _Reading:
    """Goes through the rows in order, remembering one chain and the totals."""

    def __init__(
        self, vault: Vault | None, salts: Salts, authors: Authors, erased: Mapping[str, Sequence[Erasure]]
    ) -> None:
        self.vault, self.authors, self.erased = vault, authors, erased
        self.salts = salts
        self.chains = self.entries = self.size = self.unopened = 0
        self.statuses = dict.fromkeys(Status, 0)
        self.faults: dict[str, Fault] = {}
        self.unlisted = False
        self._begin(None)

    def _begin(self, raw: Any) -> None:
        self.raw = raw
        self.name, self.chain = _named(raw)
        self.next_seq, self.leaf, self.recorded = 0, BEGINNING, ""
        self.head: tuple[Any, Any] = (None, None)

    def take(
        self,
        raw: Any,
        seq: Any,
        leaf: Any,
        prev: Any,
        encoded: Any,
        head_seq: Any,
        head_leaf: Any,
        nonce: Any,
        sealed: Any,
        wrapped: Any,
        log: Any,
        signature: Any,
        place: Any,
        placed: Any,
    ) -> None:
        """One row of the stream."""
        if raw != self.raw:
            self.end_chain()
            self._begin(raw)
            self.head = head_seq, head_leaf
            self.chains += 1
        self.entries += 1
        entry = self._checked(seq, leaf, prev, encoded)
        if entry is not None and LOGS.get(entry["log"]) != log:
            self._fault(seq, "log", entry["log"])
        elif entry is not None and (wrong := self.authors.fault(entry, leaf, signature, place)):
            self._fault(seq, *wrong)
        elif place is not None and placed != leaf:
            self._fault(seq, "sequenced")
        if entry is not None and self.chain is not None:
            self._open(self.chain, seq, commits_of(entry), wrapped, nonce, sealed)
        self.next_seq = _count(seq) + 1
        self.leaf = leaf

    def _checked(self, seq: Any, leaf: Any, prev: Any, encoded: Any) -> dict[str, Any] | None:
        """The entry of a row when it can be read as this chain's entry `seq`; its faults are recorded."""
        if not isinstance(encoded, bytes) or leaf_of(encoded) != leaf:
            self._fault(seq, "leaf")
            return None
        self.size += len(encoded)
        try:
            entry: dict[str, Any] = canonical.decode_strict(encoded)
        except canonical.CanonicalError as error:
            self._fault(seq, "bytes", error)
            return None
        if reason := shape_fault(entry):
            self._fault(seq, "shape", reason)
            return None
        if self.chain is None:
            self._fault(seq, "chain")
            return None
        if entry["seq"] != seq or self.chain != _chain(entry["case"], entry["log"]):
            self._fault(seq, "place", f"{entry['case']} {entry['seq']}")
            return None
        if seq != self.next_seq:
            self._fault(seq, "gap", self.next_seq)
        elif not prev == self.leaf == bytes.fromhex(entry["prev"]):
            self._fault(seq, "prev")
        elif reason := time_fault(entry):
            self._fault(seq, "time", reason)
        elif entry["at_recorded"] < self.recorded:
            self._fault(seq, "backwards")
        self.recorded = entry["at_recorded"]
        return entry

    def _open(
        self, chain: UUID, seq: int, commits: dict[str, str], wrapped: Any, nonce: Any, sealed: Any
    ) -> None:
        if self.vault is None:
            self.unopened += len(commits)
            return
        if not commits and sealed is None:
            return
        erased = self.erased.get(str(self.raw), ())
        found, salts = _opened(self.vault, chain, seq, commits, wrapped, nonce, sealed, erased)
        for field, opening in found.items():
            self.statuses[opening.status] += 1
            if opening.status not in (Status.MATCH, Status.ERASED):
                self._fault(seq, opening.status.value, field)
            elif opening.status is Status.MATCH and opening.erased_by is not None:
                self._fault(seq, "returned", field)
        for salt in salts:
            self.salts.add(salt, chain, seq)

    def end_chain(self) -> None:
        """Compare the last entry that was read with the head that the database kept."""
        if self.raw is not None and self.head != (self.next_seq - 1, self.leaf):
            self._fault(self.next_seq, "head", self.head[0])

    def _fault(self, seq: Any, code: str, detail: object = "") -> None:
        self.record(fault(self.name, _count(seq), code, detail))

    def record(self, found: Fault) -> None:
        """Keep the first fault of each chain; of too many chains only that there are more."""
        known = self.faults.get(found.chain)
        if known is None and len(self.faults) >= _MOST_LISTED:
            self.unlisted = True
        elif known is None or found.seq < known.seq:
            self.faults[found.chain] = found

    def report(self, missing_guards: tuple[str, ...]) -> Report:
        return Report(
            chains=self.chains,
            entries=self.entries,
            size=self.size,
            matched=self.statuses[Status.MATCH],
            mismatched=self.statuses[Status.MISMATCH],
            erased=self.statuses[Status.ERASED],
            withheld=self.statuses[Status.WITHHELD],
            unopened=self.unopened,
            faults=tuple(sorted(self.faults.values(), key=lambda found: found.where)),
            unlisted=self.unlisted,
            missing_guards=missing_guards,
        )
