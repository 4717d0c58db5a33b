"""Who sits on a seat on a day. A holder who is on leave does not, the substitute does (SD-10)."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, not_, or_
from sqlalchemy.orm import aliased

from workflow.store.models import Seat


def valid_on(day: date, seat: Any = Seat) -> tuple[ColumnElement[bool], ...]:
    """The seats held on a day, first and last day included, whether their holder is there or not."""
    return seat.valid_from <= day, or_(seat.valid_to.is_(None), seat.valid_to >= day)


def away_on(day: date) -> ColumnElement[bool]:
    """The seats whose holder is on leave that day: somebody sits there for them."""
    substitute = aliased(Seat)
    return exists().where(substitute.substitute_for == Seat.id, *valid_on(day, substitute))


def sat_on(day: date) -> tuple[ColumnElement[bool], ...]:
    """The seats whose holder acts on that day: held, and not on leave."""
    return (*valid_on(day), not_(away_on(day)))
