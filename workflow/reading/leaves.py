"""Leaves and substitutes as pages show them (SD-10), and the exceptions of small offices (SD-11)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from audit.tables import audit_key, audit_vault
from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.deadlines import SHANGHAI, months_later
from workflow.house import House
from workflow.reading.cases import area_of
from workflow.reading.seats import post_name
from workflow.reading.worklist import mine as open_work
from workflow.register.seating import valid_on
from workflow.store.models import Account, Assignment, Case, InboxMessage, Organisation, Seat, Task
from workflow.substituting import REASONS

PAGE = 200


@dataclass(frozen=True, slots=True)
class Leave:
    """`id` is the substitute's seat."""

    id: int
    seat: int
    office: str
    post: Text
    holder: str
    substitute: str
    first: date
    last: date
    reason: Text


def leaves(
    conn: Connection, book: Rulebook, today: date, *, account: int | None = None, county: str = ""
) -> list[Leave]:
    """What has not ended: of one account's seats, or of a whole county (the first six digits of its code)."""
    absent, holder, substitute = aliased(Seat), aliased(Account), aliased(Account)
    mine: ColumnElement[bool] = absent.account_id == account
    if account is None:
        mine = absent.org.startswith(county, autoescape=True)
    rows = conn.execute(
        select(
            Seat.id, absent.id.label("seat"), Seat.role, Seat.valid_from, Seat.valid_to, Seat.reason,
            Organisation.name.label("office"), holder.name.label("holder"),
            substitute.name.label("substitute"),
        )
        .join(absent, absent.id == Seat.substitute_for)
        .join(holder, holder.id == absent.account_id)
        .join(substitute, substitute.id == Seat.account_id)
        .join(Organisation, Organisation.code == Seat.org)
        .where(mine, Seat.valid_to >= today, Seat.valid_to >= Seat.valid_from)
        .order_by(Seat.valid_from, Seat.id)
        .limit(PAGE)
    )  # fmt: skip
    return [
        Leave(
            row.id, row.seat, row.office, post_name(book, row.role), row.holder, row.substitute,
            row.valid_from, row.valid_to, REASONS.get(row.reason, Text(row.reason or "", row.reason or "")),
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeatLine:
    id: int
    holder: str
    post: Text


def seats_at(conn: Connection, book: Rulebook, org: str, today: date) -> list[SeatLine]:
    """The seats of an office whose holder can be sent on leave."""
    rows = conn.execute(
        select(Seat.id, Seat.role, Account.name)
        .join(Account, Account.id == Seat.account_id)
        .where(Seat.org == org, Seat.substitute_for.is_(None), Account.active, *valid_on(today))
        .order_by(Seat.id)
    )
    return [SeatLine(row.id, row.name, post_name(book, row.role)) for row in rows]


def offices(conn: Connection, county: str) -> Sequence[Any]:
    """Code and name of every office of a county where somebody sits."""
    held = select(Seat.org).where(Seat.substitute_for.is_(None))
    return conn.execute(
        select(Organisation.code, Organisation.name)
        .where(Organisation.code.startswith(county, autoescape=True), Organisation.code.in_(held))
        .order_by(Organisation.code)
    ).all()


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies at a seat: open steps and unread lines."""

    tasks: int
    unread: int


def waiting(conn: Connection, seats: Collection[int]) -> dict[int, Waiting]:
    """Stand-in seat → what lies there for the substitute; two questions for any number of seats."""
    mine = and_(
        *open_work(Seat.org, Seat.role),
        or_(Task.assigned_seat.is_(None), Task.assigned_seat.in_((Seat.id, Seat.substitute_for))),
    )  # fmt: skip
    lines = and_(
        InboxMessage.org == Seat.org, InboxMessage.role == Seat.role, InboxMessage.read_at.is_(None),
        or_(InboxMessage.seat_id.is_(None), InboxMessage.seat_id.in_((Seat.id, Seat.substitute_for))),
    )  # fmt: skip
    wanted = Seat.id.in_(seats)
    tasks = conn.execute(select(Seat.id, func.count()).join(Task, mine).where(wanted).group_by(Seat.id))
    unread = conn.execute(
        select(Seat.id, func.count()).join(InboxMessage, lines).where(wanted).group_by(Seat.id)
    )
    open_tasks = {seat: number for seat, number in tasks}
    new_lines = {seat: number for seat, number in unread}
    return {seat: Waiting(open_tasks.get(seat, 0), new_lines.get(seat, 0)) for seat in seats}


@dataclass(frozen=True, slots=True)
class Exempted:
    """SD-11: a step that the county gave to somebody of another township, and why."""

    case_id: UUID
    number: str
    step: str
    from_office: str
    to_office: str
    to_person: str
    by: str
    at: datetime
    reason: str


def exceptions(house: House, conn: Connection, actor: Actor, month: date) -> list[Exempted]:
    """The exceptions of one month in the reader's area, oldest first, with the words of the supervisor."""
    start, end = (datetime.combine(day, time(), SHANGHAI) for day in (month, months_later(month, 1)))
    home, away, by, who = aliased(Organisation), aliased(Organisation), aliased(Account), aliased(Account)
    rows = conn.execute(
        select(
            Assignment.case_id, Assignment.seq, Assignment.at, Case.number, Task.name.label("step"),
            home.name.label("home"), away.name.label("away"), who.name.label("who"), by.name.label("by"),
        )
        .join(Case, Case.id == Assignment.case_id)
        .join(Task, and_(Task.case_id == Assignment.case_id, Task.id == Assignment.task_id))
        .join(Seat, Seat.id == Assignment.seat_id)
        .join(home, home.code == Assignment.from_org)
        .join(away, away.code == Seat.org)
        .join(who, who.id == Seat.account_id)
        .join(by, by.id == Assignment.by)
        .where(Assignment.exception, Assignment.at >= start, Assignment.at < end, area_of(actor.org))
        .order_by(Assignment.at, Assignment.id)
        .limit(PAGE)
    ).all()  # fmt: skip
    words = _words(house, conn, [(row.case_id, row.seq) for row in rows])
    return [
        Exempted(
            row.case_id, row.number, row.step, row.home, row.away, row.who, row.by, row.at,
            words.get((row.case_id, row.seq), ""),
        )
        for row in rows
    ]  # fmt: skip


def _words(house: House, conn: Connection, places: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], str]:
    """The sealed words of several entries, opened in one question; what was erased is left out."""
    rows = conn.execute(
        select(audit_vault.c.chain, audit_vault.c.seq, audit_key.c.wrapped, audit_vault.c.nonce,
               audit_vault.c.sealed)
        .join(audit_key, audit_key.c.chain == audit_vault.c.chain)
        .where(tuple_(audit_vault.c.chain, audit_vault.c.seq).in_(places))
    )  # fmt: skip
    opened = {(row.chain, row.seq): house.vault.unseal(*row) for row in rows}
    return {place: str(values["reassign_words"][1]) for place, values in opened.items()}
