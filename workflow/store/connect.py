"""Connections: one recipe per database, tried and written down in the README's decisions.

SQLite: our own bundled library (the system's may lose acknowledged commits in WAL mode), WAL,
`synchronous=FULL`, writers begin with BEGIN IMMEDIATE so that a read never has to be upgraded. What is
deleted becomes zeros.
PostgreSQL: psycopg 3, pre-ping, and a cancelled wait for a standby is reported as unknown.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any

import orjson
import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from audit.driver import keep_driver, let_driver_go
from bpmn.text import Text
from workflow.errors import Busy
from workflow.store import turns

SAFE_SQLITE = (3, 51, 3)
BACKPORTS = ((3, 44, 6), (3, 50, 7))
PATIENCE = 10
"""Seconds after which a writer who waits for another is told that the database is busy."""
LOOK_EVERY = 0.003
"""Seconds between two looks whether an SQLite file can be written."""
LOCKED = "database is locked"
BUSY = Text(
    "系统现在很忙，没有保存。过一会儿再提交。",
    "The system is busy; nothing was saved. Try again.",
)


class UnsafeSQLite(RuntimeError):
    """This SQLite can lose acknowledged commits in WAL mode."""


class OutcomeUnknown(RuntimeError):
    """The commit was made here, but no standby has confirmed it."""


def require_safe(version: tuple[int, int, int]) -> None:
    """Refuse an SQLite with the WAL-reset fault (3.7.0 to 3.51.2 but for two backports)."""
    fixed = version >= SAFE_SQLITE or any(version[:2] == line[:2] and version >= line for line in BACKPORTS)
    if not fixed:
        raise UnsafeSQLite(f"SQLite {'.'.join(map(str, version))} may lose commits; 3.51.3 is needed")


class _Writers(QueuePool):
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


class _Turn:
    """One transaction on the kept connection of an SQLite file. What every command pays, so no generators."""

    __slots__ = ("_ahead", "_begun", "_connection", "_engine", "_held", "_pool", "_turns")

    def __init__(self, engine: Engine, pool: _Writers, ahead: bool) -> None:
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
            self._begun = connection.begin()
            keep_driver(connection)
        except BaseException as error:
            self._leave()
            _tell_if_busy(error)
            raise
        return connection

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            let_driver_go(self._connection)
            self._begun.__exit__(kind, error, trace)
        except OperationalError as failed:
            _tell_if_busy(failed)
            raise
        finally:
            self._leave()
        _tell_if_busy(error)

    def _leave(self) -> None:
        self._pool.alone.release()
        self._turns.step_back(self._held)


def connect(url: str, *, writer: bool = True) -> Engine:
    """An engine for `url`. `writer=False` gives plain BEGIN on SQLite: readers never block."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url, writer)
    return _postgresql(url)


def _sqlite(url: str, writer: bool) -> Engine:
    require_safe(pysqlite3.dbapi2.sqlite_version_info)
    engine = create_engine(
        url,
        module=pysqlite3.dbapi2,
        poolclass=_Writers if writer else QueuePool,
        pool_size=2 if writer else 8,
        max_overflow=0 if writer else 8,
        json_serializer=_json,
        hide_parameters=True,  # an error text must not carry what somebody typed
        json_deserializer=orjson.loads,
        connect_args={"check_same_thread": False, "timeout": PATIENCE, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # zeros where something was: an erasure leaves no rest
        if writer:
            cursor.execute("PRAGMA busy_timeout=0")  # its waiting is `_begin_immediate`
        else:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        try:
            if writer:
                _begin_immediate(driver)
            else:
                driver.execute("BEGIN")
        except pysqlite3.dbapi2.Error as error:
            dbapi = pysqlite3.dbapi2.Error
            raise DBAPIError.instance("BEGIN", (), error, dbapi, dialect=connection.dialect) from error

    return engine


def _begin_immediate(driver: Any) -> None:
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


class StillRead(OSError):
    """Somebody reads an older state of the database, so its write-ahead log cannot be emptied now."""


def leave_no_old_pages(engine: Engine) -> None:
    """Empty SQLite's write-ahead log, which holds pages as they were before. Raises StillRead.

    PostgreSQL: nothing; its own rows and log are for vacuum and archiving to clear.
    """
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute("PRAGMA busy_timeout=0")
        cursor.close()
    finally:
        connection.close()
    if busy:
        raise StillRead("the write-ahead log is still read")


def _postgresql(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        json_serializer=_json,
        hide_parameters=True,  # an error text must not carry what somebody typed
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        connection.add_notice_handler(lambda notice: _note_unconfirmed(record.info, notice))

    return engine


def _json(value: Any) -> str:
    """JSON columns: compact, Chinese as it is."""
    return orjson.dumps(value).decode()


def _note_unconfirmed(info: dict[str, Any], notice: Any) -> None:
    """Remember the server's warning; raising here would do nothing, the driver swallows it."""
    if "canceling wait for synchronous replication" in (notice.message_primary or ""):
        info[UNCONFIRMED] = notice.message_primary


RETRIED = {"40001", "40P01"}
UNCONFIRMED = "unconfirmed"


def transaction(engine: Engine, *, ahead: bool = False) -> AbstractContextManager[Connection]:
    """Returning commits, raising rolls back; a database that cannot take it now is `Busy`.

    `ahead`: on SQLite before all others who wait to write. For what is short and what others wait for.

    Raises:
        OutcomeUnknown: it is committed here, but the wait for a standby was broken off.
    """
    pool = engine.pool
    return _Turn(engine, pool, ahead) if isinstance(pool, _Writers) else _from_the_pool(engine)


@contextmanager
def _from_the_pool(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            info = connection.info
            info.pop(UNCONFIRMED, None)
            keep_driver(connection)
            try:
                yield connection
            finally:
                let_driver_go(connection)
        if warning := info.pop(UNCONFIRMED, None):
            raise OutcomeUnknown(warning)
    except OperationalError as error:
        _tell_if_busy(error)
        raise


def _tell_if_busy(error: BaseException | None) -> None:
    """Raise Busy for what the database says when it cannot take it now."""
    if isinstance(error, OperationalError) and _is_busy(error):
        raise Busy(BUSY) from error


def _is_busy(error: DBAPIError) -> bool:
    text = str(error.orig)
    return LOCKED in text or "database or disk is full" in text


def is_retryable(error: DBAPIError) -> bool:
    """Whether PostgreSQL asks for the same transaction once more (serialisation, deadlock)."""
    return getattr(error.orig, "sqlstate", None) in RETRIED
