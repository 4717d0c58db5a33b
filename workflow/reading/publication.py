"""Where the published logs stand, as a supervisor has to know it: which witness is away since when, and what
is held up by that. Known on the machine that publishes; elsewhere nothing stands in these files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from audit.standing import NAMES, Standing, standing
from bpmn import Text
from workflow.house import House
from workflow.store.models import Outbox, Receipt


@dataclass(frozen=True, slots=True)
class Away:
    """A witness that was asked and did not sign. `reason` is what it answered, or how the call failed."""

    name: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log. `unpublished`: entries that are signed and that the quorum has not cosigned."""

    name: Text
    published: int | None
    unpublished: int
    witnesses: Sequence[tuple[str, str | None]]
    away: Sequence[Away]
    stopped: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Publication:
    """`decisions`: entries that decide or pay and have no receipt yet, so their letters carry none;
    `payments`: orders that do not leave the house before they have one.
    """

    logs: Sequence[LogLine]
    decisions: int
    payments: int

    @property
    def away(self) -> list[Away]:
        """Every witness that is away, with the earliest time in either log."""
        first: dict[str, Away] = {}
        for one in (one for log in self.logs for one in log.away):
            if one.name not in first or one.since < first[one.name].since:
                first[one.name] = one
        return list(first.values())

    @property
    def held_up(self) -> bool:
        """Whether entries wait for a quorum, or something has stopped a log."""
        return any(log.unpublished or log.stopped for log in self.logs)

    @property
    def well(self) -> bool:
        return not self.away and not self.held_up


def publication(house: House, conn: Connection) -> Publication:
    """Both logs of this house, and what waits for them."""
    out = Outbox.kind == "payment_order"
    unsent = select(func.count()).select_from(Outbox).where(out, Outbox.done_at.is_(None))
    waiting = select(func.count()).select_from(Receipt).where(Receipt.proof.is_(None))
    logs = [_line(one) for one in standing(house.home)]
    return Publication(logs, conn.scalar(waiting) or 0, conn.scalar(unsent) or 0)


def _line(log: Standing) -> LogLine:
    since = None if log.since is None else datetime.fromisoformat(log.since)
    return LogLine(
        name=Text(*NAMES[log.log]),
        published=log.published,
        unpublished=max(0, (log.signed or 0) - (log.published or 0)) if log.waiting else 0,
        witnesses=[(one.name, one.cosigned_at) for one in log.witnesses],
        away=[
            Away(one.name, datetime.fromisoformat(one.contact.bad_since), one.contact.reason)
            for one in log.witnesses
            if one.contact.bad_since is not None
        ],
        stopped=log.stopped,
        since=since,
    )
