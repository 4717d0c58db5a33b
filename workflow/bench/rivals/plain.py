"""One connection through the raw driver, for the floor and for stock SpiffWorkflow; the recipe is ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Plain:
    """`run` takes ? for each value on both databases. `transaction` is one durable commit."""

    def __init__(self, database: str) -> None:
        self.postgresql = database.startswith("postgresql")
        if self.postgresql:
            import psycopg

            self._connection: Any = psycopg.connect(database)
        else:
            from pysqlite3 import dbapi2

            self._connection = dbapi2.connect(database, isolation_level=None, cached_statements=256)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        self._cursor = self._connection.cursor()

    def run(self, sql: str, *values: Any) -> Any:
        return self._cursor.execute(sql.replace("?", "%s") if self.postgresql else sql, values)

    def one(self, sql: str, *values: Any) -> Any:
        return self.run(sql, *values).fetchone()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if not self.postgresql:
            self._cursor.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def script(self, *statements: str) -> None:
        """Make tables; `BYTES` and `NUMBER` stand for the database's own types."""
        kinds = ("bytea", "bigint GENERATED ALWAYS AS IDENTITY") if self.postgresql else ("BLOB", "INTEGER")
        with self.transaction():
            for statement in statements:
                self._cursor.execute(statement.replace("BYTES", kinds[0]).replace("NUMBER", kinds[1]))
