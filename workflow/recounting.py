"""After a calendar was released all running limits are counted anew (domain 7.1 item 6).

It starts again from the beginning after a kill: a limit that has moved does not move a second time. And
it is done once more when every process has seen the new table, so that none keeps a date of the old one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, update

from workflow.actor import SYSTEM
from workflow.commands import RecalculateDeadlines
from workflow.errors import StepImpossible
from workflow.handle import handle
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import CalendarProposal, Clock, table
from workflow.store.prepared import Prepared

PROPOSAL = table(CalendarProposal)
_WAITING = Prepared(
    select(PROPOSAL.c.id).where(
        PROPOSAL.c.state == "released",
        PROPOSAL.c.recounted_at.is_(None),
        PROPOSAL.c.decided_at <= bindparam("before"),
    )
)
SETTLED_AFTER: Final = timedelta(seconds=30)
"""By then every process has read the new table."""


def recount(house: House, progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Count all running limits anew on the calendar in force. Returns how many have moved."""
    house.forget_calendar()
    with house.reader.connect() as conn:
        clocks = conn.execute(select(Clock.id, Clock.case_id).where(Clock.stopped_at.is_(None))).all()
    moved = 0
    for number, row in enumerate(clocks, start=1):
        moved += _recount_one(house, row.case_id, row.id)
        progress(number, len(clocks))
    return moved


def _recount_one(house: House, case_id: UUID, clock_id: int) -> bool:
    try:
        command = RecalculateDeadlines(case_id, clock_id)
        handle(house, SYSTEM, command, at=house.now(), request_id=uuid4().hex)
    except StepImpossible:
        return False  # this limit ends when it did before
    return True


def recount_if_due(house: House, at: datetime) -> int:
    """The worker's part: after a release has settled everywhere, count everything once and say so."""
    with house.reader.connect() as conn:
        waiting = [row.id for row in _WAITING.all(conn, {"before": at - SETTLED_AFTER})]
    if not waiting:
        return 0
    moved = recount(house)
    with transaction(house.engine) as conn:
        conn.execute(update(PROPOSAL).where(PROPOSAL.c.id.in_(waiting)).values(recounted_at=at))
    return moved + 1  # the recount itself is something done, moved or not
