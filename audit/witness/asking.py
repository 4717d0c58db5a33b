"""What is asked of a witness: `old <size>`, the consistency proof, an empty line, the checkpoint."""

import re
from base64 import b64encode
from dataclasses import dataclass

from audit.checkpoint import Checkpoint
from audit.merkle import HASH
from audit.note import MOST_BYTES, Note, NoteRefused, decode64

MOST_HASHES = 63
LONGEST = MOST_BYTES + 64 * 64
"""Bytes in a request at most."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Request:
    """To cosign `note`, the log having had `old` entries when this witness last signed."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """Raises NoteRefused when the note is no checkpoint."""
        return Checkpoint.parse(self.note.text)

    @classmethod
    def parse(cls, body: bytes) -> "Request":
        """Nothing is verified yet. Raises NoteRefused."""
        if len(body) > LONGEST:
            raise NoteRefused(f"a request of more than {LONGEST} bytes")
        above, gap, note = body.partition(b"\n\n")
        try:
            first, *lines = above.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise NoteRefused("a request begins with plain lines") from error
        old = _OLD.fullmatch(first)
        if old is None or not gap:
            raise NoteRefused("a request begins with the old size and has an empty line before the note")
        proof = tuple(decode64(line) for line in lines)
        if len(proof) > MOST_HASHES or any(len(node) != HASH for node in proof):
            raise NoteRefused(f"a proof is of hashes, {MOST_HASHES} at most")
        return cls(int(old[1]), proof, Note.parse(note))

    def __bytes__(self) -> bytes:
        lines = [f"old {self.old}", *(b64encode(node).decode() for node in self.proof), "", ""]
        return "\n".join(lines).encode() + bytes(self.note)
