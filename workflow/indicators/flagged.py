"""Red flags of a period, for the indicators about them."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import Connection, select

from workflow.deadlines import SHANGHAI
from workflow.indicators.measuring import Flagged, Period
from workflow.store.models import Flag


def flags_of(conn: Connection) -> Callable[[Period], Sequence[Flagged]]:
    """Asks for the flags that were first seen in a period; each period is asked for once."""
    known: dict[Period, Sequence[Flagged]] = {}

    def found(period: Period) -> Sequence[Flagged]:
        if period not in known:
            begin = datetime.combine(period.since, time(), SHANGHAI)
            end = datetime.combine(period.until + timedelta(days=1), time(), SHANGHAI)
            rows = conn.execute(
                select(Flag.id, Flag.case_id, Flag.township, Flag.conclusion).where(
                    Flag.first_seen >= begin, Flag.first_seen < end
                )
            )
            known[period] = [
                Flagged(row.id, row.case_id.hex if row.case_id else None, row.township, row.conclusion)
                for row in rows
            ]
        return known[period]

    return found
