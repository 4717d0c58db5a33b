"""A calendar arrives: one person puts the table forward, another releases it (SD-9). What follows for the
limits that run is done by `workflow.recounting`.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from bpmn import Text
from workflow.calendar_commands import ProposeCalendar, RejectCalendar, ReleaseCalendar
from workflow.cases.refusing import log_system
from workflow.cases.work import Handler, Work
from workflow.deadlines import Calendar, Filling, read_filling, rows_of
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.house import House, read_calendar_of
from workflow.permissions import refusal, require
from workflow.store.models import CalendarDay, CalendarProposal, CalendarYear, table

PROPOSAL = table(CalendarProposal)
LONGEST_SOURCE: Final = 120
SHORTEST_SOURCE: Final = 2


def read_table(house: House, content: bytes, file: str, source: str) -> ProposeCalendar:
    """Check a table against the calendar in force. Returns the command that puts it forward.

    Raises:
        CalendarRefused: every wrong row with its number and reason.
    """
    filling = read_filling(rows_of(content, file), house.calendar(), file)
    days = tuple((day.isoformat(), kind.working, kind.name) for day, kind in sorted(filling.days.items()))
    return ProposeCalendar(file[-120:], hashlib.sha256(content).hexdigest(), source.strip(), days)


def propose(work: Work, command: ProposeCalendar) -> Mapping[str, Any]:
    """Keep a table as a proposal.

    Raises:
        NotAllowed; AnswersRefused: no source; CalendarRefused: it does not fit the calendar any more.
    """
    require(work.actor, "propose_calendar")
    if not SHORTEST_SOURCE <= len(command.source) <= LONGEST_SOURCE:
        words = Text("依据的通知写2至120字，例如文号", "Name the notice in 2 to 120 characters")
        raise AnswersRefused([FieldFault("source", words)])
    filling = _filling(work.conn, command.file, command.days)
    years = sorted({day.year for day in filling.days})
    number = work.conn.scalar(
        insert(PROPOSAL).returning(PROPOSAL.c.id),
        {
            "source": command.source,
            "file": command.file,
            "sha256": command.sha256,
            "days": [list(day) for day in command.days],
            "years": years,
            "changed": len(filling.changed),
            "proposed_by": work.actor.account_id,
            "proposed_at": work.at,
            "state": "open",
        },
    )
    facts: dict[str, object] = {
        "years": years,
        "sha256": command.sha256,
        "proposal": number,
        "changed": len(filling.changed),
    }
    _log(work, "calendar_proposed", facts)
    return {"number": str(number)}


def release(work: Work, command: ReleaseCalendar) -> Mapping[str, Any]:
    """Let the table count, after checking it once more against the calendar of this moment.

    Raises:
        NotFound; NotAllowed (SD-9: one's own proposal); StepImpossible: decided already; CalendarRefused
    """
    require(work.actor, "release_calendar")
    row = _open(work, command.proposal_id)
    if row.proposed_by == work.actor.account_id:
        raise refusal("SD-9")
    filling = _filling(work.conn, row.file, row.days)
    put_in(work.conn, filling, row.source, work.at)
    _decide(work, row.id, "released")
    for year in sorted({day.year for day in filling.days}):
        facts: dict[str, object] = {
            "year": year,
            "digest": row.sha256,
            "proposal": row.id,
            "proposed_by": row.proposed_by,
            "released_by": work.actor.account_id,
        }
        _log(work, "calendar_released", facts)
    return {"number": str(row.id)}


def reject(work: Work, command: RejectCalendar) -> Mapping[str, Any]:
    """Whoever may release refuses it; whoever put it forward may take it back.

    Raises:
        NotFound, NotAllowed, StepImpossible
    """
    row = _open(work, command.proposal_id)
    mine = row.proposed_by == work.actor.account_id
    require(work.actor, "propose_calendar" if mine else "release_calendar")
    _decide(work, row.id, "withdrawn" if mine else "rejected")
    _log(work, "calendar_rejected", {"proposal": row.id})
    return {"number": str(row.id)}


HANDLERS: Mapping[type, Handler] = {
    ProposeCalendar: propose,
    ReleaseCalendar: release,
    RejectCalendar: reject,
}


def _filling(conn: Connection, file: str, days: Any) -> Filling:
    rows = [(1, ("day", "working", "name"))]
    rows += [(n, (day, "yes" if working else "no", name)) for n, (day, working, name) in enumerate(days, 2)]
    return read_filling(rows, read_calendar_of(conn), file)


def _open(work: Work, proposal_id: int) -> Any:
    row = work.conn.execute(
        select(PROPOSAL).where(PROPOSAL.c.id == proposal_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound()
    if row.state != "open":
        raise StepImpossible(Text("这份日历已经决定过了。", "This calendar has been decided on."))
    return row


def _decide(work: Work, proposal_id: int, state: str) -> None:
    work.conn.execute(
        update(PROPOSAL)
        .where(PROPOSAL.c.id == proposal_id)
        .values(state=state, decided_by=work.actor.account_id, decided_at=work.at)
    )


def _log(work: Work, kind: str, facts: dict[str, object]) -> None:
    log_system(work.house, work.conn, work.actor, kind, facts, work.at, work.request_id)


def put_in(conn: Connection, filling: Filling, source: str, at: datetime) -> None:
    """Write the days and years of a filling."""
    conn.execute(delete(CalendarDay).where(CalendarDay.day.in_(filling.days)))
    conn.execute(
        insert(CalendarDay),
        [{"day": day, "working": kind.working, "name": kind.name} for day, kind in filling.days.items()],
    )
    for year in sorted(filling.years):
        conn.execute(insert(CalendarYear), {"year": year, "source": source, "imported_at": at})


def missing_year(calendar: Calendar, today: date) -> int | None:
    """The year whose notice should be there by now: this one, or from November on the next."""
    for year in (today.year, today.year + (today.month >= 11)):
        if year not in calendar.years:
            return year
    return None
