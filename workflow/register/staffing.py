"""Accounts and seats are given and taken outside any case, and stand in the log all the same.

Who could act for an office, since when and by whose hand, is what an inspector asks first (domain 6.1, SD-8).
Numbers and codes only: no name, no login, of a village its township.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from workflow.actor import SYSTEM, Actor
from workflow.cases.keeping import told_office
from workflow.cases.refusing import log_system
from workflow.house import House
from workflow.store.models import Account, Seat


@dataclass(frozen=True, slots=True)
class _Standing:
    """Accounts and seats by number: what of them the log tells, the password as its hash."""

    accounts: Mapping[int, Any]
    seats: Mapping[int, Any]


@contextmanager
def recorded(
    house: House, conn: Connection, actor: Actor = SYSTEM, account: int | None = None, request_id: str = ""
) -> Iterator[None]:
    """Write what becomes of accounts and seats meanwhile into the log, in the same transaction.

    `actor`: SYSTEM for whoever gives commands on the server itself. `account`: the only one it can be about.
    """
    before = _standing(conn, account)
    yield
    after = _standing(conn, account)
    for kind, facts in (*_of_accounts(before, after), *_of_seats(before, after)):
        log_system(house, conn, actor, kind, facts, house.now(), request_id or uuid4().hex)


def _standing(conn: Connection, account: int | None) -> _Standing:
    known = select(Account.id, Account.active, Account.password).order_by(Account.id)
    held = select(Seat.id, Seat.account_id, Seat.role, Seat.org, Seat.valid_from, Seat.valid_to).order_by(
        Seat.id
    )
    if account is not None:
        known, held = known.where(Account.id == account), held.where(Seat.account_id == account)
    return _Standing(
        {row.id: row for row in conn.execute(known)}, {row.id: row for row in conn.execute(held)}
    )


def _of_accounts(before: _Standing, after: _Standing) -> Iterator[tuple[str, dict[str, object]]]:
    for number, row in after.accounts.items():
        old = before.accounts.get(number)
        facts: dict[str, object] = {"account": number}
        if old is None:
            yield "account_created", facts
            continue
        if old.active != row.active:
            yield "account_enabled" if row.active else "account_disabled", facts
        if old.password != row.password:
            yield "password_set", facts


def _of_seats(before: _Standing, after: _Standing) -> Iterator[tuple[str, dict[str, object]]]:
    for number, row in after.seats.items():
        old = before.seats.get(number)
        facts: dict[str, object] = {"seat": number, "account": row.account_id, "last": told_day(row.valid_to)}
        if old is None:
            yield "seat_given", facts | {"role": row.role} | told_place(row.org, row.valid_from)
        elif old.valid_to != row.valid_to:
            yield "seat_ended", facts


def told_place(org: str, first: date) -> dict[str, object]:
    return {"office": told_office(org), "first": told_day(first)}


def told_day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
