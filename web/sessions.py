"""Who is signed in: read anew for every request, so that a session dies with its account.

The cookie holds the account's number and its epoch (which rises with every change of password or
standing), the seat chosen, and when it was last used. Nothing in it is believed without the database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, g, session
from flask_login import LoginManager, UserMixin, login_user, logout_user
from sqlalchemy import Connection, Date, bindparam, select
from sqlalchemy.orm import aliased

from bpmn.text import Text
from web.here import house, now, polled
from workflow.deadlines import SHANGHAI
from workflow.register.seating import valid_on
from workflow.store.models import Account, Organisation, Seat, table
from workflow.store.prepared import Prepared

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
TOUCH = 60  # seconds between two writes of the cookie


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat as the pages show it; a substitute's says whom it stands for (SD-10)."""

    id: int
    org: str
    org_name: str
    role: str
    role_name: Text
    stands_for: int | None = None
    on_behalf: int | None = None
    absent: str = ""


_absent, _holder = aliased(Seat), aliased(Account)
_SEATS = Prepared(
    select(
        Seat.id,
        Seat.org,
        Organisation.name,
        Seat.role,
        Seat.substitute_for,
        _holder.id.label("on_behalf"),
        _holder.name.label("absent"),
    )
    .join(Organisation, Organisation.code == Seat.org)
    .outerjoin(_absent, _absent.id == Seat.substitute_for)
    .outerjoin(_holder, _holder.id == _absent.account_id)
    .where(Seat.account_id == bindparam("account"), *valid_on(bindparam("day", type_=Date())))
    .order_by(Seat.id)
)
_ACCOUNT = Prepared(select(table(Account)).where(Account.id == bindparam("account")))


@dataclass(frozen=True)
class Member(UserMixin):  # type: ignore[misc]
    """The person who is signed in, with the seats that are valid today."""

    account_id: int
    epoch: int
    login: str
    name: str
    language: str
    elder: bool
    demonstration: bool
    handed_out: bool
    seats: tuple[SeatView, ...]
    seat: SeatView | None

    def get_id(self) -> str:
        return f"{self.account_id}.{self.epoch}"


def _stamp(at: datetime) -> int:
    return int(at.timestamp())


def _alive(at: datetime) -> bool:
    seen, since = session.get("seen"), session.get("since")
    if not isinstance(seen, int) or not isinstance(since, int):
        return False
    age, idle = _stamp(at) - since, _stamp(at) - seen
    return idle <= IDLE.total_seconds() and age <= LONGEST.total_seconds()


def read_seats(connection: Connection, account_id: int, at: datetime) -> tuple[SeatView, ...]:
    """The seats of an account that are valid on that day, in the order of their numbers."""
    rows = _SEATS.all(connection, {"account": account_id, "day": at.astimezone(SHANGHAI).date()})
    return tuple(
        SeatView(
            row.id, row.org, row.name, row.role, role_name(row.role),
            row.substitute_for, row.on_behalf, row.absent or "",
        )
        for row in rows
    )  # fmt: skip


def role_name(code: str) -> Text:
    row = house().rules().rulebook.roles.get(code)
    return row.name if row is not None else Text(code, code)


def _load(token: str) -> Member | None:
    """The member a cookie speaks of, or None when account, epoch or time do not agree any more."""
    account, _, epoch = token.partition(".")
    if not (account.isdecimal() and epoch.isdecimal()) or not _alive(now()):
        return None
    with house().reader.connect() as connection:
        row = _ACCOUNT.first(connection, {"account": int(account)})
        if row is None or not row.active or row.epoch != int(epoch):
            return None
        seats = read_seats(connection, row.id, now())
    if not polled() and _stamp(now()) - session["seen"] >= TOUCH:
        session["seen"] = _stamp(now())
    chosen = session.get("seat")
    seat = next((seat for seat in seats if seat.id == chosen), None)
    return _member(row, seats, seat)


def _member(row: Any, seats: tuple[SeatView, ...], seat: SeatView | None) -> Member:
    return Member(
        row.id, row.epoch, row.login, row.name, row.language, row.elder, row.demonstration, row.handed_out,
        seats, seat,
    )  # fmt: skip


def begin(row: Any, seats: tuple[SeatView, ...]) -> None:
    """Start a session of its own for an account just proved; the old cookie's contents are gone."""
    session.clear()
    session["seen"] = session["since"] = _stamp(now())
    if len(seats) == 1:
        session["seat"] = seats[0].id
    login_user(_member(row, seats, None))
    g.pop("language", None)


def choose(seat: SeatView) -> None:
    session["seat"] = seat.id


def end() -> None:
    logout_user()
    session.clear()


def renew(account_id: int, epoch: int) -> None:
    """Keep this one session alive over a change of one's own password."""
    session["_user_id"] = f"{account_id}.{epoch}"


def last_account() -> int | None:
    """Whose session this was, if it has only run out; for giving back what was typed."""
    account = str(session.get("_user_id", "")).partition(".")[0]
    return int(account) if account.isdecimal() else None


def install(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # a phone changes its address while one types
    manager.user_loader(_load)
    manager.init_app(app)
