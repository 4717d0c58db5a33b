"""The cases behind a way, by number alone: what a supervisor or inspector opens next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.conformance.runs import Chosen
from workflow.conformance.ways import Way
from workflow.reading.cases import PAGE
from workflow.reading.paging import page_of
from workflow.store.models import Case, Organisation


@dataclass(frozen=True, slots=True)
class WayCase:
    """One case without its person."""

    id: UUID
    number: str
    township: str
    state: Text
    opened_at: datetime
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class WayCases:
    lines: Sequence[WayCase]
    page: int
    pages: int


def cases_of(conn: Connection, rulebook: Rulebook, way: Way, page: int) -> WayCases:
    """One page of the cases of a way, which the reader was allowed to see when it was found."""
    at = page_of(way.count, page, PAGE)
    ids = sorted(way.cases)[at.skip : at.skip + PAGE]
    rows = conn.execute(
        select(Case.id, Case.number, Case.state, Case.opened_at, Case.closed_at, Organisation.name)
        .join(Organisation, Organisation.code == Case.township)
        .where(Case.id.in_(ids))
        .order_by(Case.closed_at.desc(), Case.id)
    )
    states = rulebook.states
    lines = [
        WayCase(
            row.id, row.number, row.name,
            states[row.state].name if row.state in states else Text(row.state, row.state),
            row.opened_at, row.closed_at,
        )
        for row in rows
    ]  # fmt: skip
    return WayCases(lines, at.number, at.pages)


def flows_ended(conn: Connection, actor: Actor, since: date, until: date) -> Mapping[str, int]:
    """Flow → how many of its cases ended in the period, the most first. Raises NotAllowed."""
    found = {}
    where = Chosen("", since, until).where(actor, any_flow=True)
    rows = conn.execute(select(Case.flow, func.count().label("n")).where(*where).group_by(Case.flow))
    for row in sorted(rows, key=lambda row: (-row.n, row.flow)):
        found[row.flow] = row.n
    return found
