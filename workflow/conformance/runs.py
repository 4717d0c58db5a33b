"""The steps of many cases, read in one pass: nothing is asked once per case."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, String, literal_column, select, type_coerce

from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.permissions import require
from workflow.reading.board import area_code
from workflow.reading.cases import area_of
from workflow.store.models import Account, Assignment, Case, Task

_WALKED: Final[Any] = literal_column(
    "string_agg(task.process || ',' || task.node || ',' || task.state, ';' ORDER BY task.id)"
)
_TIMES: Final[Any] = literal_column(
    "string_agg(CAST(task.opened_at AS TEXT) || ',' || COALESCE(CAST(task.done_at AS TEXT), ''), ';'"
    " ORDER BY task.id)"
)
"""The database strings each case's steps together: half a million rows would cost more than the work."""
_WITHOUT: Final = 0
"""The number of steps outside any posting, as the lists are numbered from 1."""


class Step(NamedTuple):
    """A step of a diagram; `posting`: the list (1, 2, 3 …) that hung last when the case came there."""

    process: str
    node: str
    posting: int


Times = tuple[datetime, datetime | None]
"""When a case came to a step and when it left it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Cases of one flow that ended from one day to another, both included; `officer` did a step of them."""

    flow: str
    since: date
    until: date
    township: str = ""
    officer: int | None = None

    def where(self, actor: Actor, *, any_flow: bool = False) -> list[ColumnElement[bool]]:
        """As conditions on `Case`, within the reader's area. Raises NotAllowed."""
        require(actor, "view_conformance", area=area_code(actor.org))
        found = [
            area_of(actor.org),
            Case.closed_at >= _midnight(self.since),
            Case.closed_at < _midnight(self.until + timedelta(days=1)),
        ]
        if not any_flow:
            found.append(Case.flow == self.flow)
        if self.township:
            found.append(Case.township == self.township)
        if self.officer is not None:
            found.append(Case.id.in_(select(Task.case_id).where(Task.done_account == self.officer)))
        return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


@dataclass(slots=True)
class Run:
    """One case: when it was at each of its steps, in the order in which it came to them. `attempts`: somebody
    tried something in it that a rule forbids.
    """

    id: UUID
    outcome: str
    reassigned: bool
    attempts: bool
    times: list[Times] = field(default_factory=list)

    @property
    def lasted(self) -> timedelta:
        """From the first step to the end of the last."""
        ends = [done for _, done in self.times if done is not None]
        return max(ends) - self.times[0][0] if ends else timedelta()


Runs = Mapping[tuple[Step, ...], Sequence[Run]]
"""The steps in their order → the cases that went exactly there."""


def read_runs(
    conn: Connection, actor: Actor, chosen: Chosen, attempts: Collection[str] = frozenset()
) -> Runs:
    """All chosen cases by their sequence of steps. Three queries, whatever their number.

    Args:
        attempts: cases (hex) in which an attempt was refused, for readers of the log of reads.

    Raises:
        NotAllowed
    """
    where = chosen.where(actor)
    moved = set(
        conn.scalars(_of_cases(select(_key(Assignment.case_id)).distinct(), Assignment.case_id, where))
    )
    cases = {
        key: Run(id_, outcome or "", key in moved, id_.hex in attempts)
        for key, id_, outcome in conn.execute(select(_key(Case.id), Case.id, Case.outcome).where(*where))
    }
    rows = conn.execute(
        _of_cases(select(_key(Task.case_id), _WALKED, _TIMES), Task.case_id, where).group_by(Task.case_id)
    )
    known: dict[str, tuple[Step, ...]] = {}
    found: dict[tuple[Step, ...], list[Run]] = {}
    for key, walked, times in rows:
        run = cases.get(key)
        if run is not None:
            run.times += map(_times, times.split(";"))
            steps = known.get(walked) or known.setdefault(walked, tuple(_steps(walked)))
            found.setdefault(steps, []).append(run)
    return found


def _steps(walked: str) -> Iterator[Step]:
    """The steps of one sequence, each with the list that hung last."""
    posting = _WITHOUT
    for place in walked.split(";"):
        process, node, state = place.split(",")
        if state.startswith("NOTICE_"):
            posting = int(state[7:])
        yield Step(process, node, posting)


def _times(told: str) -> Times:
    opened, done = told.split(",")
    return datetime.fromisoformat(opened), datetime.fromisoformat(done) if done else None


def _key(column: Any) -> Any:
    """An id as the driver gives it: only compared, never read."""
    return type_coerce(column, String)


def _of_cases(query: Select[Any], column: Any, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return query.join(Case, Case.id == column).where(*where)


def officers(conn: Connection, actor: Actor, chosen: Chosen) -> Sequence[tuple[int, str]]:
    """Who did a step of the chosen cases, for the filter: (account, name)."""
    anybody = Chosen(chosen.flow, chosen.since, chosen.until, chosen.township)
    rows = conn.execute(
        select(Account.id, Account.name)
        .where(Account.id.in_(
            select(Task.done_account).join(Case, Case.id == Task.case_id).where(*anybody.where(actor))
        ))
        .order_by(Account.name, Account.id)
    )  # fmt: skip
    return [(row.id, row.name) for row in rows]
