"""Write lines into inboxes, in the transaction of the step they tell of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select

from bpmn import Station
from workflow.cases.places import organisation_at
from workflow.cases.work import Work
from workflow.register.seating import sat_on
from workflow.store.models import Account, InboxMessage, Seat, table
from workflow.store.prepared import Prepared

_TELL = Prepared(insert(table(InboxMessage)), "org", "role", "seat_id", "kind", "case_id", "params", "at")


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose inbox: all seats of an office and role, or of these one seat alone."""

    org: str
    role: str
    seat_id: int | None = None


def desk_of(work: Work, station: Station) -> Desk:
    """Where a station of the rule book sits in this case."""
    return Desk(organisation_at(station.level, station.kind, work.row), station.role)


def tell(work: Work, kind: str, desks: Iterable[Desk], params: Mapping[str, Any]) -> None:
    """One line for each desk, once. `params` are codes and dates, nothing of a person."""
    for desk in dict.fromkeys(desks):
        _TELL.change(
            work.conn,
            {
                "org": desk.org,
                "role": desk.role,
                "seat_id": desk.seat_id,
                "kind": kind,
                "case_id": None if work.case is None else work.case.id,
                "params": dict(params),
                "at": work.at,
            },
        )


def held(work: Work, desks: Collection[Desk]) -> frozenset[tuple[str, str]]:
    """Of these offices and roles the ones that somebody sits on today: the holder, or the substitute of a
    holder on leave, with an account that is open.
    """
    wanted = sorted({(desk.org, desk.role) for desk in desks})
    asked: dict[str, Any] = {"today": work.today}
    for number, (org, role) in enumerate(wanted):
        asked |= {f"org{number}": org, f"role{number}": role}
    return frozenset((row.org, row.role) for row in _held(len(wanted)).all(work.conn, asked))


@cache
def _held(number: int) -> Prepared:
    """Prepared for each number of desks: a list of values cannot be."""
    desks = (
        and_(Seat.org == bindparam(f"org{place}"), Seat.role == bindparam(f"role{place}"))
        for place in range(number)
    )
    return Prepared(
        select(Seat.org, Seat.role)
        .join(Account, Account.id == Seat.account_id)
        .where(
            or_(*desks),
            *sat_on(bindparam("today")),
            Account.active,
        )
        .distinct()
    )
