"""The supervisor's board: open places of cases by township or village, by step, by who has to act.

What is counted is a place where a case stands, a person's step or a wait; a case that goes two ways at
once counts twice, since each way has its own limit and somebody else to press. So the three tables add up
to the same total, and every number is the length of its list (`workflow.reading.held`). The counts of
100,000 open places come in one pass over one narrow index, grouped in the index's own order.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Select, bindparam, false, func, select

from bpmn import Text
from workflow.actor import Actor
from workflow.house import House
from workflow.permissions import may, require
from workflow.reading.case_file import today
from workflow.reading.seats import ONE_SEAT, desk_code, people_at, post_name, seat_code, seat_number
from workflow.reading.worklist import condition
from workflow.store.models import Organisation, Task
from workflow.store.prepared import Prepared

By = Literal["place", "step", "holder"]
Column = Literal["overdue", "soon", "on_time", "paused"]
Level = Literal["township", "village", "step", "holder"]
Conditions = Sequence[ColumnElement[bool]]
BY: Final[tuple[By, ...]] = ("place", "step", "holder")
COLUMNS: Final[tuple[Column, ...]] = ("overdue", "soon", "on_time", "paused")
_COUNTED: Final[tuple[Column, ...]] = ("overdue", "soon", "paused")
WAIT: Final = "wait"
WAITS: Final = Text("等待，不用人办", "waits, nobody has to act")
VACANT: Final = Text("岗位空缺", "the seat is vacant")
STATEMENTS: Final = 512
"""So many statements are kept ready: one for what a reader sees and has chosen; the oldest go first."""
NOW: Final = bindparam("now", type_=Task.due_at.type)
_UNITS: Final = select(Organisation.code, Organisation.name).where(
    Organisation.code.in_(bindparam("codes", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader has chosen. Codes and numbers only, since it stands in the address.

    `township`: the table of places shows its villages. `place`: a township or village; `step`: its id in
    the diagrams; `holder`: a desk, a seat (`workflow.reading.seats`) or `wait`. The table of one kind
    leaves its own filter aside, so that one can go from line to line; the list obeys all of them.
    """

    by: By = "place"
    township: str = ""
    place: str = ""
    step: str = ""
    holder: str = ""
    column: Column = "overdue"

    @property
    def line(self) -> str:
        """The line of the table that the list is narrowed to; empty: all."""
        return str(getattr(self, self.by))

    def narrowed(self, code: str, column: Column) -> "Wanted":
        """The same table with the list behind one of its numbers."""
        chosen = {self.by: code}
        return replace(self, column=column, **chosen)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Line:
    """One township, village, step or desk. `note` says what else there is to it: the office and the post."""

    code: str
    name: Text
    numbers: Mapping[Column, int]
    note: Text | None = None

    @property
    def total(self) -> int:
        return sum(self.numbers.values())


@dataclass(frozen=True, slots=True)
class Board:
    """`level` says what the lines are; `total` adds them up."""

    level: Level
    lines: Sequence[Line]
    total: Line

    def number(self, wanted: Wanted) -> int:
        """How long the list is that was chosen."""
        if not wanted.line:
            return self.total.numbers[wanted.column]
        return sum(line.numbers[wanted.column] for line in self.lines if line.code == wanted.line)


@dataclass(frozen=True, slots=True)
class Sight:
    """Which open places somebody sees: those of an area, or of one desk alone."""

    area: str = ""
    org: str = ""
    role: str = ""

    def conditions(self, *, by_due: bool = False) -> tuple[ColumnElement[bool], ...]:
        if self.area:
            return (lies_in(self.area, by_due=by_due),)
        return (Task.org == self.org, Task.role == self.role)


def sight(actor: Actor) -> Sight:
    """What a reader of the board sees: the area of the office, or for a clerk only the own seat's work.

    Raises:
        NotAllowed: the board is not for this role.
    """
    grant = require(actor, "overdue_board", area=area_code(actor.org), met={"own_tasks"})
    if "own_tasks" in grant.conditions:
        return Sight(org=actor.org, role=actor.role)
    return Sight(area=area_code(actor.org))


def sees_others(actor: Actor) -> bool:
    """Whether a reader of the board sees more than the work of the own seat."""
    grant = may(actor.role, "overdue_board")
    return grant is not None and "own_tasks" not in grant.conditions


def area_code(org: str) -> str:
    """The place an office answers for; a county office's code is the county's six digits and its kind."""
    return f"{org[:6]}000000" if org[6:7] == "-" else org


def lies_in(place: str, *, by_due: bool = False) -> ColumnElement[bool]:
    """The open places of a county, township or village, by its 12-digit code.

    `by_due`: a page of them is wanted in the order of their due dates. To find all of a county by place and
    sort them costs a hundred times what the index of due dates costs, so that of places is kept out of it.
    """
    if len(place) != 12 or not place.isdecimal():
        return false()
    village: ColumnElement[str] = func.coalesce(Task.village, "") if by_due else Task.__table__.c.village
    for digits in (6, 9):
        if set(place[digits:]) == {"0"}:
            return village.between(place, place[:digits] + "9" * (12 - digits))
    return village == place


def chosen(
    seen: Sight, wanted: Wanted, *, but: By | None = None, by_due: bool = False
) -> list[ColumnElement[bool]]:
    """The filters as conditions on `Task`, but for one of them; `by_due` as for `lies_in`."""
    found = [Task.done_at.is_(None), *seen.conditions(by_due=by_due)]
    if wanted.township:
        found.append(lies_in(wanted.township))
    if wanted.place and but != "place":
        found.append(lies_in(wanted.place))
    if wanted.step and but != "step":
        found.append(Task.node == wanted.step)
    if wanted.holder and but != "holder":
        found += _held_by(wanted.holder)
    return found


def _held_by(holder: str) -> tuple[ColumnElement[bool], ...]:
    org, _, role = holder.partition(".")
    if holder == WAIT:
        return (Task.kind != "user",)
    if org == ONE_SEAT:
        seat = seat_number(holder)
        return (Task.kind == "user", false() if seat is None else Task.assigned_seat == seat)
    return (Task.kind == "user", Task.org == org, Task.role == role, Task.assigned_seat.is_(None))


def board(house: House, conn: Connection, actor: Actor, now: datetime, wanted: Wanted) -> Board:
    """The numbers of one table, the most overdue line first."""
    seen = sight(actor)
    rows = _counts(seen, replace(wanted, column="overdue")).all(conn, {"now": now})
    level: Level
    if wanted.by == "place":
        level = "village" if wanted.township or not area_code(actor.org).endswith("000000") else "township"
        lines = _places(conn, rows, level)
    elif wanted.by == "step":
        level, lines = "step", _steps(house, conn, rows, chosen(seen, wanted, but="step"))
    else:
        level, lines = "holder", _holders(house, conn, rows, now)
    lines.sort(key=lambda line: (-line.numbers["overdue"], -line.numbers["soon"], line.code))
    total: dict[Column, int] = {column: sum(line.numbers[column] for line in lines) for column in COLUMNS}
    return Board(level, lines, Line("", Text("合计", "Total"), total))


@lru_cache(STATEMENTS)
def _counts(seen: Sight, wanted: Wanted) -> Prepared:
    """The numbers of one table, for what somebody sees and has chosen."""
    where = chosen(seen, wanted, but=wanted.by)
    if wanted.by == "place":
        return Prepared(select(Task.village, *_columns()).where(*where).group_by(Task.village))
    keys = (Task.node,) if wanted.by == "step" else (Task.org, Task.role, Task.assigned_seat, Task.kind)
    return Prepared(_rolled_up(where, *keys))


def _columns() -> list[ColumnElement[int]]:
    counted = [func.count().filter(condition(column, NOW)).label(column) for column in _COUNTED]
    return [func.count().label("everything"), *counted]


def _rolled_up(where: Conditions, *keys: Any) -> Select[*tuple[Any, ...]]:
    """Counts by `keys`: grouped first by what the index is ordered by, then the few groups by the keys."""
    order = list(dict.fromkeys([Task.village, Task.node, *keys]))
    within = select(*order, *_columns()).where(*where).group_by(*order).subquery()
    sums = [func.sum(within.c[name]).label(name) for name in ("everything", *_COUNTED)]
    outer = [within.c[key.key] for key in keys]
    return select(*outer, *sums).group_by(*outer)


def _numbers(row: Any) -> dict[Column, int]:
    late, soon, paused = int(row.overdue), int(row.soon), int(row.paused)
    on_time = int(row.everything) - late - soon - paused
    return {"overdue": late, "soon": soon, "on_time": on_time, "paused": paused}


def _places(conn: Connection, rows: Sequence[Any], level: Level) -> list[Line]:
    found: dict[str, Counter[Column]] = {}
    for row in rows:
        code = row.village if level == "village" else f"{row.village[:9]}000"
        found.setdefault(code, Counter()).update(_numbers(row))
    return [_line(code, Text(name, name), found[code]) for code, name in _names(conn, found).items()]


def _names(conn: Connection, codes: Collection[str]) -> dict[str, str]:
    return {code: name for code, name in conn.execute(_UNITS, {"codes": sorted(codes)})}


def _steps(house: House, conn: Connection, rows: Sequence[Any], where: Conditions) -> list[Line]:
    names = {node.id: node.name for node in house.rules().model.nodes.values()}
    former = [row.node for row in rows if row.node not in names]
    if former:  # steps of rules that are no longer in force
        told = select(Task.node, func.max(Task.name)).where(*where, Task.node.in_(former))
        names |= {node: name for node, name in conn.execute(told.group_by(Task.node))}
    return [_line(row.node, Text(names[row.node], names[row.node]), _numbers(row)) for row in rows]


def _holders(house: House, conn: Connection, rows: Sequence[Any], now: datetime) -> list[Line]:
    mine = [row for row in rows if row.kind == "user"]
    desks = {(row.org, row.role) for row in mine if row.assigned_seat is None}
    seats = {row.assigned_seat for row in mine} - {None}
    people = people_at(conn, desks, seats, today(now))
    named = _names(conn, {row.org for row in mine})
    book = house.rules().rulebook
    lines, waiting = [], Counter[Column]()
    for row in rows:
        if row.kind != "user":
            waiting.update(_numbers(row))
            continue
        seat, post = row.assigned_seat, post_name(book, row.role)
        code = desk_code(row.org, row.role) if seat is None else seat_code(seat)
        place, names = named.get(row.org, row.org), people.get(code)
        who = VACANT if names is None else Text("、".join(names), ", ".join(names))
        note = Text(f"{place} · {post.zh}", f"{place} · {post.en}")
        lines.append(_line(code, who, _numbers(row), note))
    return [*lines, _line(WAIT, WAITS, waiting)] if waiting.total() else lines


def _line(code: str, name: Text, numbers: Mapping[Column, int], note: Text | None = None) -> Line:
    return Line(code, name, {column: numbers[column] for column in COLUMNS}, note)
