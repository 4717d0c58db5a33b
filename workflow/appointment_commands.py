"""Who sits where is changed by administrators: two give a seat or a password, one takes away (SD-8); taken by
`workflow.handle`.
"""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class ProposeSeat:
    """Put forward that somebody sits at an office as `role`. `name` counts only where the login is new."""

    login: str
    name: str
    org: str
    role: str
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class ConfirmSeat:
    """The second administrator: the seat is given. `password_hash`: a new account's first password."""

    appointment_id: int
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefuseSeat:
    """The second administrator does not agree, or whoever proposed it takes it back."""

    appointment_id: int


@dataclass(frozen=True, slots=True)
class EndSeat:
    """The last day on which somebody sits there; yesterday: from now on no more."""

    seat_id: int
    last: date


@dataclass(frozen=True, slots=True)
class SetStanding:
    """Disable an account, which ends its sessions, or enable it again."""

    account_id: int
    active: bool


@dataclass(frozen=True, slots=True)
class ProposePassword:
    """Somebody has forgotten the password: put forward that it be replaced."""

    account_id: int


@dataclass(frozen=True, slots=True)
class ConfirmPassword:
    """The second administrator: the password is replaced by the one of this hash, and handed over."""

    reset_id: int
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefusePassword:
    """The second administrator does not agree, or whoever proposed it takes it back."""

    reset_id: int


AppointmentCommand = (
    ProposeSeat
    | ConfirmSeat
    | RefuseSeat
    | EndSeat
    | SetStanding
    | ProposePassword
    | ConfirmPassword
    | RefusePassword
)
