"""The tables of the log, with a metadata of their own."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    inspect,
    text,
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
_SIGNED = "length(signature) = 68"

audit_entry = Table(
    "audit_entry",
    METADATA,
    Column("chain", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("prev", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("recorded_at", RecordedAt, nullable=False, server_default=_DatabaseNow()),
    Column("log", SmallInteger, nullable=False, server_default=text("0")),
    Column("signature", LargeBinary, CheckConstraint(_SIGNED, name="ck_audit_entry_signature")),
    CheckConstraint("length(leaf) = 32", name="ck_audit_entry_leaf"),
    CheckConstraint("length(prev) = 32", name="ck_audit_entry_prev"),
    CheckConstraint("length(bytes) <= 16384", name="ck_audit_entry_bytes"),
)
"""The exact bytes of every entry, never serialized again.

`log` is the number of the log it belongs to (`audit.chain.LOGS`). `signature` is the application's over the
leaf: the id of its key, 4 bytes, and 64 bytes of Ed25519; NULL for entries older than the first key.
"""

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

audit_erasure = Table(
    "audit_erasure",
    METADATA,
    Column("chain", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which entries of a chain say that its sealed values were erased: only a way to find them."""

audit_pending = Table(
    "audit_pending",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("log", SmallInteger, nullable=False),
    Column("chain", Uuid, nullable=False),
    Column("seq", Integer, nullable=False),
)
"""Entries that have no place in the tree yet. Filled by the database with every entry, emptied by the
sequencer. `id` orders the rows that are there at one time; nobody pages by it, for rows commit in any order.
"""

audit_index = Table(
    "audit_index",
    METADATA,
    Column("tree", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("chain", Uuid, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("tree", "chain", "seq", name="uq_audit_index_tree_chain_seq"),
    sqlite_with_rowid=False,
)
"""The place of every entry in its tree: rows are only ever added, one after the other."""

audit_tree = Table(
    "audit_tree",
    METADATA,
    Column("tree", Integer, primary_key=True, autoincrement=False),
    Column("log", SmallInteger, nullable=False),
    Column("origin", String(200), nullable=False, unique=True),
)
"""The trees there have been: one for each log, and a further one for each recovery. The newest counts."""

audit_signer = Table(
    "audit_signer",
    METADATA,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("key_id", LargeBinary, primary_key=True),
    Column("event", String(8), primary_key=True),
    Column("purpose", String(12), nullable=False),
    Column("vkey", String(300), nullable=False),
    Column("seq", Integer, nullable=False),
    CheckConstraint("event IN ('added', 'revoked')", name="ck_audit_signer_event"),
)
"""Which keys were added and revoked by which entry of a log's system chain: what the entries say, as rows."""


def create(conn: Connection) -> None:
    """Make the tables and columns where they are missing, and the guards; nothing that is there changes."""
    METADATA.create_all(conn)
    there = {column["name"] for column in inspect(conn).get_columns("audit_entry")}
    if "log" not in there:
        binary = "bytea" if conn.dialect.name == "postgresql" else "BLOB"
        conn.execute(text("ALTER TABLE audit_entry ADD COLUMN log SMALLINT NOT NULL DEFAULT 0"))
        conn.execute(
            text(
                f"ALTER TABLE audit_entry ADD COLUMN signature {binary} "
                f"CONSTRAINT ck_audit_entry_signature CHECK ({_SIGNED})"
            )
        )
        conn.execute(
            text(
                "INSERT INTO audit_pending (log, chain, seq) SELECT 0, chain, seq FROM audit_entry "
                "ORDER BY max(recorded_at) OVER (PARTITION BY chain ORDER BY seq), seq"
            )
        )
    guards.install(conn)
