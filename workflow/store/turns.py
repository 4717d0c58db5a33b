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
from contextlib import suppress

COURTESY = 3.0
"""Seconds for which others are let pass at most."""
_LOOK_EVERY = 0.002


def lock_file(database: str | None) -> str | None:
    """Where the lock of an SQLite file lies; None for a database in memory."""
    if not database or database == ":memory:" or database.startswith("file:"):
        return None
    return f"{database}-turn"


class Turns:
    """The lock file beside one database, kept open: to look at it must cost less than a small transaction.

    `path`: None where there is none; everybody then writes as SQLite lets them, as in a folder that takes no
    lock file.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._open = self._descriptor()

    def let_pass(self) -> None:
        """Wait while somebody goes ahead."""
        if self._open is not None and _locked(self._open, fcntl.LOCK_SH):
            fcntl.flock(self._open, fcntl.LOCK_UN)

    def go_ahead(self) -> int | None:
        """Others who have not begun to write wait until `step_back` is told what this returns."""
        held = self._descriptor()
        if held is None or _locked(held, fcntl.LOCK_EX):
            return held
        os.close(held)
        return None

    @staticmethod
    def step_back(held: int | None) -> None:
        """Let the others go on."""
        if held is not None:
            fcntl.flock(held, fcntl.LOCK_UN)  # said, for a child process may have been forked with it
            os.close(held)

    def close(self) -> None:
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def _descriptor(self) -> int | None:
        """An open lock file of one's own: whoever looks through it does not see what itself holds."""
        if self._path is not None:
            with suppress(OSError):  # a courtesy that cannot be asked for is done without
                return os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return None


def _locked(descriptor: int, kind: int) -> bool:
    """Whether the lock was got within `COURTESY`."""
    until = None
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            until = until or time.monotonic() + COURTESY
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_EVERY)
        else:
            return True
