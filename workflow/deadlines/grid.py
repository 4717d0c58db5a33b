"""The days of a limit as weeks of cells, each with what it did to the count."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from bpmn.text import Text
from workflow.deadlines.calendar import Calendar
from workflow.deadlines.ending import Due
from workflow.deadlines.running import Run, Track, local_day

Kind = Literal["outside", "start", "counted", "makeup", "paused", "rest", "due", "late"]

MAKE_UP: Final = Text("班", "make-up")
REST: Final = Text("休", "rest")
HOLIDAY: Final = Text("节", "holiday")
STOPPED: Final = Text("停", "stopped")
DUE: Final = Text("到期", "due")
TODAY: Final = Text("今天", "today")
LATE_WEEKS: Final = 4  # how far the grid goes on after the end; a limit can be late by years


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day. `number`: which day of the limit it is (for `late`: of the delay), if it counts.

    `label` holds everything that stands in the cell beside the date, as text. `today` can be true
    of any kind.
    """

    day: date
    label: Text | None
    kind: Kind
    number: int | None
    today: bool


def weeks_of(
    run: Run, calendar: Calendar, track: Track, end: Due, event: Text, now: datetime
) -> tuple[tuple[DayCell, ...], ...]:
    """Whole weeks, Monday first, from the start to the end; while the clock stands or late: to today."""
    grid = _Grid(run, calendar, track, end, event, local_day(now))
    first = track.start - (track.start - 1) % 7
    last = grid.last + 6 - (grid.last - 1) % 7
    mondays = range(first, last, 7)
    return tuple(tuple(grid.cell(day) for day in range(monday, monday + 7)) for monday in mondays)


class _Grid:
    def __init__(self, run: Run, calendar: Calendar, track: Track, end: Due, event: Text, today: int) -> None:
        self.calendar, self.track, self.event, self.today = calendar, track, event, today
        self.unit, self.amount = run.limit.unit, run.amount
        self.numbered = self.unit != "h" and run.limit.on is None
        self.end = end.day.toordinal()
        last = track.nth(self.unit, self.amount) if self.numbered else self.end
        given_back = any(low == last for low, _ in track.gaps)
        # Only the day that brings the count to its end has a number, not a day that it moved on to.
        self.end_number = self.amount if self.numbered and (last == self.end or given_back) else None
        stopped = run.standing_since
        self.stopped = None if stopped is None else max(local_day(stopped.start), track.start)
        if self.stopped is not None:
            self.last = max(today, self.stopped)
        else:
            self.last = max(self.end, min(today, self.end + 7 * LATE_WEEKS))

    def cell(self, ordinal: int) -> DayCell:
        day = date.fromordinal(ordinal)
        kind, number = self.kind(ordinal)
        parts: list[Text] = []
        if number is not None:
            late = Text(f"超{number}", f"late {number}")
            parts.append(late if kind == "late" else Text(f"{number}", f"{number}"))
        if kind == "start":
            parts.append(self.event)
        elif kind == "makeup":
            parts.append(MAKE_UP)
        elif kind == "paused":
            parts.append(STOPPED)
        elif kind == "due":
            parts.append(DUE)
        elif kind in ("rest", "outside") and not self.calendar.is_working(day):
            parts.append(REST if self.calendar.special(day) is None else HOLIDAY)
        if ordinal == self.today:
            parts.append(TODAY)
        label = Text(" ".join(part.zh for part in parts), " ".join(part.en for part in parts))
        return DayCell(day, label if parts else None, kind, number, ordinal == self.today)

    def kind(self, ordinal: int) -> tuple[Kind, int | None]:
        if ordinal < self.track.start or ordinal > self.last:
            return "outside", None
        if ordinal == self.end and self.stopped is None:
            return "due", self.end_number
        if ordinal == self.track.start:
            return "start", None
        if not self.numbered:
            return ("counted" if ordinal < self.end else "outside"), None
        if not self.track.span(self.unit, ordinal - 1, ordinal):
            return "rest", None
        if self.covered(ordinal):
            return "paused", None
        return self.counted(ordinal)

    def covered(self, ordinal: int) -> bool:
        """Whether a pause covers the day, or took the last day away on which it began."""
        if self.stopped is not None and ordinal > self.stopped:
            return True
        given_back = ordinal < self.end and self.track.counted(self.unit, ordinal) >= self.amount
        return any(low < ordinal <= high or (ordinal == low and given_back) for low, high in self.track.gaps)

    def counted(self, ordinal: int) -> tuple[Kind, int | None]:
        if ordinal > self.end and self.stopped is None:
            return "late", self.track.counted(self.unit, ordinal, after=self.end)
        number = self.track.counted(self.unit, ordinal)
        if number > self.amount:  # the end has moved on from a rest day
            return "rest", None
        made_up = self.unit == "wd" and self.calendar.is_make_up(date.fromordinal(ordinal))
        return ("makeup" if made_up else "counted"), number
