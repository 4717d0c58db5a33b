"""Triggers that let the log grow and nothing else.

An entry must follow the head of its chain; the database itself then moves the head, so neither can move
without the other. Entries and heads refuse every other change, vault rows and keys may only be deleted.

What they do not stop: whoever owns the database can drop them. Then `verify` finds what was changed, all but
a newest entry altered or deleted together with its head. The case row still counts a deleted one; beyond that
only somebody outside the database can tell.
"""

from sqlalchemy import Connection, text

from audit.driver import on_postgresql

FROZEN = ("audit_entry", "audit_head", "audit_vault", "audit_key")
_SAME = {
    "audit_vault": "FROM audit_vault WHERE chain = NEW.chain AND seq = NEW.seq",
    "audit_key": "FROM audit_key WHERE chain = NEW.chain",
}


def install(conn: Connection) -> None:
    """Put up all guards, replacing what stands under their names. For SQLite and PostgreSQL."""
    if on_postgresql(conn):
        for statement in _postgresql():
            conn.execute(text(statement))
        return
    for name, statement in _sqlite().items():
        conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        conn.execute(text(statement))


def missing(conn: Connection) -> list[str]:
    """The guards that are not there, or are switched off, or (SQLite) read otherwise than they should."""
    if on_postgresql(conn):
        found = conn.execute(
            text(
                "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace"
            )
        )
        standing = set(found.scalars())
        return [name for name, *_ in _POSTGRESQL_TRIGGERS if name not in standing]
    rows = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    written = {name: sql for name, sql in rows}
    return [name for name, statement in _sqlite().items() if written.get(name) != statement]


def remove(conn: Connection) -> None:
    """Take all guards down: for a migration of these tables, and for tests that tamper."""
    if on_postgresql(conn):
        for name, table, _, _ in _POSTGRESQL_TRIGGERS:
            conn.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {table}"))
        return
    for name in _sqlite():
        conn.execute(text(f"DROP TRIGGER IF EXISTS {name}"))


def _sqlite() -> dict[str, str]:
    """By name. REPLACE deletes without firing a delete trigger: hence the look before each insert."""

    def refuse(table: str, event: str, *cases: tuple[str, str]) -> str:
        body = " ".join(f"SELECT RAISE(ABORT, 'audit: {why}') WHERE {when};" for why, when in cases)
        return f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} BEGIN {body} END"

    entry = "FROM audit_entry WHERE chain = NEW.chain AND seq = NEW.seq"
    head = "FROM audit_head WHERE chain = NEW.chain"
    triggers = [
        refuse(
            "audit_entry",
            "insert",
            ("the entry does not follow the head", f"NEW.seq IS NOT coalesce((SELECT seq + 1 {head}), 0)"),
            ("prev is not the head", f"NEW.prev IS NOT coalesce((SELECT leaf {head}), zeroblob(32))"),
            ("the entry is already there", f"EXISTS (SELECT 1 {entry})"),
            (
                "recorded_at is set by the database",
                # The clock stands still inside one statement, so the default is exactly this.
                "NEW.recorded_at IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
            ),
        ),
        "CREATE TRIGGER audit_entry_moves_head AFTER INSERT ON audit_entry BEGIN "
        "INSERT INTO audit_head (chain, seq, leaf) SELECT NEW.chain, 0, NEW.leaf WHERE NEW.seq = 0; "
        "UPDATE audit_head SET seq = NEW.seq, leaf = NEW.leaf WHERE chain = NEW.chain AND NEW.seq > 0; END",
        refuse(
            "audit_head",
            "insert",
            ("the chain already has a head", f"EXISTS (SELECT 1 {head})"),
            ("a head needs its entry", f"NEW.seq <> 0 OR NEW.leaf IS NOT (SELECT leaf {entry})"),
        ),
        refuse(
            "audit_head",
            "update",
            (
                "a head moves one forward, with its entry",
                "NEW.chain IS NOT OLD.chain OR NEW.seq IS NOT OLD.seq + 1 "
                f"OR NEW.leaf IS NOT (SELECT leaf {entry})",
            ),
        ),
        *(
            refuse(
                table,
                "insert",
                ("the row is already there", f"EXISTS (SELECT 1 {same})"),
            )
            for table, same in _SAME.items()
        ),
        *(refuse(table, "update", (f"{table} is never changed", "1")) for table in ("audit_entry", *_SAME)),
        *(
            refuse(table, "delete", (f"{table} is never shortened", "1"))
            for table in ("audit_entry", "audit_head")
        ),
    ]
    return {statement.split()[2]: statement for statement in triggers}


_REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit: % refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""

_FOLLOW_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest audit_head%ROWTYPE;
BEGIN
    SELECT * INTO newest FROM audit_head WHERE chain = NEW.chain;
    IF NEW.seq IS DISTINCT FROM coalesce(newest.seq + 1, 0) THEN
        RAISE EXCEPTION 'audit: the entry does not follow the head' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.prev IS DISTINCT FROM coalesce(newest.leaf, decode(repeat('00', 32), 'hex')) THEN
        RAISE EXCEPTION 'audit: prev is not the head' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.leaf IS DISTINCT FROM sha256('\\x00'::bytea || NEW.bytes) THEN
        RAISE EXCEPTION 'audit: leaf is not the hash of the bytes' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END $$
"""

_MOVE_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_entry_moves_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq = 0 THEN
        INSERT INTO audit_head (chain, seq, leaf) VALUES (NEW.chain, 0, NEW.leaf);
    ELSE
        UPDATE audit_head SET seq = NEW.seq, leaf = NEW.leaf WHERE chain = NEW.chain;
    END IF;
    RETURN NULL;
END $$
"""

_HEAD_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.seq <> 0
       OR TG_OP = 'UPDATE' AND (NEW.chain, NEW.seq) IS DISTINCT FROM (OLD.chain, OLD.seq + 1)
       OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE chain = NEW.chain AND seq = NEW.seq AND leaf = NEW.leaf)
    THEN
        RAISE EXCEPTION 'audit: a head moves one forward, with its entry'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

# name, table, when, function
_POSTGRESQL_TRIGGERS = (
    ("audit_entry_insert", "audit_entry", "BEFORE INSERT ON {} FOR EACH ROW", "audit_entry_follows"),
    ("audit_entry_moves_head", "audit_entry", "AFTER INSERT ON {} FOR EACH ROW", "audit_entry_moves_head"),
    ("audit_entry_change", "audit_entry", "BEFORE UPDATE OR DELETE ON {} FOR EACH ROW", "audit_refuse"),
    ("audit_head_follows", "audit_head", "BEFORE INSERT OR UPDATE ON {} FOR EACH ROW", "audit_head_follows"),
    ("audit_head_delete", "audit_head", "BEFORE DELETE ON {} FOR EACH ROW", "audit_refuse"),
    ("audit_vault_update", "audit_vault", "BEFORE UPDATE ON {} FOR EACH ROW", "audit_refuse"),
    ("audit_key_update", "audit_key", "BEFORE UPDATE ON {} FOR EACH ROW", "audit_refuse"),
    *(
        (f"{table}_truncate", table, "BEFORE TRUNCATE ON {} FOR EACH STATEMENT", "audit_refuse")
        for table in FROZEN
    ),
)


def _postgresql() -> list[str]:
    """ENABLE ALWAYS: `session_replication_role = replica` does not switch them off."""
    statements = [_REFUSE_FUNCTION, _FOLLOW_FUNCTION, _MOVE_FUNCTION, _HEAD_FUNCTION]
    for name, table, when, function in _POSTGRESQL_TRIGGERS:
        statements += [
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} {when.format(table)} EXECUTE FUNCTION {function}()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
        ]
    return statements
