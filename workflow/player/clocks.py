"""The legal clocks of a case at each of its entries, worked out again from what the log holds.

Which clocks run, stand and stop follows from the open places, as it did in the office; the end of each stands
in the entry that moved it. Where a limit counts from another day than its step (a discharge, an instalment),
only the recorded end says so: then the recorded end is what is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bpmn import Text
from workflow import engine
from workflow.cases.clocks import Ticking, after_step
from workflow.deadlines import Calendar, Extension, Pause, Standing, due, standing
from workflow.rules import Rules


@dataclass(frozen=True, slots=True)
class ClockThen:
    """A clock right after an entry. `due`: the end the log holds; `why`: its count in Chinese, as recorded.

    `late`: it was stopped, or stood open, after its end.
    """

    ticking: Ticking
    due: datetime | None
    why: str
    moved: bool
    late: bool

    @property
    def limit_id(self) -> str:
        return self.ticking.limit_id

    @property
    def name(self) -> Text:
        return self.ticking.run.limit.name

    @property
    def stopped(self) -> bool:
        return self.ticking.stopped_at is not None

    @property
    def paused(self) -> bool:
        return self.ticking.paused and not self.stopped

    @property
    def pauses(self) -> tuple[Pause, ...]:
        return self.ticking.run.pauses

    def standing(self, calendar: Calendar, at: datetime) -> Standing | None:
        """Used, total and what is left at that moment; None where the recorded end says that the limit counts
        from another day than can be told from the log.
        """
        found = standing(self.ticking.run, calendar, at)
        return found if self.paused or self.due in (None, found.due.at) else None

    def recomputed(self, calendar: Calendar) -> datetime:
        """The end by this calendar."""
        return due(self.ticking.run, calendar).at


@dataclass(slots=True)
class Clocks:
    """The clocks of one case as far as its entries have been followed."""

    policy: str = ""
    ticking: list[Ticking] = field(default_factory=list)
    told: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def follow(
        self, entry: Mapping[str, Any], step: engine.Step | None, rules: Rules | None
    ) -> tuple[ClockThen, ...]:
        """The clocks after one entry, those that it stopped included. Without a step they go on as they are.

        Raises:
            LookupError: the rules do not know a limit that the case lives by.
        """
        given, at = entry["vars"], datetime.fromisoformat(entry["at_claimed"])
        self.policy = given.get("policy", self.policy)
        if entry["type"] == "deadline_extended" and given.get("units"):
            self._extend(given["limit"], Extension(at, given["units"]))
        after = self.ticking
        if step is not None and rules is not None:
            limits = rules.terms[self.policy].limits
            after = after_step(self.ticking, step.open, limits, rules.pause_reasons, at)
        moved = given.get("clocks") or {}
        for limit, one in moved.items():
            self.told[limit] = (datetime.fromisoformat(one["due"]), str(one.get("why", "")))
        worked = entry["type"] != "timer_fired"  # where a wait is over nobody is late
        found = tuple(self._then(clock, clock.limit_id in moved, at if worked else None) for clock in after)
        self.ticking = [clock for clock in after if clock.stopped_at is None]
        return found

    def _extend(self, limit: str, longer: Extension) -> None:
        self.ticking = [
            replace(one, run=replace(one.run, extension=longer)) if one.limit_id == limit else one
            for one in self.ticking
        ]

    def _then(self, clock: Ticking, moved: bool, at: datetime | None) -> ClockThen:
        ends, why = self.told.get(clock.limit_id, (None, ""))
        late = ends is not None and at is not None and at >= ends and not clock.paused
        return ClockThen(clock, ends, why, moved, late)
