"""Numbers without gaps: the counter moves in the transaction that uses it."""

from sqlalchemy import Connection, bindparam, insert, update

from workflow.store.models import Counter, table
from workflow.store.prepared import Prepared

COUNTER = table(Counter)
_NEXT = Prepared(
    update(COUNTER)
    .where(COUNTER.c.name == bindparam("series"))
    .values(value=COUNTER.c.value + 1)
    .returning(COUNTER.c.value)
)


def next_number(conn: Connection, name: str, pattern: str) -> str:
    """The next number of the series `name`, formatted by `pattern` ("2026-{:04d}")."""
    value = _NEXT.scalar(conn, {"series": name})
    if value is None:
        value = 1
        conn.execute(insert(COUNTER), {"name": name, "value": value})
    return pattern.format(value)
