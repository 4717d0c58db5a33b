"""Who writes one SQLite file: one connection that stays open, taken in turns by threads and processes."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

import pysqlite3.dbapi2
from sqlalchemy import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from audit.driver import Driver, keep_driver, let_driver_go
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


class Kept(NamedTuple):
    """The connection that writes: as SQLAlchemy knows it, and the driver's own below it."""

    connection: Connection
    raw: Any
    driver: Driver


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
        self._kept: Kept | None = None

    def turns(self, engine: Engine) -> turns.Turns:
        """Among the processes."""
        if self._turns is None:
            with self._making:
                if self._turns is None:
                    self._turns = turns.Turns(turns.lock_file(engine.url.database))
        return self._turns

    def kept(self, engine: Engine) -> Kept:
        """The connection that is kept; for whoever is `alone`."""
        if self._kept is None:
            connection = engine.connect()
            self._kept = Kept(connection, connection.connection.dbapi_connection, Driver(connection))
        return self._kept

    def let_go(self) -> None:
        """Close the connection that is kept; the next writer gets a new one."""
        if self._kept is not None:
            self._kept.connection.close()
            self._kept = None

    def dispose(self) -> None:
        self.let_go()
        if self._turns is not None:
            self._turns.close()
            self._turns = None
        super().dispose()


class Turn:
    """One transaction on the kept connection of an SQLite file. What every command pays, so no generators.

    It is begun and ended by the driver itself; SQLAlchemy joins it with the first statement it is asked for.
    """

    __slots__ = ("_ahead", "_engine", "_held", "_kept", "_pool", "_turns")

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
            connection, _, driver = self._kept = pool.kept(self._engine)
            begin(driver.cursor, begin_immediate)
            keep_driver(connection, driver)
        except BaseException as error:
            self._leave()
            tell_if_busy(error)
            raise
        return connection

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        connection, raw, _ = self._kept
        try:
            let_driver_go(connection)
            joined = connection.get_transaction()
            if joined is not None:
                joined.__exit__(kind, error, trace)
            elif error is None:
                _commit(connection.dialect, raw)
        except OperationalError as failed:
            tell_if_busy(failed)
            raise
        finally:
            try:
                self._take_back()
            finally:
                self._leave()
        tell_if_busy(error)

    def _take_back(self) -> None:
        """What was not committed, or could not be."""
        if self._kept.connection.invalidated:  # broken off inside SQLAlchemy, which has closed it
            self._pool.let_go()
        elif self._kept.raw.in_transaction:
            self._kept.connection.dialect.do_rollback(self._kept.raw)

    def _leave(self) -> None:
        self._pool.alone.release()
        self._turns.step_back(self._held)


def begin(driver: Any, how: Callable[[Any], object]) -> None:
    """Begin a transaction below SQLAlchemy, with its exceptions, on the driver's connection or a cursor."""
    try:
        how(driver)
    except pysqlite3.dbapi2.Error as error:
        raise _as_sqlalchemy_says("BEGIN", error) from error


def _commit(dialect: Dialect, raw: Any) -> None:
    try:
        dialect.do_commit(raw)
    except pysqlite3.dbapi2.Error as error:
        raise _as_sqlalchemy_says("COMMIT", error) from error


def _as_sqlalchemy_says(statement: str, error: Exception) -> BaseException:
    return DBAPIError.instance(statement, (), error, pysqlite3.dbapi2.Error)


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
