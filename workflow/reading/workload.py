"""Who has too much: the open steps of each officer against the middle of those on the same post."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import Connection, or_, select

from bpmn import Text
from workflow.actor import Actor
from workflow.house import House
from workflow.reading.board import Wanted, area_code, board
from workflow.reading.case_file import today
from workflow.reading.seats import desk_code, post_name, seat_code
from workflow.reading.trends import within
from workflow.store.models import Account, Organisation, Seat

TIMES: Final = 2
"""More than so many times what the middle one of the same post has is too much (as in RF-02)."""
LEAST: Final = 5  # whoever has fewer than this many has not too much, whatever the others have
FEWEST: Final = 3  # peers without whom there is no middle


@dataclass(frozen=True, slots=True)
class Load:
    """One officer. `open`: the steps of the desk shared among those who sit there, and what was handed to
    this seat alone. `holder`: the desk, as the board's filter has it.
    """

    name: str
    office: str
    post: Text
    holder: str
    open: float
    middle: float
    too_much: bool


def workload(house: House, conn: Connection, actor: Actor, now: datetime) -> Sequence[Load]:
    """Everybody of the area who has work, the fullest desk of all first. Substitutes count for nobody."""
    within(actor)
    day, area = today(now), area_code(actor.org)
    open_at = {line.code: line.total for line in board(house, conn, actor, now, Wanted("holder")).lines}
    offices = Seat.org.startswith(area[: 6 if area.endswith("000000") else 9])
    seats = conn.execute(
        select(Seat.id, Seat.org, Seat.role, Account.name, Organisation.name.label("office"))
        .join(Account, Account.id == Seat.account_id)
        .join(Organisation, Organisation.code == Seat.org)
        .where(offices, Seat.substitute_for.is_(None), Account.active, Seat.valid_from <= day)
        .where(or_(Seat.valid_to.is_(None), Seat.valid_to >= day))
        .order_by(Seat.id)
    ).all()
    sharing: dict[str, int] = defaultdict(int)
    for seat in seats:
        sharing[desk_code(seat.org, seat.role)] += 1
    carried: dict[int, float] = {}
    peers: dict[str, list[float]] = defaultdict(list)
    for seat in seats:
        desk = desk_code(seat.org, seat.role)
        carried[seat.id] = open_at.get(desk, 0) / sharing[desk] + open_at.get(seat_code(seat.id), 0)
        peers[seat.role].append(carried[seat.id])
    book = house.rules().rulebook
    loads = []
    for seat in seats:
        mine, middle = carried[seat.id], median(peers[seat.role])
        much = mine >= LEAST and len(peers[seat.role]) >= FEWEST and mine > TIMES * middle
        post, desk = post_name(book, seat.role), desk_code(seat.org, seat.role)
        if mine:
            loads.append(Load(seat.name, seat.office, post, desk, mine, middle, much))
    return sorted(loads, key=lambda load: (not load.too_much, -load.open, load.holder))
