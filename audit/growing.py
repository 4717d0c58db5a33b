"""One log on its way into its tree: places, tiles, checkpoint; and what is checked before it goes on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, select

from audit import canonical, index
from audit.chain import LOGS, SYSTEM_CHAIN, chain_of
from audit.checkpoint import Checkpoint
from audit.note import Note, NoteRefused, Signer
from audit.publishing import Behind, Contradiction, Publisher, Witnesses
from audit.tables import audit_entry
from audit.tiles import Tree, TreeBroken, append

_TICKS_LOOKED_AT = 500
_ON_KEYS = b'"type":"key_'

Transaction = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class Growing:
    """`size` is how far the tiles go. `transaction` commits on leaving, `reader` never writes.

    `keys_told`: whoever publishes the keys sets it; False again once an entry on keys has come in.
    """

    log: str
    tree: int
    origin: str
    signers: list[Signer]
    publisher: Publisher
    transaction: Transaction
    reader: Engine
    observe: Callable[[str], object] = lambda step: None
    size: int = 0
    checked: bool = False
    keys_told: bool = False
    _published: tuple[int, Any] = field(default=(0, None))

    def advance(self) -> int:
        """Places for what is pending, and its tiles. Returns how many entries came in.

        Raises Behind, Contradiction, TreeBroken, EntryAltered, OSError, DBAPIError; `check` comes anew then.
        """
        try:
            return self._take_in()
        except BaseException:
            self.checked = False
            raise

    def publish(self, witnesses: Witnesses) -> bool:
        """Sign and publish the tree if it has grown; whether the newest is out. Raises as `advance` does."""
        policy = self.publisher.policy_file.stat()
        wanted = self.size, (policy.st_mtime_ns, policy.st_ino)
        if self._published == wanted:
            return True
        try:
            out = self.publisher.publish(self._tree(), self.signers, self.origin, witnesses)
        except BaseException:
            self.checked = False
            raise
        if out:
            self._published = wanted
        return out

    def _take_in(self) -> int:
        with self.reader.connect() as conn:
            found = index.waiting(conn, LOGS[self.log], self.tree)
        if not found.rows:
            return 0
        with self.transaction() as conn:
            first = index.place(conn, self.tree, found)
        self.observe("indexed")
        self._catch_up(first)
        append(self.publisher.folder, self.size, found.leaves)
        self.size += len(found.leaves)
        if any(_ON_KEYS in leaf.entry for leaf in found.leaves):
            self.keys_told = False
        self.observe("tiled")
        return len(found.leaves)

    def check(self) -> None:
        """First, and again after every failure: compare the database, the tiles, and what was signed.

        Raises Behind, Contradiction, TreeBroken, EntryAltered, OSError.
        """
        if self.checked:
            return
        self.keys_told = False
        before = self.last_signed()
        with self.reader.connect() as conn:
            placed = index.size(conn, self.tree)
        if before is not None and placed < before.size:
            raise Behind(f"the database has {placed} entries, {before.size} were signed")
        self.size = 0 if before is None else before.size
        if before is not None and not self._stands(before):
            self.size = 0
            self._catch_up(before.size)  # tiles are missing: write them again
            if not self._stands(before):
                raise Contradiction(f"the entries do not give the root that was signed at {before.size}")
        self._catch_up(placed)
        published = self.published()
        self._published = (0 if published is None else published.size), None
        self.checked = True

    def _stands(self, checkpoint: Checkpoint) -> bool:
        try:
            return self._tree().root() == checkpoint.root
        except TreeBroken:
            return False

    def _catch_up(self, placed: int) -> None:
        """Write the tiles of entries that have their places already."""
        if self.size >= placed:
            return
        with self.reader.connect() as conn:
            for leaves in index.leaves(conn, self.tree, self.size, placed):
                append(self.publisher.folder, self.size, leaves)
                self.size += len(leaves)
        if self.size != placed:
            raise Behind(f"the index ends at {self.size} instead of {placed}")

    def _tree(self) -> Tree:
        return Tree(self.publisher.folder, self.size)

    def published(self) -> Checkpoint | None:
        """The checkpoint that is out, if it is this log's own; a damaged file will be written again."""
        note = self.published_note()
        return None if note is None else self._ours(note)

    def published_note(self) -> Note | None:
        try:
            note = self.publisher.published()
        except NoteRefused:
            return None
        return note if note is not None and self._ours(note) is not None else None

    def last_signed(self) -> Checkpoint | None:
        """The largest tree known to have been signed: as remembered, as published, or as a tick tells."""
        signed = self.publisher.signed()
        known = [signed] if signed is not None and signed.origin == self.origin else []
        known += [checkpoint for checkpoint in (self.published(),) if checkpoint is not None]
        if not known:
            with self.reader.connect() as conn:
                known = list(self._told_by_ticks(conn))[:1]
        return max(known, key=lambda checkpoint: checkpoint.size, default=None)

    def _told_by_ticks(self, conn: Connection) -> Iterator[Checkpoint]:
        entry = audit_entry.c
        newest = (
            select(entry.bytes)
            .where(entry.chain == chain_of(SYSTEM_CHAIN, self.log))
            .order_by(entry.seq.desc())
            .limit(_TICKS_LOOKED_AT)
        )
        for encoded in conn.scalars(newest):
            if b'"type":"tick"' in encoded:
                note = canonical.decode_strict(encoded)["vars"]["checkpoint"]
                checkpoint = self._ours(Note.parse(note.encode())) if note else None
                if checkpoint is not None:
                    yield checkpoint

    def _ours(self, note: Note) -> Checkpoint | None:
        """The checkpoint of a note that a key of this log has signed, under its present origin."""
        try:
            checkpoint = Checkpoint.parse(note.text)
            signed = any(note.signed_by(signer.key) is not None for signer in self.signers)
        except NoteRefused:
            return None
        return checkpoint if signed and checkpoint.origin == self.origin else None
