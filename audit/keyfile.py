"""Private keys in files: for their owner alone, written whole or not at all, never replaced by accident."""

import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.note import SIGNS, Key, NoteRefused, decode64

_PREFIX = "PRIVATE+KEY+"
_MOST_BYTES = 4_096


class KeyRefused(Exception):
    """A key file that is missing, damaged, or open to others."""


def read_private(path: Path) -> bytes:
    """What a private file holds. Raises KeyRefused when it is missing or readable by others."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyRefused(f"{path} must be readable by its owner alone (chmod 600)")
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise KeyRefused(f"{path} cannot be read: {error.strerror}") from error


def create_private(path: Path, make: Callable[[], bytes]) -> None:
    """Put a new private file there. If one is there already, it stays: the first who comes decides."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # refuses to replace, and shows only a whole file
    except FileExistsError:
        pass  # somebody else was faster: theirs is the key
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


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


def load_signer(path: Path) -> FileSigner:
    """The key of a file. Raises KeyRefused."""
    try:
        return FileSigner.parse(read_private(path).decode().rstrip("\n"))
    except (NoteRefused, UnicodeDecodeError) as error:
        raise KeyRefused(f"{path} holds no signing key: {error}") from error


class Pen:
    """The application's key as the processes use it: read again when the file has been replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None
        self._signer: FileSigner | None = None

    def signer(self) -> FileSigner:
        """The key to sign with now. Raises KeyRefused."""
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise KeyRefused(f"{self.path} cannot be read: {error.strerror}") from error
        if self._signer is None or self._seen != (found.st_mtime_ns, found.st_ino):
            self._signer = load_signer(self.path)
            self._seen = found.st_mtime_ns, found.st_ino
        return self._signer
