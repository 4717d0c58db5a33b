"""What a finding can be pinned to: an entry of a case, the others beside it, its papers, whom to ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from audit import entries
from workflow.actor import Actor
from workflow.findings.offices import Office, asked_by_default, offices_of
from workflow.house import House
from workflow.permissions import require
from workflow.reading.case_row import read_case
from workflow.reading.said import Reader
from workflow.reading.timeline import Event, event_of, names_of, rules_then
from workflow.store.models import Paper, table

PAPER = table(Paper)


@dataclass(frozen=True, slots=True)
class Pinning:
    """`events`: all entries of the case; `event`: the one meant. `office`: whom it goes to unless said."""

    row: Any
    events: Sequence[Event]
    event: Event
    offices: Sequence[Office]
    office: str
    papers: Sequence[Any]


def pinning(house: House, conn: Connection, actor: Actor, case_id: UUID, number: int) -> Pinning:
    """What the form of a finding at entry `number` (from 1; beyond the ends the nearest) has to show.

    Raises:
        NotFound, NotAllowed
    """
    row = read_case(conn, case_id)
    require(actor, "make_finding", row.village)
    events = events_of(house, conn, case_id, row.rulebook)
    place = min(max(1, number), len(events)) - 1
    doer = next(one.entry["actor"] for one in entries(conn, case_id) if one.seq == place)
    papers = conn.execute(select(PAPER).where(PAPER.c.case_id == case_id).order_by(PAPER.c.id)).all()
    offices = offices_of(conn, row)
    return Pinning(row, events, events[place], offices, asked_by_default(row, str(doer["org"])), papers)


def events_of(
    house: House, conn: Connection, case_id: UUID, rulebook: str, wanted: Sequence[int] | None = None
) -> list[Event]:
    """Entries of a case as its log tells them in clear: all, or the wanted ones in that order."""
    rules = house.rules(rulebook)
    reader = Reader(sealed=False, objections=False)
    stored = {one.seq: one for one in entries(conn, case_id) if wanted is None or one.seq in wanted}
    decoded = {seq: one.entry for seq, one in stored.items()}
    names = names_of(conn, {entry["actor"]["id"] for entry in decoded.values()})
    return [
        event_of(rules_then(house, decoded[seq], rules), stored[seq], decoded[seq], {}, names, reader)
        for seq in (sorted(stored) if wanted is None else wanted)
        if seq in stored
    ]
