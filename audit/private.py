"""Private files: for their owner alone, written whole or not at all, never replaced by accident."""

import os
from collections.abc import Callable
from pathlib import Path

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
