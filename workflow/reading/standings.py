"""How the clocks of tasks stand: worked out from the rows of a list, with no query of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from workflow.cases.kept_clocks import limits_of, ticking
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


CLOCK: Final = (
    Clock.limit_id, Clock.started_at, Clock.pauses, Clock.extended_at, Clock.extended_by, Clock.stopped_at,
    Clock.rules, Case.rulebook, Case.policy,
)  # fmt: skip
"""What a list of tasks reads of their clocks, joined to each row, so that it knows how they stand."""


def standing_beside(house: House, row: Any, now: datetime) -> Standing | None:
    """How the clock of a task stands. `row`: the task's `id` and `clock_id`, and the columns of `CLOCK`."""
    if row.clock_id is None:
        return None
    limits = limits_of(house, row, row.policy, house.rules(row.rulebook).terms[row.policy or ""])
    return standing(ticking(row, limits).run, house.calendar(), row.stopped_at or now)
