"""What has really gone out: the lines in the inboxes, and the letters that told of an extension."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from workflow.store.models import InboxMessage, Letter

Line = tuple[str, str, str, str, int | None]
"""Limit, level, office, role, and the seat if it is for one alone."""
Told = tuple[datetime, str]
"""When a letter was written, and the last day it names."""
EXTENSION = "extension_notice"


def inboxes_of(conn: Connection) -> dict[UUID, Counter[Line]]:
    """case → how often each line stands in an inbox."""
    found: dict[UUID, Counter[Line]] = {}
    lines = select(
        InboxMessage.case_id, InboxMessage.org, InboxMessage.role, InboxMessage.seat_id, InboxMessage.params
    )
    for line in conn.execute(lines.where(InboxMessage.kind == "deadline")):
        told = (line.params["limit"], line.params["level"], line.org, line.role, line.seat_id)
        found.setdefault(line.case_id, Counter())[told] += 1
    return found


def letters_of(conn: Connection) -> dict[UUID, Counter[Told]]:
    """case → the letters that told of an extension: when, and the new last day they name."""
    found: dict[UUID, Counter[Told]] = {}
    rows = select(Letter.case_id, Letter.issued_at, Letter.fields).where(Letter.kind == EXTENSION)
    for row in conn.execute(rows):
        told = (row.issued_at, str(row.fields["extended_until"]))
        found.setdefault(row.case_id, Counter())[told] += 1
    return found
