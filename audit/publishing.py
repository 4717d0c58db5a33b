"""Sign how large the log is, have it cosigned, and put it where everybody can read it.

What has been signed is written down (`<state>/signed`) before the signature exists, and never contradicted:
not a smaller size, not the same size with another root.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from audit.checkpoint import Checkpoint
from audit.note import Note, NoteRefused, Signer
from audit.policy import Policy, PolicyFaulty
from audit.tiles import Folder, Tree

CHECKPOINT, POLICY, KEYS, SIGNED = "checkpoint", "policy", "keys.json", "signed"


class Behind(Exception):
    """The database has fewer entries than were signed or published: a restored backup. Nothing goes on."""


class Contradiction(Exception):
    """The tree is not the one that was signed at that size. Nothing goes on."""


class Witnesses(Protocol):
    """Whoever is asked to cosign (`audit.witnessing`)."""

    def ask(self, policy: Policy, note: Note, tree: Tree) -> list[Note]:
        """The note with the cosignatures that came in time, then older notes that were cosigned meanwhile.

        Raises Behind when a witness has signed a larger log, Contradiction when another one of this size.
        """


@dataclass(slots=True)
class Publisher:
    """One log's published folder (`folder`) and what this office remembers of it (`state`)."""

    folder: Folder
    state: Folder
    policy_file: Path
    observe: Callable[[str], object] = lambda step: None

    def signed(self) -> Checkpoint | None:
        """The largest checkpoint that was ever signed here."""
        content = _read(self.state.root / SIGNED)
        return None if content is None else Checkpoint.parse(content.decode())

    def published(self) -> Note | None:
        """The newest published checkpoint. Raises NoteRefused when the file is damaged."""
        content = _read(self.folder.root / CHECKPOINT)
        return None if content is None else Note.parse(content)

    def policy(self) -> Policy:
        """The policy this office publishes under. Raises PolicyFaulty."""
        content = _read(self.policy_file)
        if content is None:
            raise PolicyFaulty(f"{self.policy_file} is not there")
        return Policy.parse(content)

    def publish(self, tree: Tree, signers: Sequence[Signer], origin: str, witnesses: Witnesses) -> bool:
        """Sign the tree as it is and publish it if the quorum agrees; False if it does not.

        Raises Behind, Contradiction, PolicyFaulty, OSError.
        """
        policy = self.policy()
        checkpoint = Checkpoint(origin, tree.size, tree.root())
        self._remember(checkpoint)
        self.observe("remembered")
        note = checkpoint.signed(*signers)
        self.observe("signed")
        notes = witnesses.ask(policy, note, tree)
        self.observe("cosigned")
        enough = [one for one in notes if policy.satisfied(policy.cosigned(one))]
        newest = max(enough, key=lambda one: Checkpoint.parse(one.text).size, default=None)
        if newest is None or not self._is_news(newest):
            return False
        self.folder.write(self.folder.root / CHECKPOINT, bytes(newest))
        self.folder.settle()
        self.observe("published")
        return newest.text == note.text

    def _is_news(self, note: Note) -> bool:
        """Whether what is out is not larger: a witness reached by a stick may answer late."""
        try:
            out = self.published()
            return out is None or Checkpoint.parse(out.text).size <= Checkpoint.parse(note.text).size
        except NoteRefused:
            return True

    def _remember(self, checkpoint: Checkpoint) -> None:
        before = self.signed()
        if before is not None and before.origin == checkpoint.origin:
            if before.size > checkpoint.size:
                raise Behind(f"{checkpoint.size} entries, but {before.size} were signed before")
            if before.size == checkpoint.size and before.root != checkpoint.root:
                raise Contradiction(f"another tree of {checkpoint.size} entries was signed before")
        if before != checkpoint:
            self.state.write(self.state.root / SIGNED, str(checkpoint).encode())
            self.state.settle()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
