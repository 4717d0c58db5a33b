"""Who writes one SQLite file: one connection that stays open, taken in turns by threads and processes."""

import time
from threading import Lock
from typing import Any

import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from audit.driver import keep_driver, let_driver_go
from bpmn.text import Text
from workflow.errors import Busy
from workflow.store import turns

PATIENCE = 10
"""Seconds after which a writer who waits for another is told that the database is busy."""
LOOK_EVERY = 0.003
"""Seconds between two looks whether an SQLite file can be written."""
LOCKED = "database is locked"
BUSY = Text(
    "系统现在很忙，没有保存。过一会儿再提交。",
    "The system is busy; nothing was saved. Try again.",
)


class Writers(QueuePool):
    """The connections that write one SQLite file: one of them is kept open and taken in turns.

    SQLite has one writer at a time anyway, and to take a connection from a pool and give it back costs
    several times what a small transaction does.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.alone = Lock()
        """Among the threads of this process."""
        self._making = Lock()
        self._turns: turns.Turns | None = None
        self._kept: Connection | None = None

    def turns(self, engine: Engine) -> turns.Turns:
        """Among the processes."""
        if self._turns is None:
            with self._making:
                if self._turns is None:
                    self._turns = turns.Turns(turns.lock_file(engine.url.database))
        return self._turns

    def kept(self, engine: Engine) -> Connection:
        """The connection that is kept; for whoever is `alone`."""
        if self._kept is None:
            self._kept = engine.connect()
        return self._kept

    def dispose(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        if self._turns is not None:
            self._turns.close()
            self._turns = None
        super().dispose()


class Turn:
    """One transaction on the kept connection of an SQLite file. What every command pays, so no generators."""

    __slots__ = ("_ahead", "_begun", "_connection", "_engine", "_held", "_pool", "_turns")

    def __init__(self, engine: Engine, pool: Writers, ahead: bool) -> None:
        self._engine, self._pool, self._ahead = engine, pool, ahead
        self._turns = pool.turns(engine)

    def __enter__(self) -> Connection:
        pool = self._pool
        if self._ahead:
            self._held = self._turns.go_ahead()
        else:
            self._held = None
            self._turns.let_pass()
        if not pool.alone.acquire(timeout=PATIENCE):
            self._turns.step_back(self._held)
            raise Busy(BUSY)
        try:
            connection = self._connection = pool.kept(self._engine)
            keep_driver(connection)
            self._begun = connection.begin()
        except BaseException as error:
            self._leave()
            tell_if_busy(error)
            raise
        return connection

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            let_driver_go(self._connection)
            self._begun.__exit__(kind, error, trace)
        except OperationalError as failed:
            tell_if_busy(failed)
            raise
        finally:
            self._leave()
        tell_if_busy(error)

    def _leave(self) -> None:
        self._pool.alone.release()
        self._turns.step_back(self._held)


def begin_immediate(driver: Any) -> None:
    """Begin to write, waiting for whoever does; all who wait look equally often.

    SQLite's own waiting looks less often the longer it has waited, so that whoever came last goes first and
    somebody waits for seconds. Raises the driver's error after `PATIENCE`.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except pysqlite3.dbapi2.OperationalError as error:
            if LOCKED not in str(error) or time.monotonic() >= until:
                raise
            time.sleep(LOOK_EVERY)
        else:
            return


def tell_if_busy(error: BaseException | None) -> None:
    """Raise Busy for what the database says when it cannot take it now."""
    if isinstance(error, OperationalError) and _is_busy(error):
        raise Busy(BUSY) from error


def _is_busy(error: DBAPIError) -> bool:
    text = str(error.orig)
    return LOCKED in text or "database or disk is full" in text
