"""Triggers that let the log grow and nothing else.

An entry must follow the head of its chain; the database itself then moves the head and notes the entry as
pending, so none can move without the others. Entries, heads and the index refuse every other change, vault
rows and keys may only be deleted.

What they do not stop: whoever owns the database can drop them. Then `verify` finds what was changed, all but
a newest entry altered or deleted together with its head. The case row still counts a deleted one; beyond that
only somebody outside the database can tell: whoever holds a signed checkpoint.
"""

from sqlalchemy import Connection, text

from audit import triggers_postgresql, triggers_sqlite
from audit.driver import on_postgresql


def install(conn: Connection) -> None:
    """Put up all guards, replacing what stands under their names. For SQLite and PostgreSQL."""
    if on_postgresql(conn):
        for statement in triggers_postgresql.statements():
            conn.execute(text(statement))
        return
    for name, statement in triggers_sqlite.triggers().items():
        conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        conn.execute(text(statement))


def missing(conn: Connection) -> list[str]:
    """The guards that are not there, are switched off, or read otherwise than they should."""
    if on_postgresql(conn):
        found = conn.execute(
            text(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "JOIN pg_proc p ON p.oid = t.tgfoid "
                "WHERE t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace"
            )
        )
        standing = {name: body for name, body in found}
        return [
            name
            for name, _, _, function in triggers_postgresql.TRIGGERS
            if standing.get(name) != triggers_postgresql.FUNCTIONS[function]
        ]
    rows = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    written = {name: sql for name, sql in rows}
    return [name for name, statement in triggers_sqlite.triggers().items() if written.get(name) != statement]


def remove(conn: Connection) -> None:
    """Take all guards down: for a migration of these tables, and for tests that tamper."""
    if on_postgresql(conn):
        for name, table, _, _ in triggers_postgresql.TRIGGERS:
            conn.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {table}"))
        return
    for name in triggers_sqlite.triggers():
        conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
