"""A checkpoint (c2sp.org/tlog-checkpoint): the text of a note that says how large a log is and its root.

<origin>
<number of entries>
<root hash, base64>
"""

import re
from base64 import b64encode
from dataclasses import dataclass

from audit.merkle import HASH
from audit.note import Note, NoteRefused, Signer, decode64, sign

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`extensions` are lines that other logs may add; ours has none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """The checkpoint in the text of a note. Raises NoteRefused."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise NoteRefused("a checkpoint has an origin, a size and a root, each on its line")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size) or int(size) > LARGEST:
            raise NoteRefused(f"not a size: {size[:40]!r}")
        decoded = decode64(root)
        if len(decoded) != HASH:
            raise NoteRefused("a root hash has 32 bytes")
        return cls(origin, int(size), decoded, tuple(extensions))

    def __str__(self) -> str:
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    def signed(self, *signers: Signer) -> Note:
        return Note(str(self), tuple(sign(str(self), signer) for signer in signers))
