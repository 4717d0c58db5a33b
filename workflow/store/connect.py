"""Connections: one recipe per database, tried and written down in the README's decisions.

SQLite: our own bundled library (the system's may lose acknowledged commits in WAL mode), WAL,
`synchronous=FULL`, writers begin with BEGIN IMMEDIATE so that a read never has to be upgraded. What is
deleted becomes zeros.
PostgreSQL: psycopg 3, pre-ping, and a cancelled wait for a standby is reported as unknown.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import orjson
import pysqlite3.dbapi2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from audit.driver import keep_driver, let_driver_go
from workflow.store.writers import PATIENCE, Turn, Writers, begin, begin_immediate, tell_if_busy

PAGE = 2_048
"""Bytes of a page of a new SQLite file: a step changes little in many places, and writes whole pages."""
WAL_PAGES = 4_000
"""Pages in SQLite's write-ahead log before they go into the file: those that change often go there once."""
SAFE_SQLITE = (3, 51, 3)
BACKPORTS = ((3, 44, 6), (3, 50, 7))


def _nothing(value: None) -> None:
    return value


# What the database knows by itself is named here too: for everything but plain numbers and texts the driver
# looks for something that adapts it, and to find nothing takes ten times as long as to be told.
for _kind, _as_it_is in ((type(None), _nothing), (bool, int), (bytes, bytes), (memoryview, bytes)):
    pysqlite3.dbapi2.register_adapter(_kind, _as_it_is)


class UnsafeSQLite(RuntimeError):
    """This SQLite can lose acknowledged commits in WAL mode."""


class OutcomeUnknown(RuntimeError):
    """The commit was made here, but no standby has confirmed it."""


def require_safe(version: tuple[int, int, int]) -> None:
    """Refuse an SQLite with the WAL-reset fault (3.7.0 to 3.51.2 but for two backports)."""
    fixed = version >= SAFE_SQLITE or any(version[:2] == line[:2] and version >= line for line in BACKPORTS)
    if not fixed:
        raise UnsafeSQLite(f"SQLite {'.'.join(map(str, version))} may lose commits; 3.51.3 is needed")


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
        poolclass=Writers if writer else QueuePool,
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
        cursor.execute(f"PRAGMA page_size={PAGE}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # zeros where something was: an erasure leaves no rest
        if writer:
            cursor.execute("PRAGMA busy_timeout=0")  # its waiting is `begin_immediate`
            cursor.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        else:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        if not raw.in_transaction:  # whoever has taken a turn to write has begun already
            begin(raw, begin_immediate if writer else _begin)

    return engine


def _begin(raw: Any) -> None:
    raw.execute("BEGIN")


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
    return Turn(engine, pool, ahead) if isinstance(pool, Writers) else _from_the_pool(engine)


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
        tell_if_busy(error)
        raise


def is_retryable(error: DBAPIError) -> bool:
    """Whether PostgreSQL asks for the same transaction once more (serialisation, deadlock)."""
    return getattr(error.orig, "sqlstate", None) in RETRIED
