"""A calendar arrives: the table grows, the log says so, running limits are counted anew."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import delete, insert, select

from workflow.actor import SYSTEM
from workflow.cases.refusing import log_system
from workflow.commands import RecalculateDeadlines
from workflow.deadlines import read_filling, rows_of
from workflow.errors import StepImpossible
from workflow.handle import handle
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import CalendarDay, CalendarYear, Clock


@dataclass(frozen=True, slots=True)
class CalendarImported:
    """New years, days that changed, and how many running limits have moved."""

    years: tuple[int, ...]
    changed: int
    moved: int


def import_calendar(
    house: House, file: Path, source: str, progress: Callable[[int, int], None] = lambda done, of: None
) -> CalendarImported:
    """Take over a table of special days, whole or not at all.

    Args:
        source: the notice it comes from; kept with each year.

    Raises:
        CalendarRefused: every wrong row with its number and reason.
    """
    filling = read_filling(rows_of(file.read_bytes(), file.name), house.calendar(), file.name)
    at = house.now()
    with transaction(house.engine) as conn:
        conn.execute(delete(CalendarDay).where(CalendarDay.day.in_(filling.days)))
        conn.execute(
            insert(CalendarDay),
            [{"day": day, "working": kind.working, "name": kind.name} for day, kind in filling.days.items()],
        )
        for year in sorted(filling.years):
            conn.execute(insert(CalendarYear), {"year": year, "source": source, "imported_at": at})
        for year in sorted({day.year for day in filling.days}):
            log_system(house, conn, SYSTEM, "calendar_released", {"year": year}, at, uuid4().hex)
    house.forget_calendar()
    return CalendarImported(tuple(sorted(filling.years)), len(filling.changed), _recount(house, progress))


def _recount(house: House, progress: Callable[[int, int], None]) -> int:
    with house.reader.connect() as conn:
        clocks = conn.execute(select(Clock.id, Clock.case_id).where(Clock.stopped_at.is_(None))).all()
    moved = 0
    for number, row in enumerate(clocks, start=1):
        try:
            command = RecalculateDeadlines(row.case_id, row.id)
            handle(house, SYSTEM, command, at=house.now(), request_id=uuid4().hex)
            moved += 1
        except StepImpossible:
            pass  # this limit ends when it did before
        progress(number, len(clocks))
    return moved
