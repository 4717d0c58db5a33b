"""How the clocks of many tasks stand, worked out together: one query, whatever the number of rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from workflow.cases.keeping import limits_of, ticking
from workflow.deadlines import Explanation, Limit, Run, Standing, explain, standing
from workflow.house import House
from workflow.store.models import Case, Clock


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock of a case as a page shows it. `explanation` only where the page unfolds it."""

    id: int
    limit: Limit
    standing: Standing
    started_at: datetime
    stopped_at: datetime | None
    run: Run
    explanation: Explanation | None = None

    @property
    def running(self) -> bool:
        return self.stopped_at is None


def clock_view(
    house: House, row: Any, limits: Mapping[str, Limit], now: datetime, *, tell: bool = False
) -> ClockView:
    """One clock from its row; a clock that has stopped is shown as it stood then."""
    run = ticking(row, limits).run
    at = row.stopped_at or now
    calendar = house.calendar()
    return ClockView(
        id=row.id,
        limit=run.limit,
        standing=standing(run, calendar, at),
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        run=run,
        explanation=explain(run, calendar, at, run.limit.event) if tell else None,
    )


def standings(
    house: House, conn: Connection, clock_ids: Iterable[int | None], now: datetime
) -> dict[int, Standing]:
    """Clock id → how it stands, for the clocks of a page of tasks."""
    wanted = {clock_id for clock_id in clock_ids if clock_id is not None}
    if not wanted:
        return {}
    rows = conn.execute(
        select(Clock.__table__, Case.rulebook, Case.policy)
        .join(Case, Case.id == Clock.case_id)
        .where(Clock.id.in_(wanted))
    )
    calendar = house.calendar()
    found = {}
    for row in rows:
        limits = limits_of(house, row, row.policy, house.rules(row.rulebook).terms[row.policy or ""])
        found[row.id] = standing(ticking(row, limits).run, calendar, row.stopped_at or now)
    return found
