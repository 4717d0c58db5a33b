"""Receipts: the proof that an entry stands in the published log, cosigned as the policy asks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from audit import index
from audit.chain import chain_of
from audit.entry import LOG
from audit.note import NoteRefused
from audit.policy import NotSupported, Policy, PolicyFaulty, Seen
from audit.proof import Proof, prove
from audit.publishing import CHECKPOINT, POLICY
from audit.standing import PUBLISHED, SUBFOLDERS
from audit.tiles import Folder, Tree

Entry: TypeAlias = tuple[UUID, int]
"""A case and the number of an entry in it."""


class Published:
    """A published log as it lies below `home`; keeps its newest checkpoint and the tiles read last."""

    def __init__(self, home: Path, log: str = LOG) -> None:
        self.log = log
        self.folder = home / PUBLISHED / SUBFOLDERS[log]
        self._policy = home / PUBLISHED / POLICY
        self._seen: tuple[bytes, bytes, Seen, Tree] | None = None

    def policy(self) -> Policy:
        """Raises PolicyFaulty, OSError."""
        return Policy.parse(self._policy.read_bytes())

    def newest(self) -> tuple[Seen, Tree] | None:
        """The published checkpoint and its tree; None if nothing is out here that the policy accepts."""
        try:
            content, rules = (self.folder / CHECKPOINT).read_bytes(), self._policy.read_bytes()
        except OSError:
            return None
        if self._seen is None or self._seen[:2] != (content, rules):
            try:
                seen = Policy.parse(rules).check(content)
            except (NoteRefused, NotSupported, PolicyFaulty):
                return None
            self._seen = content, rules, seen, Tree(Folder(self.folder), seen.checkpoint.size)
        return self._seen[2], self._seen[3]

    def receipts(self, conn: Connection, wanted: Sequence[Entry]) -> dict[Entry, Proof]:
        """The proofs for entries of cases, without those that are not published yet. Raises TreeBroken."""
        if not wanted:
            return {}
        newest = self.newest()
        known = index.trees(conn).get(self.log)
        if newest is None or known is None or known[1] != newest[0].checkpoint.origin:
            return {}
        seen, tree = newest
        chains = {(chain_of(case, self.log), seq): (case, seq) for case, seq in wanted}
        found = index.places(conn, known[0], list(chains))
        return {chains[at]: prove(tree, seen.note, idx) for at, idx in found.items() if idx < tree.size}

    def entry(self, proof: Proof) -> bytes | None:
        """The entry a proof is about, out of the published log; None if it is not in this one."""
        newest = self.newest()
        if newest is None or proof.index >= newest[1].size:
            return None
        return newest[1].entry(proof.index)
