"""A published log for the tests: entries of some cases in tiles, signed, cosigned by two witnesses."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import canonical, tiles
from audit.checker.mingjian_check import SIGNED_FOR
from audit.checkpoint import Checkpoint
from audit.merkle import leaf_hash
from audit.note import COSIGNS, SIGNS, Key, Note, cosign
from audit.proof import Proof, prove
from audit.tiles import Folder, Leaf, Tree

ORIGIN = "anfu.example/log"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
FIRST, SECOND, THIRD = (UUID(int=number, version=4) for number in (11, 12, 13))


@dataclass(frozen=True)
class Hand:
    """Somebody who signs, with a key made from the name."""

    name: str
    kind: int = COSIGNS

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    @property
    def key(self) -> Key:
        return Key(self.name, self.kind, self._private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


LOG, APP, NEXT_APP = Hand(ORIGIN, SIGNS), Hand("mingjian/application", SIGNS), Hand("app/2", SIGNS)
SYSTEM = UUID("00000000-0000-4000-8000-000000000001")
INSPECTION, FINANCE, ARCHIVE = (Hand(f"{name}.example/witness") for name in ("jjjc", "czj", "daj"))
POLICY = f"""# held by the inspection
log {LOG.key.vkey} https://anfu.example/log
witness 纪检监察 {INSPECTION.key.vkey}
witness finance {FINANCE.key.vkey}
witness archive {ARCHIVE.key.vkey}
group second any finance archive
group both all 纪检监察 second
quorum both
"""


def entry(case: UUID, seq: int, prev: bytes, at: datetime) -> dict[str, Any]:
    """An entry as the log has them, with nothing sealed."""
    told = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "v": 1,
        "log": "mingjian",
        "case": str(case),
        "seq": seq,
        "prev": prev.hex(),
        "type": "task_completed",
        "from": "VILLAGE_REVIEW",
        "to": "NOTICE_1",
        "actor": {"id": 17, "role": "VLIA", "org": "360829100", "on_behalf": None},
        "task": None,
        "at_claimed": told,
        "at_recorded": told,
        "vars": {"votes_yes": 12},
        "commit": {},
        "attach": [],
        "rule": "ab" * 32,
        "command": {"name": "none"},
        "kernel": "3.2.0+1",
        "request": None,
    }


@dataclass
class PublishedLog:
    """What an office publishes at /log/, in a folder."""

    root: Path
    clock: datetime = NOON
    leaves: list[Leaf] = field(default_factory=list)
    heads: dict[UUID, tuple[int, bytes]] = field(default_factory=dict)
    written: int = 0

    @property
    def folder(self) -> Folder:
        return Folder(self.root, fsync=lambda descriptor: None)

    def add(self, case: UUID, /, by: Hand | None = APP, **changes: Any) -> int:
        """One more entry of a case, a minute later, signed by `by`; its place in the log."""
        self.clock += timedelta(minutes=1)
        seq, prev = self.heads.get(case, (-1, bytes(32)))
        draft = entry(case, seq + 1, prev, self.clock)
        if by is not None:
            draft["kid"] = by.key.id.hex()
        return self.take(canonical.encode({**draft, **changes}), case, by)

    def take(self, encoded: bytes, case: UUID, by: Hand | None = APP) -> int:
        """An entry as it is, whatever it says."""
        leaf = leaf_hash(encoded)
        signature = bytes(68) if by is None else by.key.id + by.sign(SIGNED_FOR + leaf)
        self.heads[case] = self.heads.get(case, (-1, b""))[0] + 1, leaf
        self.leaves.append(Leaf(encoded, signature))
        return len(self.leaves) - 1

    def add_key(self, hand: Hand, by: Hand) -> int:
        facts = {"kid": hand.key.id.hex(), "purpose": "application", "vkey": hand.key.vkey}
        return self.add(SYSTEM, by, type="key_added", vars=facts)

    def revoke_key(self, hand: Hand, by: Hand) -> int:
        facts = {"kid": hand.key.id.hex(), "purpose": "application", "reason": "lost"}
        return self.add(SYSTEM, by, type="key_revoked", vars=facts)

    def fill(self, count: int) -> None:
        """Leaves that are no entries, where only the tree matters."""
        self.leaves += [Leaf(b"entry %d" % number) for number in range(len(self.leaves), count)]

    def publish(self, *witnesses: Hand, at: datetime | None = None) -> Note:
        """Tiles for what is new, and a checkpoint that these have cosigned."""
        tiles.append(self.folder, self.written, self.leaves[self.written :])
        self.written = len(self.leaves)
        note = self.note(*(witnesses or (INSPECTION, FINANCE)), at=at)
        (self.root / "checkpoint").write_bytes(bytes(note))
        return note

    def note(self, *witnesses: Hand, at: datetime | None = None) -> Note:
        root = Tree(self.folder, self.written).root()
        note = Checkpoint(ORIGIN, self.written, root).signed(LOG)
        seconds = int((at or self.clock).timestamp())
        return note.adding(cosign(note.text, hand, seconds) for hand in witnesses)

    def receipt(self, index: int) -> Proof:
        note = Note.parse((self.root / "checkpoint").read_bytes())
        return prove(Tree(self.folder, self.written), note, index)


def three_cases(root: Path, rounds: int = 4) -> PublishedLog:
    """The application's key, then three cases whose entries alternate; published."""
    log = PublishedLog(root)
    log.add_key(APP, APP)
    for _ in range(rounds):
        for case in (FIRST, SECOND, THIRD):
            log.add(case)
    log.publish()
    return log
