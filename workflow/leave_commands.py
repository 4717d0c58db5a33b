"""A seat goes on leave and somebody stands in (SD-10); taken by `workflow.handle`."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class TakeLeave:
    """From the first to the last day the holder of `substitute` sits on `seat_id` as well."""

    seat_id: int
    substitute: int
    first: date
    last: date
    reason: str


@dataclass(frozen=True, slots=True)
class EndLeave:
    """The holder is back before the last day, or does not go; `substitution` is the substitute's seat."""

    substitution: int


LeaveCommand = TakeLeave | EndLeave
