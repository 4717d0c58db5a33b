"""Whose a line of the inbox is, how many wait to be read, and which tell of what has been done since."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from workflow.actor import Actor
from workflow.store.models import Clock, InboxMessage
from workflow.store.prepared import Prepared


def addressed_to(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The lines of the seat's office and role, but for those that are another seat's alone."""
    return _addressed(**reader_of(actor))


def reader_of(actor: Actor) -> dict[str, Any]:
    stands_for = actor.stands_for or actor.seat_id
    return {"org": actor.org, "role": actor.role, "seat": actor.seat_id, "stands_for": stands_for}


def _addressed(org: Any, role: Any, seat: Any, stands_for: Any) -> tuple[ColumnElement[bool], ...]:
    mine = or_(
        InboxMessage.seat_id.is_(None), InboxMessage.seat_id == seat, InboxMessage.seat_id == stands_for
    )
    return (InboxMessage.org == org, InboxMessage.role == role, mine)


MINE: Final = _addressed(*map(bindparam, ("org", "role", "seat", "stands_for")))
"""The same for a prepared statement, which is given `reader_of` an actor."""
_UNREAD = Prepared(
    select(func.count().label("number"))
    .select_from(InboxMessage)
    .where(*MINE, InboxMessage.read_at.is_(None))
)


def unread(conn: Connection, actor: Actor) -> int:
    """How many lines of the seat's inbox nobody has read yet."""
    return int(_UNREAD.scalar(conn, reader_of(actor)))


def running(conn: Connection, case_ids: Collection[UUID]) -> dict[tuple[UUID, str], datetime]:
    """When the limits that still run in these cases began: a warning of any other, or raised before, is
    of a step that has been taken since.
    """
    rows = conn.execute(
        select(Clock.case_id, Clock.limit_id, func.min(Clock.started_at).label("began"))
        .where(Clock.case_id.in_(case_ids), Clock.stopped_at.is_(None))
        .group_by(Clock.case_id, Clock.limit_id)
    )
    return {(row.case_id, row.limit_id): row.began for row in rows}
