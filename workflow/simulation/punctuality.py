"""How punctual the steps of a year were."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from workflow.store.models import Clock, Task

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Punctuality:
    """One step under one limit. `late` were done after their end; `open_late` are not done and past it;
    `hours`: how long those that were done lay open, the median and the time nine of ten did not exceed.
    """

    node: str
    name: str
    limit: str
    done: int
    late: int
    open: int
    open_late: int
    median_hours: float
    p90_hours: float

    @property
    def on_time(self) -> float:
        """The share of those that are done or past their end that was in time."""
        judged = self.done + self.open_late
        return (self.done - self.late) / judged if judged else 1.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "on_time": round(self.on_time, 4)}


def punctuality(conn: Connection, now: datetime) -> list[Punctuality]:
    """Of each step that people do under a limit, the least punctual first."""
    rows = conn.execute(
        select(Task.node, Task.name, Clock.limit_id, Task.opened_at, Task.due_at, Task.done_at)
        .join(Clock, Clock.id == Task.clock_id)
        .where(Task.kind == "user", Task.due_at.is_not(None))
    )
    steps: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for row in rows:
        steps[row.node, row.name, row.limit_id].append(row)
    found = [_of(*step, tasks, now) for step, tasks in steps.items()]
    return sorted(found, key=lambda one: (one.on_time, one.node))


def whole(steps: Sequence[Punctuality]) -> float:
    """The share of all steps that was in time, as `Punctuality.on_time` has it."""
    judged = sum(step.done + step.open_late for step in steps)
    return sum(step.done - step.late for step in steps) / judged if judged else 1.0


def _of(node: str, name: str, limit: str, tasks: Sequence[Any], now: datetime) -> Punctuality:
    done = [task for task in tasks if task.done_at is not None]
    waiting = [task for task in tasks if task.done_at is None]
    hours = sorted((task.done_at - task.opened_at) / HOUR for task in done) or [0.0]
    return Punctuality(
        node, name, limit, len(done), sum(task.done_at >= task.due_at for task in done),
        len(waiting), sum(task.due_at <= now for task in waiting),
        round(hours[(len(hours) - 1) // 2], 1), round(hours[-(-len(hours) * 9 // 10) - 1], 1),
    )  # fmt: skip
