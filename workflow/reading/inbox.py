"""Whose a line of the inbox is."""

from sqlalchemy import ColumnElement, or_

from workflow.actor import Actor
from workflow.store.models import InboxMessage


def addressed_to(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The lines of the seat's office and role, but for those that are another seat's alone."""
    seats = {actor.seat_id, actor.stands_for or actor.seat_id}
    mine = or_(InboxMessage.seat_id.is_(None), InboxMessage.seat_id.in_(seats))
    return (InboxMessage.org == actor.org, InboxMessage.role == actor.role, mine)
