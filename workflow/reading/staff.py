"""Who sits where, as administrators and inspectors see it (domain 6.1): seats, accounts, what is proposed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.orm import aliased

from bpmn import Rulebook, Text
from workflow.reading.seats import post_name
from workflow.register.seating import valid_on
from workflow.store.models import Account, Appointment, Organisation, PasswordReset, Seat


@dataclass(frozen=True, slots=True)
class Held:
    """A seat with its holder. `stands_for`: whose seat a substitute sits on. `lonely`: nobody else holds this
    post of the office today. `proposed_by`, `confirmed_by`: the administrators who gave it; None: it was
    given on the server.
    """

    id: int
    account: int
    login: str
    holder: str
    active: bool
    office: str
    post: Text
    first: date
    last: date | None
    stands_for: str | None
    lonely: bool
    proposed_by: str | None
    confirmed_by: str | None

    def begins_after(self, day: date) -> bool:
        return self.first > day

    def ended_before(self, day: date) -> bool:
        return self.last is not None and self.last < day


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the county."""

    id: int
    login: str
    name: str
    active: bool
    made_at: datetime
    seats: Sequence[Held]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposed seat. `new`: the account is made with it."""

    id: int
    account: int | None
    login: str
    name: str
    office: str
    post: Text
    first: date
    last: date | None
    by_account: int
    by: str
    at: datetime

    @property
    def new(self) -> bool:
        return self.account is None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A password that is proposed to be replaced."""

    id: int
    account: int
    login: str
    name: str
    by_account: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the county; a village bears its township's name before its own."""

    code: str
    name: str
    level: str
    kind: str


def seats_at(conn: Connection, book: Rulebook, org: str, today: date) -> list[Held]:
    """The seats of an office that have not ended, those that begin later too."""
    return _held(conn, book, today, Seat.org == org, or_(Seat.valid_to.is_(None), Seat.valid_to >= today))


def person(conn: Connection, book: Rulebook, account: int, county: str, today: date) -> Person | None:
    """One who holds or held a seat in the county (the first six digits of its code), or None."""
    row = conn.execute(select(Account.__table__).where(Account.id == account)).one_or_none()
    held = _held(conn, book, today, Seat.account_id == account, Seat.org.startswith(county, autoescape=True))
    if row is None or not held:
        return None
    return Person(row.id, row.login, row.name, row.active, row.created_at, held)


def waiting(conn: Connection, book: Rulebook, county: str) -> list[Waiting]:
    """What waits for a second administrator, oldest first."""
    proposer = aliased(Account)
    rows = conn.execute(
        select(Appointment.__table__, Organisation.name.label("office"), proposer.name.label("proposer"))
        .join(Organisation, Organisation.code == Appointment.org)
        .join(proposer, proposer.id == Appointment.proposed_by)
        .where(Appointment.state == "open", Appointment.org.startswith(county, autoescape=True))
        .order_by(Appointment.id)
    )
    return [
        Waiting(
            row.id, row.account_id, row.login, row.name, row.office, post_name(book, row.role),
            row.valid_from, row.valid_to, row.proposed_by, row.proposer, row.proposed_at,
        )
        for row in rows
    ]  # fmt: skip


def forgotten(conn: Connection, county: str) -> list[Forgotten]:
    """Passwords that wait for a second administrator, oldest first."""
    proposer = aliased(Account)
    here = select(Seat.account_id).where(Seat.org.startswith(county, autoescape=True))
    rows = conn.execute(
        select(PasswordReset.__table__, Account.login, Account.name, proposer.name.label("proposer"))
        .join(Account, Account.id == PasswordReset.account_id)
        .join(proposer, proposer.id == PasswordReset.proposed_by)
        .where(PasswordReset.state == "open", PasswordReset.account_id.in_(here))
        .order_by(PasswordReset.id)
    )
    return [
        Forgotten(row.id, row.account_id, row.login, row.name, row.proposed_by, row.proposer, row.proposed_at)
        for row in rows
    ]


def places(conn: Connection, county: str, today: date) -> list[Place]:
    """Every unit of a county that is there today: offices, county, townships with their villages."""
    above = aliased(Organisation)
    rows = conn.execute(
        select(Organisation.__table__, above.name.label("township"))
        .outerjoin(above, above.code == Organisation.parent)
        .where(Organisation.code.startswith(county, autoescape=True), *valid_on(today, Organisation))
        .order_by(Organisation.kind == "government", Organisation.code)
    )
    return [
        Place(
            row.code, f"{row.township}{row.name}" if row.level == "village" else row.name, row.level, row.kind
        )
        for row in rows
    ]


def posts_of(book: Rulebook, place: Place) -> Mapping[str, Text]:
    """The roles that can sit there."""
    return {code: row.name for code, row in book.roles.items() if (place.level, place.kind) in row.sits_at}


def _held(conn: Connection, book: Rulebook, today: date, *wanted: Any) -> list[Held]:
    absent, holder, other, other_account = aliased(Seat), aliased(Account), aliased(Seat), aliased(Account)
    proposer, confirmer = aliased(Account), aliased(Account)
    others = (
        select(func.count())
        .select_from(other)
        .join(other_account, other_account.id == other.account_id)
        .where(
            other.org == Seat.org, other.role == Seat.role, other.id != Seat.id,
            other.substitute_for.is_(None), other_account.active, *valid_on(today, other),
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = conn.execute(
        select(
            Seat.id, Seat.account_id, Seat.role, Seat.valid_from, Seat.valid_to, Account.login, Account.name,
            Account.active, Organisation.name.label("office"), holder.name.label("stands_for"),
            others.label("others"), proposer.name.label("proposer"), confirmer.name.label("confirmer"),
        )
        .join(Account, Account.id == Seat.account_id)
        .join(Organisation, Organisation.code == Seat.org)
        .outerjoin(absent, absent.id == Seat.substitute_for)
        .outerjoin(holder, holder.id == absent.account_id)
        .outerjoin(Appointment, Appointment.seat_id == Seat.id)
        .outerjoin(proposer, proposer.id == Appointment.proposed_by)
        .outerjoin(confirmer, confirmer.id == Appointment.decided_by)
        .where(*wanted, or_(Seat.valid_to.is_(None), Seat.valid_to >= Seat.valid_from))
        .order_by(Seat.role, Seat.id)
    )  # fmt: skip
    return [
        Held(
            row.id, row.account_id, row.login, row.name, row.active, row.office, post_name(book, row.role),
            row.valid_from, row.valid_to, row.stands_for, row.stands_for is None and not row.others,
            row.proposer, row.confirmer,
        )
        for row in rows
    ]  # fmt: skip
