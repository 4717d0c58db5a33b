"""The supervisors of a simulated county: some of what is about to run out gets more time, with a letter; some
of what is late is handed to one seat, of another township where the office has nobody else (SD-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import Row, bindparam, select

from workflow.cases import eligibility
from workflow.cases.extending import supervisor_of
from workflow.cases.handing_over import SMALL_OFFICE, offers
from workflow.deadlines import SHANGHAI
from workflow.demo.simulate import County
from workflow.demo.staff import Post
from workflow.store.models import Case, Clock, Task
from workflow.store.prepared import Prepared
from workflow.supervisor_commands import ExtendDeadline, Reassign

LOOKS_AT = time(10, 30)
SOON = timedelta(days=2)
EXTENDS = 0.12
"""The share of what ends within `SOON` that is extended on one day."""
LATELY = timedelta(days=7)
HANDS_OVER = 0.6
"""On so many days one of the steps that ran out within `LATELY` is handed to one seat."""
ALONE = "这个环节超期未办，请接手的同志抓紧办理。"
REASONS: Mapping[str, str] = {
    "complex": "有一项收入需要到务工单位再核实一次。",
    "away": "户主在外务工，约好返乡以后再上门。",
    "data_late": "其他部门的核对结果还没有送到。",
    "many_cases": "近期申请集中，办理人员正在逐件核实。",
}
_SOON = Prepared(
    select(
        Clock.id, Clock.limit_id, Clock.case_id, Case.rulebook, Case.policy, Task.org,
    )
    .join(Case, Case.id == Clock.case_id)
    .join(Task, Task.clock_id == Clock.id)
    .where(
        Clock.stopped_at.is_(None), Clock.extended_at.is_(None), Clock.next_alarm_at.is_not(None),
        Clock.due_at > bindparam("now"), Clock.due_at <= bindparam("soon"),
        Task.done_at.is_(None), Task.kind == "user",
    )
    .order_by(Case.number, Clock.limit_id, Task.id)
)  # fmt: skip
_LATE = Prepared(
    select(Task.case_id, Task.id, Task.org)
    .join(Case, Case.id == Task.case_id)
    .where(
        Task.done_at.is_(None), Task.kind == "user", Task.assigned_seat.is_(None),
        Task.due_at <= bindparam("now"), Task.due_at > bindparam("lately"),
    )
    .order_by(Case.number, Task.id)
)  # fmt: skip


@dataclass
class Overseers:
    """Everybody who presses. `extended`: how many limits they have made longer."""

    county: County
    random: Random
    away: Mapping[tuple[str, str], tuple[date, date]]
    extended: int = 0

    def plan(self, first: date, last: date) -> None:
        """They look on every working day."""
        calendar = self.county.house.calendar()
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if calendar.is_working(day):
                self.county.at(datetime.combine(day, LOOKS_AT, SHANGHAI), partial(self._look, day))

    def _look(self, day: date) -> None:
        now = self.county.clock.at
        with self.county.house.reader.connect() as conn:
            rows = _SOON.all(conn, {"now": now, "soon": now + SOON})
            late = _LATE.all(conn, {"now": now, "lately": now - LATELY})
        for row in {row.id: row for row in reversed(rows)}.values():  # of several steps the first
            if self.random.random() < EXTENDS:
                self._extend(row, day)
        if late and self.random.random() < HANDS_OVER:
            self._hand_over(self.random.choice(late), day)

    def _extend(self, row: Row[Any], day: date) -> None:
        most = self.county.house.rules(row.rulebook).terms[row.policy].limits[row.limit_id].extension
        supervisor = self._supervisor(row.org, day)
        if most == 0 or supervisor is None:
            return
        reason = self.random.choice(sorted(REASONS))
        answers = {"extension_units": str(self.random.randint(1, most)), "extension_reason": reason,
                   "extension_words": REASONS[reason]}  # fmt: skip
        self.county.hands.give(supervisor.actor, ExtendDeadline(row.case_id, row.id, answers))
        self.extended += 1

    def _hand_over(self, row: Row[Any], day: date) -> None:
        """To somebody who may do the step, as the page offers them; to nobody where it offers none."""
        office = row.org if "-" in row.org else f"{row.org[:6]}-msb"
        supervisor = self._supervisor(office, day)
        if supervisor is None:
            return
        case, step = self.county.hands.look(row.case_id, row.id)
        with self.county.house.reader.connect() as conn:
            acts = eligibility.acts_of_all(conn, [case])[case.id]
            facts = eligibility.facts(self.county.house.rules(case.rulebook), case, step, acts, None)
            offer = offers(conn, supervisor.actor, [step], {(case.id, step.id): facts}, day)[case.id, step.id]
        if not offer.seats:
            return
        answers = {"reassign_reason": SMALL_OFFICE if offer.elsewhere else "slow", "reassign_words": ALONE}
        seat = self.random.choice(offer.seats)
        self.county.hands.give(supervisor.actor, Reassign(case.id, step.id, seat.id, answers))

    def _supervisor(self, office: str, day: date) -> Post | None:
        """Who is there of those that answer for the office: its own supervisor, else the bureau's."""
        own = supervisor_of(office)
        for desk in ((own.org, own.role), (f"{office[:6]}-msb", own.role)):
            gone, back = self.away.get(desk, (date.max, date.max))
            there = self.county.posts.get(desk)
            if there and not gone <= day <= back:
                return there[0]
        return None
