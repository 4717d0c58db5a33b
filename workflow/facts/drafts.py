"""Where the facts are put together before they take the place of those that are there."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pysqlite3.dbapi2 as sqlite

from workflow.facts.registers import Found
from workflow.facts.schema import tables

DRAFT: Final = "draft-"
AT_ONCE: Final = 2_000
_PRAGMAS: Final = ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY")
"""What is thrown away when its maker falls needs no journal."""


@contextmanager
def draft_folder(parent: Path) -> Iterator[Path]:
    """A folder of one's own, gone afterwards. It is locked for as long as its maker lives, so what the killed
    have left is known by its lock, and cleared here.
    """
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = parent / f"{DRAFT}{uuid4().hex}"
    with _locked(parent):  # nobody looks between the making of a folder and its lock
        for left in parent.glob(f"{DRAFT}*"):
            _clear(left)
        folder.mkdir(mode=0o700)
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _clear(folder: Path) -> None:
    with suppress(OSError):  # locked, or somebody else has cleared it
        held = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


def claim(path: Path) -> bool:
    """Make a file of one's own, open to nobody else; False where somebody was first."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return False
    return True


@contextmanager
def tables_in(path: Path) -> Iterator[Any]:
    """A connection to a claimed file, in which the empty tables of the facts are. It is in a transaction,
    which whoever calls ends.
    """
    target = sqlite.connect(path, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            target.execute(f"PRAGMA {pragma}")
        target.execute("BEGIN")
        for each in tables().values():
            target.execute(each.create)
        yield target
    finally:
        target.close()


def add_rows(target: Any, name: str, rows: Iterable[Found]) -> None:
    """Into a table of the facts, in their order."""
    statement, remaining = tables()[name].insert, iter(rows)
    while batch := list(islice(remaining, AT_ONCE)):
        target.executemany(statement, batch)


def take_over(target: Any, path: Path) -> None:
    """Add the rows of another file of the facts behind those that are there, and empty that file. It stays:
    it tells that somebody has claimed it.
    """
    target.execute("COMMIT")  # no file is attached or let go within a transaction
    target.execute("ATTACH ? AS part", (str(path),))
    target.execute("BEGIN")
    for name in tables():
        target.execute(f'INSERT INTO main."{name}" SELECT * FROM part."{name}"')  # noqa: S608 - our own names
    target.execute("COMMIT")
    target.execute("DETACH part")
    target.execute("BEGIN")
    os.truncate(path, 0)
