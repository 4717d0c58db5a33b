"""The legal clocks of a case: which run, stand still and stop after a step. Pure.

The open places of a case decide (properties in the diagram): a limit named by `limit` or
`runs_on` runs, one named by `pauses` stands still with the state as its legal reason
(domain 2.0, C-12), and a clock that nothing names any more has done its work. A place with
`pauses = "*"` lets every clock stand that is not its own.

A limit mostly runs from the step that opens it. Where the rule says otherwise (so many days after the
discharge, after the day of an instalment) the step says so in `since`, and the clock counts anew from there.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bpmn import Text
from workflow.deadlines import AlarmAt, Calendar, Limit, Outlook, Pause, Run, due, outlook
from workflow.engine import Open

Since = Mapping[str, datetime]
FROM_NOW: Final[Since] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ticking:
    """A clock of one case as the database keeps it. `id` is None before it is stored."""

    id: int | None
    run: Run
    raised: frozenset[str] = frozenset()
    stopped_at: datetime | None = None

    @property
    def limit_id(self) -> str:
        return self.run.limit.id

    @property
    def paused(self) -> bool:
        return bool(self.run.pauses) and self.run.pauses[-1].end is None

    def outlook(self, calendar: Calendar) -> Outlook:
        """When it ends, its first warning, and the next alarm that has not been raised."""
        return outlook(self.run, calendar, self.raised)


def started(limit: Limit, at: datetime) -> Ticking:
    return Ticking(None, Run(limit, at, ()))


def stopped(clock: Ticking, at: datetime) -> Ticking:
    return Ticking(clock.id, clock.run, clock.raised, at)


def resumed(clock: Ticking, at: datetime) -> Ticking:
    if not clock.paused:
        return clock
    last = clock.run.pauses[-1]
    return replace(clock, run=replace(clock.run, pauses=(*clock.run.pauses[:-1], replace(last, end=at))))


def paused(clock: Ticking, at: datetime, reason: Text) -> Ticking:
    if clock.paused:
        return clock
    return replace(clock, run=replace(clock.run, pauses=(*clock.run.pauses, Pause(at, None, reason))))


ALL = "*"


def names(places: Iterable[Open], key: str) -> dict[str, str]:
    """limit id → state of the place that names it."""
    return {
        limit: place.properties.get("state", "")
        for place in places
        for limit in place.properties.get(key, "").split()
    }


def after_step(
    clocks: Sequence[Ticking],
    places: Sequence[Open],
    limits: Mapping[str, Limit],
    reasons: Mapping[str, Text],
    at: datetime,
    since: Since = FROM_NOW,
) -> list[Ticking]:
    """The same clocks as they stand after the step, new ones included. `reasons`: state → legal reason;
    `since`: limit → the time it counts from, if that is not the step's.
    """
    running = {**names(places, "runs_on"), **names(places, "limit")}
    standing = names(places, "pauses")
    held: Set[str] = frozenset()  # would run, were it not that the whole case rests
    if ALL in standing:
        own = names((place for place in places if ALL in place.properties.get("pauses", "").split()), "limit")
        held = running.keys() - own.keys()
        standing = dict.fromkeys(held | standing.keys(), standing[ALL])
        running = own
    result = []
    for clock in clocks:
        if clock.limit_id in running.keys() & since.keys():
            result.append(stopped(clock, at))
        elif clock.limit_id in running:
            result.append(resumed(clock, at))
        elif clock.limit_id in standing:
            result.append(paused(clock, at, reasons[standing[clock.limit_id]]))
        else:
            result.append(stopped(clock, at))
    known = {clock.limit_id for clock in clocks} - since.keys()
    result.extend(started(limits[limit], since.get(limit, at)) for limit in running if limit not in known)
    result.extend(
        paused(started(limits[limit], since.get(limit, at)), at, reasons[standing[limit]])
        for limit in held
        if limit not in known
    )
    return result


def due_by(
    clocks: Sequence[Ticking],
    limits: Mapping[str, Limit],
    calendar: Calendar,
    at: datetime,
    limit_id: str,
    since: Since = FROM_NOW,
) -> datetime:
    """When a limit ends that runs from now on: the case's own clock resumed, or a new one."""
    if limit_id in since:
        return due(Run(limits[limit_id], since[limit_id], ()), calendar).at
    for clock in clocks:
        if clock.limit_id == limit_id:
            return due(resumed(clock, at).run, calendar).at
    return due(Run(limits[limit_id], at, ()), calendar).at


def run_out(clocks: Iterable[Ticking], calendar: Calendar, at: datetime) -> dict[str, datetime]:
    """The reminders that begin anew at `at`, for the time before has run out (domain 7.2 D33)."""
    return {
        clock.limit_id: at
        for clock in clocks
        if clock.run.limit.repeats and not clock.paused and due(clock.run, calendar).at <= at
    }


def next_alarm(clock: Ticking, calendar: Calendar) -> AlarmAt | None:
    """The first warning not yet raised; none while the clock stands still or has stopped."""
    return None if clock.stopped_at is not None else clock.outlook(calendar).next
