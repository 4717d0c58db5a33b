"""To whom a warning has to go, as the data files say: written apart from `workflow.alerts.recipients`."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

import audit
from bpmn import Rulebook
from workflow.deadlines import Limit
from workflow.engine import Open
from workflow.store.models import Account, Seat

Desk = tuple[str, str, int | None]
"""Office and role, and the seat if it is for one alone."""
OF_A_CASE = ("village", "township", "county")


@dataclass(slots=True)
class Leave:
    """Somebody stands in from one day to another (SD-10), by the word of the log."""

    substitute: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Stations:
    """`told`: alerts.toml; `seats`: by office and role who has sat there, from when until when, substitutes
    too; `leaves`: what the log says of leaves, by seat.
    """

    book: Rulebook
    told: Mapping[str, Any]
    seats: Mapping[tuple[str, str], Sequence[Any]]
    leaves: Mapping[int, Sequence[Leave]]

    def desks(
        self,
        limit: Limit,
        level: str,
        case: Any,
        places: Sequence[Open],
        handed: Mapping[int, int],
        day: date,
    ) -> list[Desk]:
        """The holders of the open steps, those above, and who stands in where nobody sits above.

        `handed`: open step → the one seat it was handed to.
        """
        holders: list[Desk] = []
        above: list[Desk] = []
        for word in self.told["levels"][level]:
            if word == "holder":
                holders += [
                    self._seat(handed[place.id])
                    if place.id in handed
                    else self._desk(case, place.properties["role"], place.properties.get("office", ""))
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

    def substitutes(self, desk: Desk, day: date) -> frozenset[int]:
        """The accounts that have to be told that day instead of holders of the desk who are on leave."""
        return frozenset(
            leave.substitute
            for seat in self._held(desk, day)
            for leave in self.leaves.get(seat.id, ())
            if leave.first <= day <= leave.last
        )

    def strangers(self, desk: Desk, day: date) -> frozenset[int]:
        """The accounts that find the desk's messages that day and should not: no holder, nor in the log."""
        found = self._readers(desk, day)
        return found - {seat.account_id for seat in self._held(desk, day)} - self.substitutes(desk, day)

    def missed(self, desk: Desk, day: date) -> frozenset[int]:
        """The accounts that stand in by the word of the log and do not find the desk's messages."""
        return self.substitutes(desk, day) - self._readers(desk, day)

    def _readers(self, desk: Desk, day: date) -> frozenset[int]:
        return frozenset(seat.account_id for seat in self._of(desk, day))

    def _held(self, desk: Desk, day: date) -> Iterable[Any]:
        return (seat for seat in self._of(desk, day) if seat.substitute_for is None)

    def _of(self, desk: Desk, day: date) -> Iterable[Any]:
        return (
            seat
            for seat in self.seats.get(desk[:2], ())
            if desk[2] in {None, seat.id, seat.substitute_for}
            and seat.valid_from <= day
            and (seat.valid_to is None or seat.valid_to >= day)
        )

    def _named(self, case: Any, station: str) -> Desk:
        role, _, place = station.partition("@")
        return self._desk(case, role, place)

    def _desk(self, case: Any, role: str, place: str) -> Desk:
        row = self.book.roles[role]
        place = place or (row.level if row.kind == "government" else row.kind)
        return str(getattr(case, place)) if place in OF_A_CASE else f"{case.county[:6]}-{place}", role, None

    def _seat(self, number: int) -> Desk:
        seats = (seat for held in self.seats.values() for seat in held if seat.id == number)
        return next((seat.org, seat.role, seat.id) for seat in seats)

    def _sits(self, desk: Desk, day: date) -> bool:
        """Somebody holds a seat there; whether they are at work or on leave."""
        return any(self._held(desk, day))


def stations(conn: Connection, book: Rulebook) -> Stations:
    """Read once for all cases."""
    rows = conn.execute(
        select(Seat.id, Seat.account_id, Seat.org, Seat.role, Seat.valid_from, Seat.valid_to,
               Seat.substitute_for)
        .join(Account, Account.id == Seat.account_id)
        .where(Account.active)
    )  # fmt: skip
    seats: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        seats.setdefault((row.org, row.role), []).append(row)
    leaves = _leaves(stored.entry for stored in audit.entries(conn, audit.SYSTEM_CHAIN))
    return Stations(book, tomllib.loads(book.files["alerts.toml"].decode()), seats, leaves)


def _leaves(entries: Iterable[Mapping[str, Any]]) -> Mapping[int, Sequence[Leave]]:
    """Seat → the leaves that have been registered, each to the day on which it really ended."""
    found: dict[int, list[Leave]] = {}
    for entry in entries:
        facts = entry["vars"]
        if entry["type"] == "leave_registered":
            days = date.fromisoformat(facts["first"]), date.fromisoformat(facts["last"])
            found.setdefault(facts["seat"], []).append(Leave(facts["substitute"], *days))
        elif entry["type"] == "leave_ended":
            last = date.fromisoformat(facts["last"])
            of_it = [one for one in found[facts["seat"]] if one.substitute == facts["substitute"]]
            [one for one in of_it if one.last > last][-1].last = last
    return found
