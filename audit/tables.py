"""The tables of the log, with a metadata of their own."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from audit import guards

SQLITE_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


class RecordedAt(TypeDecorator[datetime]):
    """The database's own clock: an aware UTC time, kept as sortable text on SQLite. Read, never written."""

    impl = String(24)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(24))

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class _DatabaseNow(FunctionElement[datetime]):
    inherit_cache = True


@compiles(_DatabaseNow, "sqlite")
def _now_on_sqlite(element: _DatabaseNow, compiler: Any, **options: Any) -> str:
    return f"({SQLITE_NOW})"


@compiles(_DatabaseNow, "postgresql")
def _now_on_postgresql(element: _DatabaseNow, compiler: Any, **options: Any) -> str:
    return "clock_timestamp()"


METADATA = MetaData()

audit_entry = Table(
    "audit_entry",
    METADATA,
    Column("chain", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("recorded_at", RecordedAt, nullable=False, server_default=_DatabaseNow()),
    CheckConstraint("length(leaf) = 32", name="ck_audit_entry_leaf"),
    CheckConstraint("length(prev) = 32", name="ck_audit_entry_prev"),
    CheckConstraint("length(bytes) <= 16384", name="ck_audit_entry_bytes"),
)
"""The exact bytes of every entry, never serialized again."""

audit_head = Table(
    "audit_head",
    METADATA,
    Column("chain", Uuid, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The newest entry of every chain. The database moves it, together with the entry (see `guards`)."""

audit_vault = Table(
    "audit_vault",
    METADATA,
    Column("chain", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""Salts and values of the personal fields of one entry, encrypted under the chain's key."""

audit_key = Table(
    "audit_key",
    METADATA,
    Column("chain", Uuid, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The key of every chain, wrapped by a key that is not in the database."""


def create(conn: Connection) -> None:
    """Make the tables where they are missing, and their guards."""
    METADATA.create_all(conn)
    guards.install(conn)
