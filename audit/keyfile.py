"""Signing keys in files, and the files that say on which token a key lies instead."""

import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.note import SIGNS, Key, NoteRefused, Signer, decode64
from audit.private import KeyRefused, create_private, read_private
from audit.token_key import TokenSigner

_PREFIX = "PRIVATE+KEY+"


class FileSigner:
    """A key in a file: `PRIVATE+KEY+<name>+<id>+base64(kind ‖ seed)`, as Go's sumdb/note writes it."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self._key = Key(name, kind, self._private.public_key().public_bytes_raw())

    @property
    def key(self) -> Key:
        return self._key

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    @classmethod
    def parse(cls, text: str) -> "FileSigner":
        """The key in a file's text. Raises NoteRefused."""
        name, _, rest = text.removeprefix(_PREFIX).partition("+")
        written, _, encoded = rest.partition("+")
        material = decode64(encoded)
        if not text.startswith(_PREFIX) or len(material) != 33:
            raise NoteRefused("not a private key")
        signer = cls(name, material[0], material[1:])
        if signer.key.id.hex() != written:
            raise NoteRefused(f"the key id of {name} is not that of its key")
        return signer

    def __str__(self) -> str:
        encoded = b64encode(bytes([self._key.kind]) + self._seed).decode()
        return f"{_PREFIX}{self._key.name}+{self._key.id.hex()}+{encoded}"


def create_signer(
    path: Path, name: str, kind: int = SIGNS, random: Callable[[int], bytes] = os.urandom
) -> None:
    """Put a new key of that name into a file, unless there is one."""
    create_private(path, lambda: f"{FileSigner(name, kind, random(32))}\n".encode())


def load_signer(path: Path) -> Signer:
    """The key of a file, or the one on a token that it names. Raises KeyRefused."""
    try:
        text = read_private(path).decode().rstrip("\n")
        if text.startswith(_PREFIX):
            return FileSigner.parse(text)
        return TokenSigner.parse(text, path.parent)
    except (NoteRefused, UnicodeDecodeError) as error:
        raise KeyRefused(f"{path} holds no signing key: {error}") from error


class Pen:
    """The application's key as the processes use it: read again when the file has been replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._signer: Signer | None = None

    def signer(self) -> Signer:
        """The key to sign with now. Raises KeyRefused."""
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise KeyRefused(f"{self.path} cannot be read: {error.strerror}") from error
        if self._signer is None or self._seen != (found.st_mtime_ns, found.st_ino):
            self._signer = load_signer(self.path)
            self._seen = found.st_mtime_ns, found.st_ino
        return self._signer
