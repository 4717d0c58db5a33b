"""Timers that take the time of the command for now, instead of the wall clock (sharp edge 13)."""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
    TimerEventDefinition,
)

DUE = "event_value"
"""Where a waiting timer keeps when it is due."""


def _after(now: datetime, duration: str) -> datetime:
    """``now`` and an ISO 8601 duration, months by the calendar."""
    read = TimerEventDefinition.parse_iso_duration(duration)
    length: timedelta = TimerEventDefinition.get_timedelta_from_start(read, now)
    return now + length


class _FromCommand(TimerEventDefinition):
    """A timer that takes the time of the command for now. It has fired from the instant it is due."""

    def has_fired(self, my_task: Any) -> bool:
        value = my_task.internal_data.get(DUE)
        top = my_task.workflow.top_workflow
        if value is None:
            value = self._due(my_task, top.clock).astimezone(UTC).isoformat()
            my_task.internal_data[DUE] = value
        if datetime.fromisoformat(value) <= top.clock:
            my_task.internal_data["event_fired"] = True
        return bool(my_task.internal_data.get("event_fired", False))

    def _due(self, my_task: Any, now: datetime) -> datetime:
        value = my_task.workflow.script_engine.evaluate(my_task, self.expression)
        if not isinstance(value, datetime):
            value = self._read(str(value), now)
        if value.tzinfo is None:
            raise ValueError(f"a date without a time zone: {value.isoformat()}")
        return value

    def _read(self, text: str, now: datetime) -> datetime:
        raise NotImplementedError


class DateTimer(_FromCommand, TimeDateEventDefinition):
    """A timer with a date, or with ``due('D04')``."""

    @property
    def asks(self) -> bool:
        """Whether its date comes from the calendar, and so may move while it waits."""
        return "due(" in self.expression

    def _read(self, text: str, now: datetime) -> datetime:
        if text.upper().startswith("P"):
            return _after(now, text)
        return datetime.fromisoformat(text)


class DurationTimer(_FromCommand, DurationTimerEventDefinition):
    """A timer with an ISO 8601 duration, counted from the command that reached it."""

    def _read(self, text: str, now: datetime) -> datetime:
        return _after(now, text)


class CycleTimer(CycleTimerEventDefinition):
    """A timer that fires again and again. Our own diagrams may not use it."""

    def cycle_complete(self, my_task: Any) -> bool:
        now = my_task.workflow.top_workflow.clock
        value = my_task.internal_data.get("event_value")
        if value is None:
            text = my_task.workflow.script_engine.evaluate(my_task, self.expression)
            cycles, start, length = self._read(str(text), now)
            value = {"cycles": cycles, "next": start.isoformat(), "duration": length.total_seconds()}
        ready = False
        if value["cycles"] == 0:
            my_task.internal_data["event_fired"] = True
        elif (next_one := datetime.fromisoformat(value["next"])) <= now:
            length = timedelta(seconds=value["duration"])
            value = {**value, "next": (next_one + length).isoformat(), "cycles": value["cycles"] - 1}
            ready = True
        my_task.internal_data["event_value"] = value
        return ready

    def _read(self, text: str, now: datetime) -> tuple[int, datetime, timedelta]:
        if text.upper().replace("--", "/").count("/") > 1:
            cycles, start, length = self.parse_iso_recurring_interval(text)
            return cycles, start, length
        count, _, duration = text.upper().partition("/")
        first = _after(now, duration)
        return int(count.strip("R") or -1), first, first - now
