"""Signed notes (c2sp.org/signed-note): a text, and lines below it that say whose key signed it.

    — <key name> base64(key id, 4 bytes ‖ signature)

Two kinds of keys: Ed25519 over the text (a log), and timestamped cosignatures (c2sp.org/tlog-cosignature, a
witness) over "cosignature/v1", the time, and the text. A public key is written as a vkey:
`<name>+<key id in hex>+base64(kind, 1 byte ‖ public key)`.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNS, COSIGNS = 1, 4
"""Kinds of keys: the type bytes of the specification."""
MOST_BYTES = 65_536
MOST_SIGNATURES = 64
_LATEST = 2**63 - 1
_KEY_ID = re.compile("[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteRefused(ValueError):
    """Not a note, not a key, or a signature that is not what it says."""


class Signer(Protocol):
    """A private key, wherever it lies: a file (`audit.keys`) or a module that never gives it out."""

    @property
    def key(self) -> "Key":
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes: Ed25519 over the message."""


@dataclass(frozen=True)
class Key:
    """The public half of a key, with its name: what verifies."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise NoteRefused(f"{self.name!r} is not the name of a key")
        if self.kind not in (SIGNS, COSIGNS) or len(self.public) != 32:
            raise NoteRefused(f"{self.name} is not an Ed25519 key")

    @cached_property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> "Key":
        """The key of a vkey. Raises NoteRefused."""
        parts = vkey.split("+", 2)
        if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
            raise NoteRefused(f"{vkey[:80]!r} is not a verification key")
        material = decode64(parts[2])
        key = cls(parts[0], material[0] if material else 0, material[1:])
        if key.id.hex() != parts[1]:
            raise NoteRefused(f"the key id of {key.name} is not that of its key")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether these 64 bytes are this key's plain signature over the message."""
        try:
            self._verifier.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _verifier(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note; `blob` is what follows the key id."""

    name: str
    key_id: bytes
    blob: bytes

    def by(self, key: Key) -> bool:
        return self.name == key.name and self.key_id == key.id

    def __str__(self) -> str:
        return f"— {self.name} {b64encode(self.key_id + self.blob).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends with a newline and is signed by whoever stands below it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, encoded: bytes) -> "Note":
        """A note from its bytes, nothing verified yet. Raises NoteRefused."""
        if len(encoded) > MOST_BYTES:
            raise NoteRefused(f"a note of more than {MOST_BYTES} bytes")
        try:
            whole = encoded.decode()
        except UnicodeDecodeError as error:
            raise NoteRefused("a note is UTF-8") from error
        if _CONTROL.search(whole):
            raise NoteRefused("a note has no control characters but newlines")
        text, gap, below = whole.rpartition("\n\n")
        if not gap or not text or not below.endswith("\n"):
            raise NoteRefused("a note is a text, an empty line, and signatures")
        return cls(text + "\n", parse_signatures(below))

    def __bytes__(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()

    def signed_by(self, key: Key) -> int | None:
        """None without a signature of this key; else the POSIX time of a cosignature, 0 for a plain one.

        Raises NoteRefused for a signature in the key's name that is not its signature.
        """
        for signature in self.signatures:
            if signature.by(key):
                return _time_of(key, self.text, signature.blob)
        return None

    def adding(self, signatures: Iterable[Signature]) -> "Note":
        """The same text with more signatures; one of a key that has signed already replaces the older."""
        lines = {(line.name, line.key_id): line for line in (*self.signatures, *signatures)}
        return Note(self.text, tuple(lines.values()))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines as they stand below a note, or as a witness answers. Raises NoteRefused."""
    if not lines.endswith("\n"):
        raise NoteRefused("the last signature line does not end")
    found = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, space, blob = rest.partition(" ")
        decoded = decode64(blob)
        if dash != "—" or not space or not _is_name(name) or len(decoded) < 5:
            raise NoteRefused(f"not a signature line: {line[:80]!r}")
        found.append(Signature(name, decoded[:4], decoded[4:]))
    if len(found) > MOST_SIGNATURES:
        raise NoteRefused(f"more than {MOST_SIGNATURES} signatures")
    return tuple(found)


def sign(text: str, signer: Signer) -> Signature:
    """A plain signature over a text that ends with a newline."""
    return Signature(signer.key.name, signer.key.id, signer.sign(text.encode()))


def cosign(text: str, signer: Signer, at: int) -> Signature:
    """A witness's signature: as of `at` (POSIX seconds) this was the largest consistent tree it saw."""
    blob = at.to_bytes(8, "big") + signer.sign(_cosigned(text, at))
    return Signature(signer.key.name, signer.key.id, blob)


def decode64(text: str) -> bytes:
    """Standard base64 with its padding, in the one way it can be written. Raises NoteRefused."""
    try:
        decoded = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise NoteRefused(f"not base64: {text[:80]!r}") from error
    if b64encode(decoded).decode() != text:
        raise NoteRefused(f"not written as base64 is: {text[:80]!r}")
    return decoded


def _time_of(key: Key, text: str, blob: bytes) -> int:
    if key.kind == SIGNS:
        at, message, signature = 0, text.encode(), blob
    else:
        at = int.from_bytes(blob[:8], "big")
        message, signature = _cosigned(text, at), blob[8:]
    if at > _LATEST or not key.verifies(message, signature):
        raise NoteRefused(f"the signature in the name of {key.name} is not its signature")
    return at


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)
