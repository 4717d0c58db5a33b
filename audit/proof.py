"""A proof that an entry stands in a log (c2sp.org/tlog-proof), to be checked without the log.

    c2sp.org/tlog-proof@v1
    extra <base64>                  here: the entry's leaf hash, 32 bytes, so that the proof stands alone
    index <n>
    <hash, base64>…

    <checkpoint with its signatures>

As a link for a QR code the same text is compressed (zlib) and written in base64url behind `?r=`.
"""

import re
import zlib
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from audit.merkle import HASH, includes
from audit.note import MOST_BYTES, Note, NoteRefused, decode64
from audit.policy import NotSupported, Policy, Seen
from audit.tiles import Tree

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Proof:
    index: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """A proof from its text, nothing verified yet. Raises NoteRefused."""
        if len(text) > MOST_BYTES:
            raise NoteRefused(f"a proof of more than {MOST_BYTES} characters")
        above, gap, note = text.partition("\n\n")
        lines = above.split("\n")
        extra = b""
        if len(lines) > 1 and lines[1].startswith("extra "):
            extra = decode64(lines.pop(1)[6:])
        if not gap or len(lines) < 2 or lines[0] != HEADER or not (index := _INDEX.fullmatch(lines[1])):
            raise NoteRefused("not a tlog-proof")
        path = tuple(decode64(line) for line in lines[2:])
        if len(path) > _MOST_HASHES or any(len(node) != HASH for node in path):
            raise NoteRefused("the path of a proof is of hashes, 63 at most")
        return cls(int(index[1]), path, Note.parse(note.encode()), extra)

    def __str__(self) -> str:
        extra = [f"extra {b64encode(self.extra).decode()}"] if self.extra else []
        path = [b64encode(node).decode() for node in self.path]
        return "\n".join([HEADER, *extra, f"index {self.index}", *path, "", bytes(self.note).decode()])

    def check(self, policy: Policy, leaf: bytes | None = None) -> Seen:
        """The checkpoint that covers the leaf hash (the one in `extra` unless given).

        Raises NoteRefused, NotSupported.
        """
        seen = policy.check(bytes(self.note))
        at = seen.checkpoint
        if not includes(leaf or self.extra, self.index, at.size, self.path, at.root):
            raise NotSupported("the proof does not lead from the entry to the checkpoint")
        return seen

    def packed(self) -> str:
        """The text for a link; `unpack` is the way back."""
        return urlsafe_b64encode(zlib.compress(str(self).encode(), 9)).decode().rstrip("=")


def prove(tree: Tree, note: Note, index: int) -> Proof:
    """The proof for entry `index` under a checkpoint of that tree's size."""
    leaf = tree.hash(0, index)
    return Proof(index, tuple(tree.inclusion(index)), note, leaf)


def unpack(packed: str) -> Proof:
    """The proof in a link. Raises NoteRefused."""
    try:
        squeezed = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        opening = zlib.decompressobj()
        text = opening.decompress(squeezed, MOST_BYTES + 1)
        return Proof.parse(text.decode())
    except (ValueError, zlib.error) as error:
        if isinstance(error, NoteRefused):
            raise
        raise NoteRefused("not a packed proof") from error
