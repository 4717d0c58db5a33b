"""Who reads the work calendar from outside: one address for a seat, until it or the seat ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from workflow.actor import Actor
from workflow.calendar_commands import EndSubscription, SubscribeCalendar
from workflow.cases.refusing import log_system
from workflow.cases.work import Handler, Work
from workflow.deadlines import SHANGHAI
from workflow.permissions import require
from workflow.store.models import Account, CalendarFeed, Seat, table

FEED = table(CalendarFeed)


def subscribe(work: Work, command: SubscribeCalendar) -> Mapping[str, Any]:
    """Open a new address for the seat; one it had before ends.

    Raises:
        NotAllowed
    """
    require(work.actor, "view_work_calendar", met={"own_office"})
    _end(work)
    number = work.conn.scalar(
        insert(FEED).returning(FEED.c.id), {"seat_id": work.actor.seat_id, "opened_at": work.at}
    )
    _log(work, "calendar_subscribed")
    return {"number": str(number)}


def end(work: Work, command: EndSubscription) -> Mapping[str, Any]:
    """Take the seat's address back; nothing happens where it has none.

    Raises:
        NotAllowed
    """
    require(work.actor, "view_work_calendar", met={"own_office"})
    if _end(work):
        _log(work, "calendar_subscription_ended")
    return {}


HANDLERS: Mapping[type, Handler] = {SubscribeCalendar: subscribe, EndSubscription: end}


def _end(work: Work) -> int:
    open_ones = (FEED.c.seat_id == work.actor.seat_id) & FEED.c.ended_at.is_(None)
    return work.conn.execute(update(FEED).where(open_ones).values(ended_at=work.at)).rowcount


def _log(work: Work, kind: str) -> None:
    facts: dict[str, object] = {"seat": work.actor.seat_id}
    log_system(work.house, work.conn, work.actor, kind, facts, work.at, work.request_id)


def feed_of(conn: Connection, seat_id: int) -> int | None:
    """The number of the seat's open address."""
    found: int | None = conn.scalar(
        select(FEED.c.id).where(FEED.c.seat_id == seat_id, FEED.c.ended_at.is_(None))
    )
    return found


def reader_of(conn: Connection, number: int, at: datetime) -> Actor | None:
    """Who reads by the address of that number; None once it or the seat has ended, or the account."""
    today = at.astimezone(SHANGHAI).date()
    row = conn.execute(
        select(Seat.account_id, Seat.id, Seat.role, Seat.org)
        .join(CalendarFeed, CalendarFeed.seat_id == Seat.id)
        .join(Account, Account.id == Seat.account_id)
        .where(
            CalendarFeed.id == number,
            CalendarFeed.ended_at.is_(None),
            Account.active,
            Seat.valid_from <= today,
            or_(Seat.valid_to.is_(None), Seat.valid_to >= today),
        )
    ).one_or_none()
    return row and Actor(row.account_id, row.id, row.role, row.org, "")
