"""Numbers without gaps: the counter moves in the transaction that uses it."""

from sqlalchemy import Connection, insert, update

from workflow.store.models import Counter, table

COUNTER = table(Counter)


def next_number(conn: Connection, name: str, pattern: str) -> str:
    """The next number of the series `name`, formatted by `pattern` ("2026-{:04d}")."""
    value = conn.scalar(
        update(COUNTER)
        .where(COUNTER.c.name == name)
        .values(value=COUNTER.c.value + 1)
        .returning(COUNTER.c.value)
    )
    if value is None:
        value = 1
        conn.execute(insert(COUNTER), {"name": name, "value": value})
    return pattern.format(value)
