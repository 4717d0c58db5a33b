"""Separate database users on PostgreSQL, each with the rights it needs (`audit.roles` has those on the log).

Can be done again at any time, and has to be after every upgrade: a new table belongs to nobody but its owner.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, text

from audit.roles import APP, AUDITOR, ERASER, LOGINS, OWNER, SEQUENCER, rights
from audit.tables import METADATA as LOG
from workflow.store.models import Base

VERSION: Final = "alembic_version"
WORK: Final = "SELECT, INSERT, UPDATE, DELETE"
KEPT: Final = "SELECT, INSERT, UPDATE"
"""A case is never deleted."""
NEEDED_TO_OPEN: Final = (
    "rulebook",
    "rule_file",
    "rulebook_force",
    "rulebook_proposal",
    "calendar_day",
    "calendar_year",
    "calendar_proposal",
)
"""What a process reads before it can do anything: the rules and the calendar."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_FUNCTIONS = text(
    "SELECT p.oid::regprocedure::text FROM pg_proc p "
    "WHERE p.pronamespace = current_schema()::regnamespace AND p.prorettype = 'trigger'::regtype"
)
_KNOWN = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")


class NotPossible(Exception):
    """Not a PostgreSQL, or not a name for its users."""


def grant(conn: Connection, prefix: str = "mingjian") -> dict[str, str]:
    """Make the users `<prefix>_app` and so on where they are missing, and give each exactly its rights.

    The connection has to be of a superuser, or of the database's owner who may create roles. Passwords are
    not set here. Returns role → name. Raises NotPossible.
    """
    if conn.dialect.name != "postgresql":
        raise NotPossible("separate users exist on PostgreSQL only")
    if not _NAME.fullmatch(prefix):
        raise NotPossible(f"{prefix!r} cannot begin the names of users")
    names = {role: f"{prefix}_{role}" for role in (OWNER, *LOGINS)}
    known = set(conn.scalars(_KNOWN, {"names": list(names.values())}))
    for role, name in names.items():
        if name not in known:
            login = "NOLOGIN" if role == OWNER else "LOGIN"
            conn.execute(text(f"CREATE ROLE {name} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE"))
    functions = conn.scalars(_FUNCTIONS).all()
    database = conn.scalar(text("SELECT quote_ident(current_database())"))
    schema = conn.scalar(text("SELECT quote_ident(current_schema())"))
    for statement in (
        *_belongings(names, str(schema), functions),
        *_nothing(names, str(database), str(schema)),
        *_rights(names, str(database), str(schema)),
    ):
        conn.execute(text(statement))
    return names


def _belongings(names: dict[str, str], schema: str, functions: Sequence[str]) -> Iterator[str]:
    """Everything belongs to a role nobody signs in as: only an owner can drop a trigger or switch it off."""
    owner = names[OWNER]
    yield f"GRANT {owner} TO CURRENT_USER"
    yield f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {owner}"
    for table in (*LOG.tables, *Base.metadata.tables, VERSION):
        yield f'ALTER TABLE "{table}" OWNER TO {owner}'
    for function in functions:
        yield f"ALTER FUNCTION {function} OWNER TO {owner}"


def _nothing(names: dict[str, str], database: str, schema: str) -> Iterator[str]:
    """Take away whatever was given before."""
    everybody = ", ".join(("PUBLIC", *(names[role] for role in LOGINS)))
    yield f"REVOKE ALL ON DATABASE {database} FROM {everybody}"
    yield f"REVOKE ALL ON SCHEMA {schema} FROM {everybody}"
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        yield f"REVOKE ALL ON ALL {kind} IN SCHEMA {schema} FROM {everybody}"


def _rights(names: dict[str, str], database: str, schema: str) -> Iterator[str]:
    for role in LOGINS:
        yield f"GRANT CONNECT ON DATABASE {database} TO {names[role]}"
        yield f"GRANT USAGE ON SCHEMA {schema} TO {names[role]}"
        for table, allowed in rights(role).items():
            yield f"GRANT {allowed} ON {table} TO {names[role]}"
    workers = f"{names[APP]}, {names[ERASER]}"
    for table in Base.metadata.tables:
        yield f'GRANT {KEPT if table == "case" else WORK} ON "{table}" TO {workers}'
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {workers}"
    yield f"REVOKE ALL ON SEQUENCE audit_pending_id_seq FROM {workers}"
    for table in NEEDED_TO_OPEN:
        yield f"GRANT SELECT ON {table} TO {names[SEQUENCER]}"
    yield f'GRANT SELECT (id, seq) ON "case" TO {names[SEQUENCER]}'
    yield f"GRANT SELECT, UPDATE (proof) ON receipt TO {names[SEQUENCER]}"
    yield f"GRANT SELECT ON {VERSION} TO {workers}, {names[SEQUENCER]}, {names[AUDITOR]}"
