"""How people keep at their work: how long they let it lie, when they are away, and what they forget."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from workflow.deadlines import SHANGHAI, Calendar

Away = Mapping[tuple[str, str], tuple[date, date]]
"""Desk (office, role) → first and last day on which nobody works there."""
NOBODY: Away = {}
OFFICE = (8.5, 17.4)  # hours


@dataclass(frozen=True, slots=True)
class Manners:
    """`days`, `weights`: how many working days a step lies, mostly few, sometimes too many. `forgets`: the
    share of steps that nobody remembers before they are late, `never`: not even then. `in_time`: what is
    remembered is done before it is due.
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 5, 9)
    weights: tuple[int, ...] = (30, 30, 18, 12, 7, 3)
    forgets: float = 0.0
    never: float = 0.0
    in_time: bool = False

    def pace(self, random: Random) -> int:
        return random.choices(self.days, self.weights)[0]

    def lapse(self, random: Random) -> int | None:
        """0 for a step that is remembered in time; else working days after its end; None: never."""
        drawn = random.random()
        if drawn < self.never:
            return None
        return random.randint(1, 8) if drawn < self.never + self.forgets else 0


USUAL = Manners()
DILIGENT = Manners(days=(0, 1, 2, 3), weights=(35, 35, 20, 10), forgets=0.004, in_time=True)


@dataclass(frozen=True, slots=True)
class Officers:
    """Everybody who works in the county, with the calendar they work by."""

    calendar: Callable[[], Calendar]
    random: Random
    manners: Manners
    away: Away

    def office_time(self, day: date, working_days: int) -> datetime:
        """Some moment in office hours, so many working days after `day` (0: the next from it on)."""
        calendar = self.calendar()
        while not calendar.is_working(day):
            day += timedelta(days=1)
        for _ in range(working_days):
            day += timedelta(days=1)
            while not calendar.is_working(day):
                day += timedelta(days=1)
        hours = self.random.uniform(*OFFICE)
        return datetime.combine(day, time(), SHANGHAI) + timedelta(hours=hours)

    def moment(self, task: Any, now: datetime) -> datetime | None:
        """When somebody will do a step: in office hours, at their pace, not while the desk is empty."""
        lapse = self.manners.lapse(self.random)
        if lapse is None:
            return None
        moment = self.office_time(now.astimezone(SHANGHAI).date(), self.manners.pace(self.random))
        if lapse and task.due_at is not None:
            moment = max(moment, self.office_time(task.due_at.astimezone(SHANGHAI).date(), lapse))
        moment = max(moment, now + timedelta(minutes=self.random.randint(20, 300)))
        if self.manners.in_time:
            moment = self._in_office(moment)
        if self.manners.in_time and not lapse and task.due_at is not None and moment >= task.due_at > now:
            moment = self._before(task.due_at, now)
        gone, back = self.away.get((task.org, task.role), (date.max, date.max))
        if gone <= moment.astimezone(SHANGHAI).date() <= back:
            moment = self.office_time(back, 1)
        return moment

    def _in_office(self, moment: datetime) -> datetime:
        """The moment itself in office hours of a working day, else the next one that is."""
        here = moment.astimezone(SHANGHAI)
        hour = here.hour + here.minute / 60
        if hour < OFFICE[1] and self.calendar().is_working(here.date()):
            return moment if hour >= OFFICE[0] else self.office_time(here.date(), 0)
        return self.office_time(here.date() + timedelta(days=1), 0)

    def _before(self, due: datetime, now: datetime) -> datetime:
        """Between now and then; in office hours if there are any."""
        drawn = now + (due - now) * self.random.uniform(0.2, 0.8)
        moment = self.office_time(drawn.astimezone(SHANGHAI).date(), 0)
        return moment if now < moment < due else drawn
