"""To whom a warning has to go, as the data files say: written apart from `workflow.alerts.recipients`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from bpmn import Rulebook
from workflow.deadlines import Limit
from workflow.engine import Open
from workflow.store.models import Account, Seat

Desk = tuple[str, str]
"""Office and role."""
OF_A_CASE = ("village", "township", "county")


@dataclass(frozen=True, slots=True)
class Stations:
    """`told`: alerts.toml; `seats`: who has sat where, from when until when."""

    book: Rulebook
    told: Mapping[str, Any]
    seats: Sequence[Any]

    def desks(self, limit: Limit, level: str, case: Any, places: Sequence[Open], day: date) -> list[Desk]:
        """The holders of the open steps, those above, and who stands in where nobody sits above."""
        holders: list[Desk] = []
        above: list[Desk] = []
        for word in self.told["levels"][level]:
            if word == "holder":
                holders += [
                    self._desk(case, place.properties["role"], place.properties.get("office", ""))
                    for place in sorted(places, key=lambda one: one.id)
                    if place.kind == "user" and place.properties.get("limit") == limit.id
                ]
            else:
                named = {"escalate": limit.escalate, "then": limit.then}.get(word, (word,))
                above += [self._named(case, station) for station in named]
        if above and not any(self._sits(desk, day) for desk in above):
            standing_in = [self._named(case, station) for station in self.told["rules"]["vacant"]]
            above += [desk for desk in standing_in if self._sits(desk, day)][:1]
        return list(dict.fromkeys([*holders, *above]))

    def _named(self, case: Any, station: str) -> Desk:
        role, _, place = station.partition("@")
        return self._desk(case, role, place)

    def _desk(self, case: Any, role: str, place: str) -> Desk:
        row = self.book.roles[role]
        place = place or (row.level if row.kind == "government" else row.kind)
        return str(getattr(case, place)) if place in OF_A_CASE else f"{case.county[:6]}-{place}", role

    def _sits(self, desk: Desk, day: date) -> bool:
        return any(
            (seat.org, seat.role) == desk
            and seat.valid_from <= day
            and (seat.valid_to is None or seat.valid_to >= day)
            for seat in self.seats
        )


def stations(conn: Connection, book: Rulebook) -> Stations:
    """Read once for all cases."""
    seats = conn.execute(
        select(Seat.org, Seat.role, Seat.valid_from, Seat.valid_to)
        .join(Account, Account.id == Seat.account_id)
        .where(Account.active)
    ).all()
    return Stations(book, tomllib.loads(book.files["alerts.toml"].decode()), seats)
