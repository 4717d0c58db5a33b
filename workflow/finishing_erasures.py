"""What two people have agreed to erase, where the pages' database user may not delete: a queue.

On PostgreSQL with separate users (`mingjian db grant`) only `mingjian_eraser` deletes sealed values. A
confirmation under another user waits here until a process of that user finishes it: `mingjian erasures
--finish`, or a worker started under it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, select

from audit.erasing import may_destroy
from workflow.actor import SYSTEM
from workflow.erasure_commands import FinishErasure
from workflow.errors import StepImpossible
from workflow.handle import handle
from workflow.house import House
from workflow.store.models import Case, Erasure
from workflow.store.prepared import Prepared

_QUEUE = Prepared(
    select(Erasure.id, Erasure.case_id, Case.number, Erasure.decided_at)
    .join(Case, Case.id == Erasure.case_id)
    .where(Erasure.state == "confirmed")
    .order_by(Erasure.decided_at, Erasure.id)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A confirmed erasure; `place` counts from 1, `since` is when it was confirmed."""

    place: int
    erasure_id: int
    case_id: UUID
    number: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Finished:
    """`left`: what cannot be erased now, and why."""

    done: Sequence[Waiting]
    left: Sequence[tuple[Waiting, StepImpossible]]


def queue(conn: Connection) -> list[Waiting]:
    """What waits, the oldest first."""
    return [
        Waiting(place, row.id, row.case_id, row.number, row.decided_at)
        for place, row in enumerate(_QUEUE.all(conn, {}), start=1)
    ]


def finish_all(house: House, at: datetime) -> Finished:
    """Erase all that waits, if this process's database user may; else leave everything as it is."""
    with house.reader.connect() as conn:
        waiting = queue(conn)
        able = bool(waiting) and may_destroy(conn)
    done, left = [], []
    for one in waiting if able else ():
        try:
            handle(house, SYSTEM, FinishErasure(one.case_id, one.erasure_id), at=at, request_id=uuid4().hex)
        except StepImpossible as error:
            left.append((one, error))
        else:
            done.append(one)
    return Finished(done, left)
