"""Papers by content: a file is kept under the SHA-256 of its bytes, written once, never changed."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, text

from audit.driver import on_postgresql
from bpmn.text import Text
from workflow.errors import WorkflowError

CHUNK = 1 << 16
_ADDING = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('papers', 0))")
_ERASING = text("SELECT pg_advisory_xact_lock(hashtextextended('papers', 0))")


class PaperTooLarge(WorkflowError):
    status = 413


class PaperMissing(RuntimeError):
    """A paper that the database names is not on the disk, or its bytes have changed."""


def while_none_is_erased(conn: Connection) -> None:
    """Until this transaction ends no file is erased: what it names and finds there stays.

    Two cases may share a file. SQLite has one writer at a time anyway.
    """
    if on_postgresql(conn):
        conn.execute(_ADDING)


def while_none_is_added(conn: Connection) -> None:
    """Until this transaction ends no case takes a paper in: what no case names may go."""
    if on_postgresql(conn):
        conn.execute(_ERASING)


@dataclass(frozen=True, slots=True)
class Kept:
    sha256: str
    size: int


class PaperStore:
    """A folder of files named by their digest, two characters per level. `fsync` makes them last."""

    def __init__(self, folder: Path, fsync: Callable[[int], object] = os.fsync) -> None:
        self.folder, self.fsync = folder, fsync

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether a file of that name is there."""
        return self.path(sha256).exists()

    def keep(self, stream: BinaryIO, *, limit: int) -> Kept:
        """Copy at most `limit` bytes to the store, flushed to the disk before it counts."""
        digest, size = hashlib.sha256(), 0
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as out:
                while chunk := stream.read(CHUNK):
                    size += len(chunk)
                    if size > limit:
                        megabytes = limit // (1 << 20)
                        raise PaperTooLarge(
                            Text(
                                f"文件超过{megabytes} MB，没有保存。",
                                f"The file is larger than {megabytes} MB.",
                            )
                        )
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                self.fsync(out.fileno())
            target = self.path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Kept(digest.hexdigest(), size)

    def read(self, sha256: str) -> bytes:
        """The bytes, checked against their name.

        Raises:
            PaperMissing: the file is gone or is not what it was.
        """
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise PaperMissing(sha256) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise PaperMissing(f"{sha256}: the bytes have changed")
        return content
