"""A published log for the tests: entries of some cases in tiles, signed, cosigned by two witnesses."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import canonical, tiles
from audit.checker.mingjian_check import SIGNED_FOR
from audit.checkpoint import Checkpoint
from audit.merkle import leaf_hash
from audit.note import COSIGNS, SIGNS, Key, Note, cosign
from audit.proof import Proof, prove
from audit.tiles import Folder, Leaf, Tree
from audit.vault import commitment
from bpmn import digest_of

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
DIAGRAM = b"<definitions/>"
RULES = digest_of({"flows/tiny.bpmn": sha256(DIAGRAM).hexdigest()})
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
        "rule": RULES,
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


def evidence(log: PublishedLog, case: UUID, **facts: Any) -> dict[str, bytes]:
    """The files of a bundle as the office would hand it out, nothing sealed in it yet."""
    files = {f"rules/{RULES}/flows/tiny.bpmn": DIAGRAM}
    for index, leaf in enumerate(log.leaves[: log.written]):
        found = canonical.decode_strict(leaf.entry)
        if found["case"] == str(case):
            name = f"entries/{found['seq']:06d}"
        elif found["case"] == str(SYSTEM):
            name = f"log/{index:012d}"
        else:
            continue
        proof = str(log.receipt(index)).encode()
        files |= {f"{name}.json": leaf.entry, f"{name}.sig": leaf.signature, f"{name}.tlog-proof": proof}
    manifest = {"format": "mingjian-bundle/1", "case": str(case), "closed": {}, "left_out": []}
    files["manifest.json"] = json.dumps({**manifest, "log_keys": [LOG.key.vkey], **facts}).encode()
    return files


def pack(files: dict[str, bytes], path: Path, honest: bool = True) -> Path:
    """A bundle of these files; `honest`: its manifest lists them as they are."""
    if honest:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {
            name: [sha256(content).hexdigest(), len(content)]
            for name, content in files.items()
            if name != "manifest.json"
        }
        files = {**files, "manifest.json": json.dumps(manifest).encode()}
    with ZipFile(path, "w") as bundle:
        for name, content in sorted(files.items()):
            bundle.writestr(name, content)
    return path


def sealed(number: int, field: str, value: Any) -> tuple[str, list[Any]]:
    """A commitment and its opening, under a salt made from a number."""
    salt = sha256(b"%d" % number).digest()
    return commitment(salt, field, value), [salt.hex(), value]


def three_cases(root: Path, rounds: int = 4) -> PublishedLog:
    """The application's key, then three cases whose entries alternate; published."""
    log = PublishedLog(root)
    log.add_key(APP, APP)
    for _ in range(rounds):
        for case in (FIRST, SECOND, THIRD):
            log.add(case)
    log.publish()
    return log
