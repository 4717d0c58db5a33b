"""Who acts: always an explicit argument, never a global of the request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person on one seat (person × organisation × role), or the system itself.

    `name` is for display only and never reaches the log. A substitute (SD-10) sits on a seat of the
    own account that `stands_for` another seat, whose holder's account is `on_behalf`.
    """

    account_id: int
    seat_id: int
    role: str
    org: str
    name: str = ""
    stands_for: int | None = None
    on_behalf: int | None = None

    @property
    def principal(self) -> str:
        """The one whose requests are remembered; stays the same when the seat changes."""
        return f"a{self.account_id}"


SYSTEM = Actor(account_id=0, seat_id=0, role="SYS", org="")
PUBLIC = Actor(account_id=0, seat_id=0, role="PUBLIC", org="")
