"""More than one process at the parts of the facts, all at one moment of the database.

A process takes the next part that nobody has claimed, by making its file. It holds no key that it was given:
it opens those of the home itself. Whoever ordered it and has gone is noticed by the pipe to it.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, func, select

from audit import open_vault
from audit.tables import audit_head
from workflow.errors import Busy
from workflow.facts.entries import Part
from workflow.facts.parts import Walk, collector_at_rest
from workflow.house import House
from workflow.papers import PaperStore
from workflow.rules import Shelf
from workflow.store import connect, transaction

MOST: Final = 4
"""Processes at once. More of them wait for the disk and take the memory of those who serve the pages."""
STARTING: Final = 60.0
"""Seconds a process may take to start; it is not waited for longer."""
OPENING: Final = 2.0
"""Seconds for which nobody else may write an SQLite file at most, while every process begins to read it."""
TOLD_EVERY: Final = 50  # cases
_ANY: Final = select(audit_head.c.seq).limit(1)


class PartFailed(RuntimeError):
    """A process that made a part of the facts has failed or died; nothing is replaced."""


class Late(Exception):
    """Not all processes have answered in time."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a process has to know. `url` may hold a password: it goes through the pipe alone."""

    url: str
    home: Path
    at: datetime
    folder: Path


def usable_cores() -> int:
    """How many of the machine's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Team:
    """The other processes, as the one that ordered them sees them."""

    def __init__(self, order: Order, number: int) -> None:
        self.cases, self.entries = 0, 0
        self.made: set[int] = set()
        """Parts whose files are whole."""
        self._answers: list[str] = []
        self._processes: dict[Pipe, Any] = {}
        spawning = multiprocessing.get_context("spawn")  # a fork would take over open files and locks
        try:
            for _ in range(number):
                mine, theirs = spawning.Pipe()
                process = spawning.Process(target=_work, args=(order, theirs), name="facts", daemon=True)
                process.start()
                theirs.close()
                self._processes[mine] = process
        except BaseException:
            self.stop()
            raise

    def ready(self) -> None:
        """Wait until each has started. Raises PartFailed, Late."""
        self._answered("ready", STARTING)

    def open(self, snapshot: str | None) -> None:
        """Let each begin to read, in PostgreSQL's exported snapshot. Raises PartFailed, Late."""
        self._say(snapshot)
        self._answered("open", OPENING)

    def begin(self, parts: Sequence[Part]) -> None:
        self._say(parts)

    def listen(self, patience: float = 0.0) -> None:
        """Hear what they have to say, for so many seconds if nobody says anything. Raises PartFailed."""
        heard: Any = wait(list(self._processes), patience)
        for pipe in heard:
            try:
                kind, value = pipe.recv()
            except (EOFError, OSError) as gone:
                process = self._processes[pipe]
                process.join(1)
                raise PartFailed(f"a process of the facts ended with status {process.exitcode}") from gone
            if kind == "failed":
                raise PartFailed(value)
            if kind == "cases":
                self.cases += value
            elif kind == "part":
                number, entries = value
                self.made.add(number)
                self.entries += entries
            else:
                self._answers.append(kind)

    def stop(self) -> None:
        """End them, whatever they do."""
        for process in self._processes.values():
            process.terminate()
        for pipe, process in self._processes.items():
            process.join()
            pipe.close()
        self._processes.clear()

    def _say(self, what: Any) -> None:
        for pipe in self._processes:
            try:
                pipe.send(what)
            except OSError:  # it has died; why is heard when it is listened to
                self.listen()

    def _answered(self, answer: str, patience: float) -> None:
        until = monotonic() + patience
        while self._answers.count(answer) < len(self._processes):
            left = until - monotonic()
            if left <= 0:
                raise Late(answer)
            self.listen(left)


@contextmanager
def one_moment(house: House, team: Team | None) -> Iterator[tuple[Connection, Team | None]]:
    """A moment of the database that all processes read, whatever is written meanwhile; no team when they do
    not come together in time, and one process reads alone.
    """
    with house.reader.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn = conn.execution_options(isolation_level="REPEATABLE READ")
        if team is not None:
            try:
                team.ready()
                _open_together(house, conn, team)
            except (Late, Busy):
                team.stop()
                team = None
        yield conn, team


def _open_together(house: House, conn: Connection, team: Team) -> None:
    if conn.dialect.name == "postgresql":
        team.open(conn.scalar(select(func.pg_export_snapshot())))
        return
    with transaction(house.engine):  # SQLite has no such thing; so nobody writes while all begin
        conn.execute(_ANY)
        team.open(None)


def _work(order: Order, pipe: Pipe) -> None:
    """A process of the team, from its start to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever has ordered it ends it
    try:
        _make_parts(order, pipe)
    except (EOFError, BrokenPipeError):
        return  # there is nobody any more who wants it
    except BaseException as error:
        with suppress(OSError):
            pipe.send(("failed", f"{type(error).__name__}: {error}"))


def _make_parts(order: Order, pipe: Pipe) -> None:
    reader = connect(order.url, writer=False)
    vault, shelf = open_vault(order.home), Shelf(reader)
    files = PaperStore(order.home / "papers")
    house = House(order.home, reader, reader, vault, shelf, files, lambda: order.at)
    try:
        with reader.connect() as conn, collector_at_rest():
            pipe.send(("ready", None))
            snapshot: str | None = pipe.recv()
            if snapshot is not None:
                conn = conn.execution_options(isolation_level="REPEATABLE READ")
                conn.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            conn.execute(_ANY)
            pipe.send(("open", None))
            parts: list[Part] = pipe.recv()
            told = _telling(pipe)
            walk = Walk(house, conn, order.at)
            for part in parts:
                entries = walk.make(part, order.folder, told)
                if entries is not None:
                    pipe.send(("part", (part.number, entries)))
            pipe.recv()  # until the end: whoever is still here has not failed
    finally:
        house.close()


def _telling(pipe: Pipe) -> Callable[[], None]:
    """Called for each case, tells of many at once."""
    untold = 0

    def told() -> None:
        nonlocal untold
        untold += 1
        if untold == TOLD_EVERY:
            pipe.send(("cases", untold))
            untold = 0

    return told
