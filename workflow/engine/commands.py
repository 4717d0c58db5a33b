"""What can be told to a case, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Due = Callable[[str], datetime]


@dataclass(frozen=True, slots=True)
class Complete:
    """Complete the open task with this id."""

    task: int
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A BPMN message from outside, to whoever in the case waits for it."""

    name: str
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """A BPMN signal from outside."""

    name: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing but time has passed: fire the timers that are due."""


@dataclass(frozen=True, slots=True)
class Retime:
    """The calendar or a limit has changed: timers that asked for a due date ask again."""


Command = Complete | Message | Signal | Tick | Retime


@dataclass(frozen=True, slots=True)
class Open:
    """What the case waits for: a task for a person ("user"), or an event from outside ("wait").

    ``properties`` are those of the diagram with ``{name}`` replaced by the variable of that name.
    """

    id: int
    node: str
    process: str
    name: str
    kind: Literal["user", "wait"]
    lane: str | None
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TimerAt:
    """A timer that is running. ``due`` is in UTC."""

    task: int
    node: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to be done outside, in the order in which the diagram asked for it."""

    operator: str
    params: Mapping[str, object]
    node: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one command came to.

    ``path`` names the nodes passed as "process.node"; ``variables`` everything the case knows now; ``dues``
    the due dates that timers asked for, as ISO 8601 in UTC; ``ended`` the end event once the case is over;
    ``sent`` the messages and signals that nobody inside the case caught.
    """

    state: bytes
    open: tuple[Open, ...]
    timers: tuple[TimerAt, ...]
    effects: tuple[Effect, ...]
    path: tuple[str, ...]
    variables: Mapping[str, Any]
    dues: Mapping[str, str]
    ended: str | None
    sent: tuple[Message | Signal, ...] = ()


def no_dues(limit: str) -> datetime:
    """A ``Due`` for diagrams that ask for none. Raises ``LookupError``."""
    raise LookupError(f"no due date for {limit}")
