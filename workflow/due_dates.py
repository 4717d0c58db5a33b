"""RF-35: due dates that were moved in the database, past the log (domain 5.3).

Every end of a clock stands in the log: with the step that started or stopped it, with an extension, with a
new calendar. What the tables say of clocks, steps and postings is held against that. Every running clock is
counted once more from its start, its pauses and its extension, so that neither its end nor its next warning
can be put off by hand. A timer ends when the state of its diagram says, which a replay holds against the log.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, exists, select

from audit.tables import audit_entry
from bpmn import Text
from workflow import engine
from workflow.cases import clocks as clockwork
from workflow.cases.kept_clocks import limits_of, ticking
from workflow.deadlines import SHANGHAI, Calendar, due
from workflow.house import House, read_calendar_of
from workflow.store.models import Alarm, CalendarProposal, Case, Clock, Posting, Task, Timer

BATCH: Final = 500
_SAID: Final = (b'"clocks"', b'"deadline_extended"', b'"deadline_recalculated"')
POSTED: Final = "D04"
TIMER: Final = "timer"
Dues = Mapping[str, Sequence[datetime]]


@dataclass(frozen=True, slots=True)
class Altered:
    """A date of a case that nothing in its log explains: of which limit, and what it says."""

    number: str
    limit: str
    what: Text

    def as_json(self) -> dict[str, str]:
        return {"case": self.number, "limit": self.limit, "zh": self.what.zh, "en": self.what.en}


def altered(
    house: House, conn: Connection, progress: Callable[[int, int], None] = lambda done, of: None
) -> list[Altered]:
    """All such dates, in the order of the cases' opening."""
    cases = conn.execute(
        select(Case.id, Case.number, Case.rulebook, Case.policy, Case.closed_at).order_by(
            Case.opened_at, Case.id
        )
    ).all()
    waiting = conn.scalar(
        select(exists().where(CalendarProposal.state == "released", CalendarProposal.recounted_at.is_(None)))
    )
    calendar = None if waiting else read_calendar_of(conn)  # until all are recounted, both ends are right
    found: list[Altered] = []
    for start in range(0, len(cases), BATCH):
        batch = {row.id: row for row in cases[start : start + BATCH]}
        found += _in(house, conn, batch, calendar)
        progress(min(start + BATCH, len(cases)), len(cases))
    return found


def _in(
    house: House, conn: Connection, cases: Mapping[UUID, Any], calendar: Calendar | None
) -> Iterator[Altered]:
    logged = _logged(conn, cases)
    clocks = conn.execute(select(Clock.__table__).where(Clock.case_id.in_(cases)).order_by(Clock.id)).all()
    tasks = conn.execute(
        select(Task.case_id, Task.name, Task.due_at, Task.done_at, Clock.limit_id, Clock.due_at.label("ends"))
        .join(Clock, Clock.id == Task.clock_id)
        .where(Task.case_id.in_(cases))
        .order_by(Task.case_id, Task.id)
    ).all()
    raised: dict[int, frozenset[str]] = {}
    for row in conn.execute(select(Alarm.clock_id, Alarm.level).where(Alarm.case_id.in_(cases))):
        raised[row.clock_id] = raised.get(row.clock_id, frozenset()) | {row.level}
    for clock in clocks:
        case = cases[clock.case_id]
        known = logged.get(clock.case_id, {}).get(clock.limit_id, ())
        if clock.due_at not in (known[-1:] if clock.stopped_at is None else known):
            yield Altered(case.number, clock.limit_id, _not_logged(clock.due_at, known))
        elif clock.stopped_at is None and calendar is not None:
            yield from _counted_anew(house, case, clock, raised.get(clock.id, frozenset()), calendar)
    for task in tasks:
        known = logged.get(task.case_id, {}).get(task.limit_id, ())
        if task.due_at not in ((task.ends,) if task.done_at is None else known):
            told = _not_logged(task.due_at, known)
            what = Text(f"环节“{task.name}”：{told.zh}", f"step “{task.name}”: {told.en}")
            yield Altered(cases[task.case_id].number, task.limit_id, what)
    yield from _postings(conn, cases, logged)
    yield from _timers(house, conn, cases)


def _postings(conn: Connection, cases: Mapping[UUID, Any], logged: Mapping[UUID, Dues]) -> Iterator[Altered]:
    """A posting hangs until the limit of its kind ends: not a day less, and nobody takes it down by hand."""
    rows = conn.execute(
        select(Posting.case_id, Posting.number, Posting.ends_at, Posting.taken_down_at)
        .where(Posting.case_id.in_(cases))
        .order_by(Posting.case_id, Posting.id)
    )
    for row in rows:
        known = logged.get(row.case_id, {}).get(POSTED, ())
        if row.ends_at not in (known[-1:] if row.taken_down_at is None else known):
            told = _not_logged(row.ends_at, known)
            what = Text(f"第{row.number}次公示：{told.zh}", f"posting {row.number}: {told.en}")
            yield Altered(cases[row.case_id].number, POSTED, what)


def _timers(house: House, conn: Connection, cases: Mapping[UUID, Any]) -> Iterator[Altered]:
    """The worker's list of timers against the state of the diagrams."""
    listed: dict[UUID, dict[int, datetime]] = {}
    for row in conn.execute(select(Timer.__table__).where(Timer.case_id.in_(cases))):
        listed.setdefault(row.case_id, {})[row.task_id] = row.due_at
    running = {case for case, row in cases.items() if row.closed_at is None} | listed.keys()
    states = conn.execute(select(Case.id, Case.engine).where(Case.id.in_(running)).order_by(Case.opened_at))
    for case_id, state in states:
        case, mine = cases[case_id], listed.get(case_id, {})
        wanted = engine.timers(house.rules(case.rulebook).model, state)
        for task in sorted(
            task for task in mine.keys() | wanted.keys() if mine.get(task) != wanted.get(task)
        ):
            told = _moments(mine.get(task), wanted.get(task))
            what = Text(
                f"数据库里的定时是{told[0]}，流程图的状态是{told[1]}",
                f"the database's timer stands at {told[0]}, that of the diagram's state at {told[1]}",
            )
            yield Altered(case.number, TIMER, what)


def _logged(conn: Connection, cases: Mapping[UUID, Any]) -> Mapping[UUID, Dues]:
    """case → limit → every end it has had by the log, in order."""
    rows = conn.execute(
        select(audit_entry.c.chain, audit_entry.c.bytes)
        .where(audit_entry.c.chain.in_(cases))
        .order_by(audit_entry.c.chain, audit_entry.c.seq)
    )
    found: dict[UUID, dict[str, list[datetime]]] = {}
    for chain, encoded in rows:
        if any(word in encoded for word in _SAID):
            for limit, end in _ends(orjson.loads(encoded)):
                found.setdefault(chain, {}).setdefault(limit, []).append(datetime.fromisoformat(end))
    return found


def _ends(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    told = entry["vars"]
    yield from ((limit, clock["due"]) for limit, clock in told.get("clocks", {}).items())
    if entry["type"] in ("deadline_extended", "deadline_recalculated"):
        yield told["limit"], told["until" if entry["type"] == "deadline_extended" else "due"]


def _counted_anew(
    house: House, case: Any, row: Any, raised: frozenset[str], calendar: Calendar
) -> Iterator[Altered]:
    terms = house.rules(case.rulebook).terms[case.policy or ""]
    clock = ticking(row, limits_of(house, row, case.policy, terms), raised)
    end, alarm = due(clock.run, calendar).at, clockwork.next_alarm(clock, calendar)
    if end != row.due_at:
        told = _moments(row.due_at, end)
        what = Text(
            f"数据库里的到期时间是{told[0]}，按起算日和停表重算是{told[1]}",
            f"the database says {told[0]}; counted from its start and pauses it ends {told[1]}",
        )
        yield Altered(case.number, row.limit_id, what)
    elif row.next_alarm_at != (alarm and alarm.at):
        told = _moments(row.next_alarm_at, alarm and alarm.at)
        what = Text(
            f"数据库里的下一次提醒是{told[0]}，按时限应是{told[1]}",
            f"the next warning stands at {told[0]} and should be {told[1]}",
        )
        yield Altered(case.number, row.limit_id, what)


def _not_logged(found: datetime | None, known: Sequence[datetime]) -> Text:
    now, then = _moments(found, known[-1] if known else None)
    return Text(
        f"数据库里的到期时间是{now}，日志里没有这个时间（日志最后写的是{then}）",
        f"the database says due {now}, which the log does not know (its last word is {then})",
    )


def _moments(*moments: datetime | None) -> list[str]:
    return ["—" if at is None else f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for at in moments]
