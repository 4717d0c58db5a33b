"""Who has to act: a desk (all who sit at one post of an office) or the one seat a step was handed to.

Both have a code of numbers and letters, `360829-msb.CHND` and `seat.12`: what stands in an address.
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, Date, bindparam, func, select

from bpmn import Rulebook, Text
from workflow.reading.case_file import holders
from workflow.register.seating import sat_on
from workflow.store.models import Account, Seat

ONE_SEAT = "seat"
LONGEST_NUMBER = 9
_KEEPER = func.coalesce(Seat.substitute_for, Seat.id)
_KEEPERS = (
    select(_KEEPER, Account.name)
    .join(Account, Account.id == Seat.account_id)
    .where(_KEEPER.in_(bindparam("seats", expanding=True)), *sat_on(bindparam("day", type_=Date())))
)


def desk_code(org: str, role: str) -> str:
    return f"{org}.{role}"


def seat_code(seat: int) -> str:
    return f"{ONE_SEAT}.{seat}"


def seat_number(code: str) -> int | None:
    """The number of the seat that a code names; None for a desk or for nothing at all."""
    kind, _, number = code.partition(".")
    known = kind == ONE_SEAT and number.isdecimal() and len(number) <= LONGEST_NUMBER
    return int(number) if known else None


def post_name(book: Rulebook, role: str) -> Text:
    """What a post is called; its code where the rules in force do not know it any more."""
    row = book.roles.get(role)
    return Text(role, role) if row is None else row.name


def people_at(
    conn: Connection, desks: set[tuple[str, str]], seats: set[int], day: date
) -> Mapping[str, tuple[str, ...]]:
    """Code of desk or seat → the names of those who have to act there; a vacant one is not in it."""
    found = {desk_code(*desk): names for desk, names in holders(conn, desks, day).items()}
    if seats:
        rows = conn.execute(_KEEPERS, {"seats": sorted(seats), "day": day})
        found |= {seat_code(number): (name,) for number, name in rows}
    return found
