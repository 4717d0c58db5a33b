"""The decision of a witness: whether a log has only grown, and then its signature."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from audit.checkpoint import Checkpoint
from audit.keyfile import create_signer, load_signer
from audit.merkle import EMPTY, extends
from audit.note import COSIGNS, SIGNS, Key, NoteRefused, Signer, cosign
from audit.tiles import Folder
from audit.witness.asking import Request

KEY, LOGS, SEEN, EVIDENCE = "witness.key", "logs", "seen", "evidence"
MOST_EVIDENCE = 1_000
PLAIN, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Answer:
    """As HTTP says it: 200 with signature lines, 409 with the size last seen, or what was wrong."""

    status: int
    body: str
    content_type: str = PLAIN


class Witness:
    """Lives in one folder: its key, the keys of the logs it watches, what it has seen, and evidence."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        fsync: Callable[[int], object] = os.fsync,
    ) -> None:
        self.folder, self.clock = folder, clock
        self._files = Folder(folder, fsync)
        self.signer: Signer = load_signer(folder / KEY)

    @classmethod
    def create(cls, folder: Path, name: str) -> "Witness":
        """A new witness with a key of its own, or the one that is there. Raises NoteRefused, KeyRefused."""
        Key(name, COSIGNS, bytes(32))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_signer(folder / KEY, name, COSIGNS)
        return cls(folder)

    def trust(self, vkey: str) -> Key:
        """Watch this log from now on. Raises NoteRefused."""
        key = Key.parse(vkey)
        if key.kind != SIGNS:
            raise NoteRefused(f"{key.name} is not the key of a log")
        with self._alone():
            if key not in self.logs():
                lines = [one.vkey for one in (*self.logs(), key)]
                self._files.write(self.folder / LOGS, "".join(f"{line}\n" for line in lines).encode())
                self._files.settle()
        return key

    def logs(self) -> list[Key]:
        """The keys of the logs it watches."""
        try:
            lines = (self.folder / LOGS).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [Key.parse(line) for line in lines if line]

    def seen(self, origin: str) -> Checkpoint | None:
        """The last checkpoint of that log it has signed. Raises NoteRefused when its memory is damaged."""
        try:
            return Checkpoint.parse(self._place(origin).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def answer(self, body: bytes) -> Answer:
        """Judge one request and, if the log has only grown, remember that and sign. Raises OSError."""
        try:
            asked = Request.parse(body)
            checkpoint = asked.checkpoint
            known = [key for key in self.logs() if key.name == checkpoint.origin]
            if not known:
                return Answer(404, "this log is not watched here\n")
            if not _signed_by_one(asked, known):
                return Answer(403, "not signed with a key of this log\n")
        except NoteRefused as error:
            return Answer(400, f"{error}\n")
        with self._alone():
            return self._decide(asked, checkpoint)

    def _decide(self, asked: Request, checkpoint: Checkpoint) -> Answer:
        before = self.seen(checkpoint.origin)
        size = 0 if before is None else before.size
        if asked.old > checkpoint.size:
            return Answer(400, "the old size is larger than the new one\n")
        if asked.old != size:
            return Answer(409, f"{size}\n", SIZE)
        if before is not None and size == checkpoint.size:
            if before.root != checkpoint.root:
                self._keep(asked)
                return Answer(409, f"{size}\n", SIZE)
            grown = not asked.proof
        elif size == 0:
            grown = not asked.proof and (checkpoint.size > 0 or checkpoint.root == EMPTY)
        else:
            old_root = EMPTY if before is None else before.root
            grown = extends(size, checkpoint.size, asked.proof, old_root, checkpoint.root)
        if not grown:
            self._keep(asked)
            return Answer(422, "the proof does not show that the log has only grown\n")
        self._files.write(self._place(checkpoint.origin), asked.note.text.encode())
        self._files.settle()
        return Answer(200, str(cosign(asked.note.text, self.signer, int(self.clock()))))

    def _keep(self, asked: Request) -> None:
        """What a log's own key has signed and what contradicts its past is evidence."""
        folder = self.folder / EVIDENCE
        name = f"{sha256(asked.note.text.encode()).hexdigest()[:32]}.request"
        if not folder.is_dir() or len(os.listdir(folder)) < MOST_EVIDENCE:
            self._files.write(folder / name, bytes(asked))
            self._files.settle()

    def _place(self, origin: str) -> Path:
        return self.folder / SEEN / sha256(origin.encode()).hexdigest()[:32]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Comparing and remembering is one step, whoever else asks at the same time."""
        with open(self.folder / "lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _signed_by_one(asked: Request, keys: list[Key]) -> bool:
    """Signatures of unknown keys are ignored; a forged one in the name of a known key counts for nothing."""
    for key in keys:
        try:
            if asked.note.signed_by(key) is not None:
                return True
        except NoteRefused:
            continue
    return False
