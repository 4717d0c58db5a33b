"""The last twelve months of an office's cases: opened, ended, ended late. Months are those of Shanghai."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select

from bpmn import Rulebook
from workflow.actor import Actor
from workflow.deadlines import SHANGHAI
from workflow.permissions import require
from workflow.reading.board import area_code
from workflow.reading.cases import CaseList, area_of, listed
from workflow.store.models import Case, Task

What = Literal["opened", "ended", "late"]
WHAT: Final[tuple[What, ...]] = ("opened", "ended", "late")
MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Month:
    """`code` as it stands in an address: 2026-11. A case ended late if any step of it did."""

    code: str
    begin: datetime
    end: datetime
    opened: int = 0
    ended: int = 0
    late: int = 0


def months(now: datetime) -> list[Month]:
    """The month of `now` and the eleven before it, without their numbers."""
    local = now.astimezone(SHANGHAI)
    last = local.year * 12 + local.month - 1
    starts = [
        datetime(number // 12, number % 12 + 1, 1, tzinfo=SHANGHAI)
        for number in range(last - MONTHS + 1, last + 2)
    ]
    return [Month(f"{begin:%Y-%m}", begin, end) for begin, end in pairwise(starts)]


def within(actor: Actor) -> ColumnElement[bool]:
    """The cases of the office's area.

    Raises:
        NotAllowed: only whoever watches others sees how they have done.
    """
    require(actor, "overdue_board", area=area_code(actor.org))
    return area_of(actor.org)


def trends(conn: Connection, actor: Actor, now: datetime) -> Sequence[Month]:
    """The numbers of the last twelve months, the oldest first."""
    area, span = within(actor), months(now)
    opened = _by_month(conn, span, select(Case.opened_at.label("at")).where(area))
    ended = select(Case.closed_at.label("at"), _late().label("late")).where(area)
    closed = _by_month(conn, span, ended)
    return [
        Month(
            month.code, month.begin, month.end,
            opened.get(place, (0, 0))[0], *closed.get(place, (0, 0)),
        )
        for place, month in enumerate(span)
    ]  # fmt: skip


def _by_month(conn: Connection, span: list[Month], rows: Any) -> dict[int, tuple[int, int]]:
    """Place of the month in `span` → how many rows there were, and how many of them late."""
    found = rows.subquery()
    number = case(*((found.c.at < month.end, place) for place, month in enumerate(span))).label("month")
    late = func.count(case((found.c.late, 1))) if "late" in found.c else func.count()
    counted = select(number, func.count().label("all"), late.label("late"))
    of_the_year = and_(found.c.at >= span[0].begin, found.c.at < span[-1].end)
    return {
        row.month: (row.all, row.late) for row in conn.execute(counted.where(of_the_year).group_by(number))
    }


def _late() -> ColumnElement[bool]:
    """Somebody did a step of it after its limit (RF-02 a). A posting that has hung to its end is not late."""
    return exists().where(Task.case_id == Case.id, Task.kind == "user", Task.done_at >= Task.due_at)


def cases_of(
    conn: Connection, rulebook: Rulebook, actor: Actor, month: Month, what: What, page: int = 1
) -> CaseList:
    """The cases behind one number, the newest first."""
    at = Case.opened_at if what == "opened" else Case.closed_at
    where = [within(actor), at >= month.begin, at < month.end, *([_late()] if what == "late" else [])]
    return listed(conn, rulebook, select(Case.id).where(*where), page)
