"""The few statements of the hot path, given to the database driver itself.

SQLAlchemy Core takes several times as long for a small statement as the database does. These run on the
caller's connection, in its transaction, and fail with SQLAlchemy's exceptions as all others do.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_KEPT = "mingjian_driver"


def on_postgresql(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


class Driver:
    """The driver's own cursor below an SQLAlchemy connection that is in a transaction."""

    __slots__ = ("cursor", "dialect", "errors", "name", "postgresql")

    def __init__(self, conn: Connection) -> None:
        connection: Any = conn.connection.dbapi_connection
        self.dialect = conn.dialect
        self.name = self.dialect.name
        self.postgresql = self.name == "postgresql"
        self.errors = self.dialect.loaded_dbapi.Error
        self.cursor: Any = connection.cursor()

    def run(self, sql: str, values: Any) -> None:
        """Execute one statement; its rows and their number are the cursor's until the next one."""
        try:
            self.cursor.execute(sql, values)
        except self.errors as error:
            raise DBAPIError.instance(sql, values, error, self.errors, dialect=self.dialect) from error

    def run_each(self, sql: str, values: Sequence[Any]) -> None:
        """Execute one statement for each row of values."""
        try:
            self.cursor.executemany(sql, values)
        except self.errors as error:
            raise DBAPIError.instance(sql, None, error, self.errors, dialect=self.dialect) from error


def keep_driver(conn: Connection, driver: Driver | None = None) -> None:
    """Let all statements of the transaction that has just begun go through one cursor, until it is let go.

    `driver`: one that was made for this connection before.
    """
    conn.__dict__[_KEPT] = driver or Driver(conn)


def let_driver_go(conn: Connection) -> None:
    """The transaction ends."""
    conn.__dict__.pop(_KEPT, None)


def driver_of(conn: Connection) -> Driver:
    """The kept driver of a transaction, else one for this statement; it begins as SQLAlchemy itself does."""
    kept: Driver | None = conn.__dict__.get(_KEPT)
    if kept is not None:
        return kept
    if not conn.in_transaction():
        conn.begin()
    return Driver(conn)


class Statement:
    """One SQL text for both databases, with ? for each value. A UUID is kept as its hex digits on SQLite."""

    __slots__ = ("postgresql", "sqlite")

    def __init__(self, sql: str) -> None:
        self.sqlite = sql
        self.postgresql = sql.replace("?", "%s")

    def one(self, conn: Connection, *values: Any) -> Any:
        """The first row as a tuple, or None."""
        rows = self._run(conn, values).fetchall()
        return rows[0] if rows else None

    def all(self, conn: Connection, *values: Any) -> list[Any]:
        """The rows as tuples, as the driver gives them: a UUID of SQLite is its hex digits."""
        rows: list[Any] = self._run(conn, values).fetchall()
        return rows

    def change(self, conn: Connection, *values: Any) -> int:
        """The number of rows written."""
        count: int = self._run(conn, values).rowcount
        return count

    def each(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Once for each row of values."""
        driver = driver_of(conn)
        if driver.postgresql:
            driver.run_each(self.postgresql, rows)
        else:
            driver.run_each(self.sqlite, [_hex(values) for values in rows])

    def _run(self, conn: Connection, values: tuple[Any, ...]) -> Any:
        driver = driver_of(conn)
        if driver.postgresql:
            driver.run(self.postgresql, values)
        else:
            driver.run(self.sqlite, _hex(values))
        return driver.cursor


_newest: tuple[UUID | None, str | None] = (None, None)


def hex_of(value: UUID | None) -> str | None:
    """The hexadecimal digits of an id, as SQLite keeps it. A transaction asks ten times for the same one."""
    global _newest
    known, digits = _newest
    if value is known:
        return digits
    if value is None:
        return None
    digits = value.hex
    _newest = value, digits
    return digits


def _hex(values: tuple[Any, ...]) -> list[Any]:
    return [hex_of(value) if type(value) is UUID else value for value in values]
