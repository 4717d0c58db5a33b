"""Seats: where a person sits, person × organisation × role with dates (domain 6). Nothing is logged here."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.orm import aliased

from bpmn.tables import RoleRow
from workflow import permissions
from workflow.actor import Actor
from workflow.errors import AnswersRefused, FieldFault
from workflow.register.seating import valid_on
from workflow.store.models import Account, Organisation, Seat


def seats_of(conn: Connection, account_id: int, on: date) -> tuple[Actor, ...]:
    """The seats an active account holds on a day, first and last day included."""
    absent = aliased(Seat)
    rows = conn.execute(
        select(
            Seat.id, Seat.role, Seat.org, Account.name, Seat.substitute_for,
            absent.account_id.label("on_behalf"),
        )
        .join(Account, Account.id == Seat.account_id)
        .outerjoin(absent, absent.id == Seat.substitute_for)
        .where(Account.id == account_id, Account.active, *valid_on(on))
        .order_by(Seat.id)
    )  # fmt: skip
    return tuple(
        Actor(account_id, row.id, row.role, row.org, row.name, row.substitute_for, row.on_behalf)
        for row in rows
    )


def give_seat(
    conn: Connection,
    account_id: int,
    org: str,
    role: str,
    *,
    roles: Mapping[str, RoleRow],
    valid_from: date,
    valid_to: date | None = None,
    substitute_for: int | None = None,
    reason: str | None = None,
) -> int:
    """Put a person on a seat and say its number; the same seat on the same days is not given twice.

    A substitute (SD-10) needs an end and a reason.

    Raises:
        AnswersRefused: no such role or office, the role does not sit there, dates or reason are wrong.
        NotAllowed: SD-4 or SD-8, one account cannot hold these roles together.
    """
    if substitute_for is not None and not (valid_to and reason):
        raise AnswersRefused.at(
            "reason", "代班须写明截止日期和理由", "A substitute needs a last day and a reason"
        )
    held = held_as(
        conn, account_id, org, role,
        roles=roles, valid_from=valid_from, valid_to=valid_to, substitute_for=substitute_for,
    )  # fmt: skip
    if held is not None:
        return held
    row = {
        "account_id": account_id, "org": org, "role": role, "valid_from": valid_from, "valid_to": valid_to,
        "substitute_for": substitute_for, "reason": reason,
    }  # fmt: skip
    return int(conn.execute(insert(Seat).values(row).returning(Seat.id)).scalar_one())


def held_as(
    conn: Connection,
    account_id: int | None,
    org: str,
    role: str,
    *,
    roles: Mapping[str, RoleRow],
    valid_from: date,
    valid_to: date | None,
    substitute_for: int | None = None,
) -> int | None:
    """The number of this very seat if the person holds it on these days, None if it can be given.

    `account_id`: None for somebody who has no account yet.

    Raises:
        AnswersRefused, NotAllowed: it cannot be given, as `give_seat` says.
    """
    fault = seat_fault(conn, org, role, roles)
    if fault is not None:
        raise AnswersRefused([fault])
    if valid_to is not None and valid_to < valid_from:
        raise AnswersRefused.at("valid_to", "失效日期早于生效日期", "The last day is before the first")
    held = conn.execute(
        select(Seat.id, Seat.org, Seat.role, Seat.valid_from, Seat.valid_to, Seat.substitute_for).where(
            Seat.account_id == account_id, or_(Seat.valid_to.is_(None), Seat.valid_to >= valid_from)
        )
    ).all()
    wanted = (org, role, valid_to, substitute_for)
    for seat in held:
        same = (seat.org, seat.role, seat.valid_to, seat.substitute_for) == wanted
        if same and seat.valid_from <= valid_from:
            return int(seat.id)
    rule = permissions.incompatible({role, *(seat.role for seat in held)})
    if rule is not None:
        raise permissions.refusal(rule)
    return None


def end_seat(conn: Connection, seat_id: int, last_day: date) -> None:
    """Let a seat end with a day; it stays on record."""
    conn.execute(update(Seat).where(Seat.id == seat_id).values(valid_to=last_day))


def seat_fault(conn: Connection, org: str, role: str, roles: Mapping[str, RoleRow]) -> FieldFault | None:
    """Why this role cannot sit in this office, or None."""
    row = roles.get(role)
    if row is None:
        return FieldFault.of("role", f"没有“{role}”这个角色", f"There is no role {role!r}")
    office = conn.execute(
        select(Organisation.level, Organisation.kind, Organisation.name).where(Organisation.code == org)
    ).one_or_none()
    if office is None:
        return FieldFault.of("org", f"没有“{org}”这个单位", f"There is no organisation {org!r}")
    if (office.level, office.kind) not in row.sits_at:
        return FieldFault.of(
            "role", f"{row.name.zh}不设在{office.name}", f"{row.name.en} does not sit at {office.name}"
        )
    return None
