"""Throw-away databases: a folder per measurement on SQLite, a database of its own on a PostgreSQL server."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pysqlite3.dbapi2
from psycopg import sql
from sqlalchemy.engine import make_url

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Place:
    """An empty database and a folder for what belongs to it.

    `url` is what our service takes, `plain` what a raw driver takes: a file, or a PostgreSQL address.
    """

    kind: str
    url: str
    plain: str
    home: Path

    def size(self) -> int:
        """Bytes of the database with tables and indexes, the write-ahead log folded in."""
        if self.kind == "postgresql":
            with psycopg.connect(self.plain, autocommit=True) as conn:
                conn.execute("CHECKPOINT")
                row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
                return int(row[0]) if row else 0
        conn = pysqlite3.dbapi2.connect(self.plain)
        try:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (pages,), (page,) = (
                conn.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
            )
            return int(pages) * int(page)
        finally:
            conn.close()


@contextmanager
def fresh(server: str | None = None) -> Iterator[Place]:
    """An empty place, gone afterwards. `server`: a PostgreSQL address whose user may create databases."""
    with tempfile.TemporaryDirectory(prefix="mingjian-bench-") as folder:
        home = Path(folder)
        if server is None:
            file = home / "mingjian.sqlite"
            yield Place("sqlite", f"sqlite+pysqlite:///{file}", str(file), home)
            return
        name = f"mingjian_bench_{uuid4().hex[:12]}"
        admin = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(admin, autocommit=True) as conn:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            plain = make_url(admin).set(database=name)
            yield Place(
                "postgresql",
                plain.set(drivername="postgresql+psycopg").render_as_string(hide_password=False),
                plain.render_as_string(hide_password=False),
                home,
            )
        finally:
            with psycopg.connect(admin, autocommit=True) as conn:
                conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
