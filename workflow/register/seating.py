"""Who sits on a seat on a day. A holder who is on leave does not, the substitute does (SD-10)."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, not_, or_, select
from sqlalchemy.orm import aliased

from workflow.actor import Actor
from workflow.permissions import refusal
from workflow.store.models import Seat
from workflow.store.prepared import Prepared

SUBSTITUTED = and_(
    # for `asked_of`: somebody sits there for the holder, who is on leave
    Seat.org == bindparam("org"),
    Seat.role == bindparam("role"),
    Seat.substitute_for == bindparam("seat"),
    Seat.valid_from <= bindparam("day"),
    Seat.valid_to >= bindparam("day"),
)
# at most a row or two, so no LIMIT: with a bound one SQLite took 136 µs here instead of 18 (measured)
_AWAY = Prepared(select(Seat.id).where(SUBSTITUTED))


def valid_on(day: date | ColumnElement[Any], seat: Any = Seat) -> tuple[ColumnElement[bool], ...]:
    """The seats held on a day, first and last day included, whether their holder is there or not."""
    return seat.valid_from <= day, or_(seat.valid_to.is_(None), seat.valid_to >= day)


def away_on(day: date | ColumnElement[Any]) -> ColumnElement[bool]:
    """The seats whose holder is on leave that day: somebody sits there for them."""
    substitute = aliased(Seat)
    return exists().where(
        substitute.org == Seat.org,  # named for the index; a substitute sits where the holder does
        substitute.role == Seat.role,
        substitute.substitute_for == Seat.id,
        *valid_on(day, substitute),
    )


def sat_on(day: date | ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    """The seats whose holder acts on that day: held, and not on leave."""
    return (*valid_on(day), not_(away_on(day)))


def asked_of(actor: Actor, day: date) -> dict[str, Any]:
    """The values of `SUBSTITUTED` for the actor's seat."""
    return {"org": actor.org, "role": actor.role, "seat": actor.seat_id, "day": day}


def is_away(conn: Connection, actor: Actor, day: date) -> bool:
    """Whether the seat is on leave that day."""
    return _AWAY.scalar(conn, asked_of(actor, day)) is not None


def require_there(away: bool) -> None:
    """Nobody acts from a seat that is on leave; its substitute does.

    Raises:
        NotAllowed: rule "leave".
    """
    if away:
        raise refusal("leave")
