"""Whose turn it is to write an SQLite file, among threads and processes.

SQLite keeps no queue: whoever finds the file locked sleeps and looks again, each time later, and beside eight
busy writers that can take seconds. Most may wait; the log's sequencer, on which receipts and payments wait,
goes ahead: everybody looks at a lock file beside the database first, and lets pass whoever holds it.

A courtesy and no lock: nobody is held up by it longer than `COURTESY`, whoever dies lets go of it, and what
SQLite itself guards it guards as before.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

COURTESY = 3.0
"""Seconds for which others are let pass at most."""
_LOOK_EVERY = 0.002


def lock_file(database: str | None) -> str | None:
    """Where the lock of an SQLite file lies; None for a database in memory."""
    if not database or database == ":memory:" or database.startswith("file:"):
        return None
    return f"{database}-turn"


def let_pass(path: str | None) -> None:
    """Wait while somebody goes ahead."""
    if path is not None:
        with suppress(OSError):  # mostly: nobody has ever gone ahead here, so there is no file
            _wait(os.open(path, os.O_RDONLY), fcntl.LOCK_SH, keep=False)


@contextmanager
def going_ahead(path: str | None) -> Iterator[None]:
    """Others who have not begun to write wait for as long as this lasts."""
    held = None
    if path is not None:
        with suppress(OSError):  # a courtesy that cannot be asked for is done without
            held = _wait(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600), fcntl.LOCK_EX, keep=True)
    try:
        yield
    finally:
        if held is not None:
            fcntl.flock(held, fcntl.LOCK_UN)  # said, for a child process may have been forked with it
            os.close(held)


def _wait(descriptor: int, kind: int, *, keep: bool) -> int | None:
    """The descriptor once it is locked, or after `COURTESY` without; closed, unless `keep` and locked."""
    until, locked = time.monotonic() + COURTESY, False
    try:
        while not locked and time.monotonic() < until:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                locked = True
            except BlockingIOError:
                time.sleep(_LOOK_EVERY)
    finally:
        if not (keep and locked):
            os.close(descriptor)
    return descriptor if keep and locked else None
