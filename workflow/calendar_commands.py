"""A calendar of the year is put forward by one person and released by another; the work calendar is read from
outside. Taken by `workflow.handle`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProposeCalendar:
    """A table of special days, checked: (ISO day, whether it is a working day, name)."""

    file: str
    sha256: str
    source: str
    days: tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True, slots=True)
class ReleaseCalendar:
    """The second person lets the table count; running limits are counted anew."""

    proposal_id: int


@dataclass(frozen=True, slots=True)
class RejectCalendar:
    """Somebody else refuses it, or whoever put it forward takes it back."""

    proposal_id: int


@dataclass(frozen=True, slots=True)
class SubscribeCalendar:
    """Whoever sits on the seat will read its office's work calendar from outside; an older address ends."""


@dataclass(frozen=True, slots=True)
class EndSubscription:
    """The address that the seat has been given reads nothing any more."""


CalendarCommand = ProposeCalendar | ReleaseCalendar | RejectCalendar | SubscribeCalendar | EndSubscription
