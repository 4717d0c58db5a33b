"""Accounts and seats: who can sign in, and where that person sits (domain 6).

Passwords are kept as argon2id. One computation takes 64 MiB and a tenth of a second or so, therefore
only `AT_ONCE` run at a time: a flood of sign-ins waits and is told to come back, the memory stays bounded.
`epoch` rises with every change of password or standing, and old sessions die with it. Nothing is logged here.
"""

import re
import secrets
import threading
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, insert, or_, select, update
from sqlalchemy.orm import aliased

from bpmn.tables import RoleRow, split_place
from bpmn.text import Text
from workflow import permissions
from workflow.actor import Actor
from workflow.errors import AnswersRefused, Busy, FieldFault, NotFound
from workflow.register.identity import NotValid, check_name, check_phone
from workflow.register.seating import valid_on
from workflow.store.models import Account, Organisation, Seat

SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 128
AT_ONCE: Final = 2
PATIENCE: Final = 5.0
"""Seconds a password waits for its turn before the answer is `Busy`."""

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2, type=Type.ID)
_turns = threading.BoundedSemaphore(AT_ONCE)
_WORDS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=2$bm9ib2R5IGF0IGFsbCE$Y29uc3RhbnQgdGltZSBmb3Igbm9ib2R5ISEhISEhISE"
)
"""Compared with when there is no such account: the answer takes as long as for a wrong password."""


class _Turn:
    """One of the places for computing a password."""

    def __enter__(self) -> None:
        if not _turns.acquire(timeout=PATIENCE):
            raise Busy(
                Text(
                    "现在登录的人太多，请过一会儿再试。",
                    "Too many people are signing in; try again in a moment.",
                )
            )

    def __exit__(self, *error: object) -> None:
        _turns.release()


def hash_password(password: str) -> str:
    """The argon2id text to keep.

    Raises:
        AnswersRefused: the password is too short or too long. Busy: too many at once.
    """
    plain = _password(password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        raise _fault(
            "password",
            f"密码应为{SHORTEST_PASSWORD}至{LONGEST_PASSWORD}位，现在是{len(plain)}位",
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one has {len(plain)}",
        )
    with _Turn():
        return _HASHER.hash(plain)


def verify_password(stored: str, password: str) -> bool:
    """Whether the password is the one that was kept. A password beyond the limit is wrong at once.

    Raises:
        Busy: too many at once.
    """
    plain = _password(password)
    if len(plain) > LONGEST_PASSWORD:
        return False
    with _Turn():
        try:
            return _HASHER.verify(stored, plain)
        except (VerificationError, InvalidHashError):
            return False


def authenticate(reader: Engine, login: str, password: str) -> int | None:
    """The number of the account that login and password prove, or None.

    Unknown, disabled and mistaken take the same time and give the same answer. The connection is
    given back before the password is computed.

    Raises:
        Busy: too many at once.
    """
    with reader.connect() as conn:
        row = conn.execute(
            select(Account.id, Account.password, Account.active).where(Account.login == clean_login(login))
        ).one_or_none()
    if row is None:
        verify_password(_NOBODY, password)
        return None
    proved = verify_password(row.password, password)
    return row.id if proved and row.active else None


def make_password() -> str:
    """A first password to be handed over on paper: 12 characters that cannot be mistaken for each other."""
    return "-".join("".join(secrets.choice(_WORDS) for _ in range(4)) for _ in range(3))


def clean_login(login: str) -> str:
    return unicodedata.normalize("NFKC", login).strip().casefold()


def create(
    conn: Connection,
    login: str,
    name: str,
    *,
    at: datetime,
    password: str | None = None,
    password_hash: str | None = None,
    phone: str | None = None,
    demonstration: bool = False,
) -> int:
    """Add an account and say its number. Give the password, or its hash when many share one.

    Raises:
        AnswersRefused: login, name, phone or password are not valid, or the login is taken.
    """
    faults: list[FieldFault] = []
    cleaned = clean_login(login)
    if not _LOGIN.fullmatch(cleaned):
        faults.append(
            _field("login", "登录名应为3至64位小写字母、数字、点、横线", "A login: 3 to 64 of a–z 0–9 . _ -")
        )
    elif conn.scalar(select(Account.id).where(Account.login == cleaned)) is not None:
        faults.append(_field("login", "登录名已被使用", "This login is taken"))
    try:
        name = check_name(name)
    except NotValid as error:
        faults.append(FieldFault("name", error.message))
    try:
        phone = check_phone(phone) if phone else None
    except NotValid as error:
        faults.append(FieldFault("phone", error.message))
    if password_hash is None:
        try:
            password_hash = hash_password(password or "")
        except AnswersRefused as refusal:
            faults.extend(refusal.faults)
    if faults:
        raise AnswersRefused(faults)
    row = {
        "login": cleaned, "name": name, "phone": phone, "password": password_hash, "active": True,
        "epoch": 1, "language": "zh", "elder": False, "demonstration": demonstration, "created_at": at,
    }  # fmt: skip
    return int(conn.execute(insert(Account).values(row).returning(Account.id)).scalar_one())


def find(conn: Connection, login: str) -> int:
    """The number of an account.

    Raises:
        NotFound
    """
    found = conn.scalar(select(Account.id).where(Account.login == clean_login(login)))
    if found is None:
        raise NotFound(Text(f"没有账号“{login}”。", f"There is no account {login!r}."))
    return found


def change_password(conn: Connection, account_id: int, password: str) -> int:
    """Keep a new password; every session of the account ends. Says the new epoch.

    Raises:
        AnswersRefused, NotFound, Busy
    """
    return _change(conn, account_id, password=hash_password(password))


def set_active(conn: Connection, account_id: int, active: bool) -> int:
    """Disable or enable an account; every session of it ends. Says the new epoch.

    Raises:
        NotFound
    """
    return _change(conn, account_id, active=active)


def _change(conn: Connection, account_id: int, **values: object) -> int:
    changed = conn.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(epoch=Account.epoch + 1, **values)
        .returning(Account.epoch)
    ).scalar_one_or_none()
    if changed is None:
        raise NotFound()
    return int(changed)


def is_alive(conn: Connection, account_id: int, epoch: int) -> bool:
    """Whether a session that began at `epoch` still counts."""
    return (
        conn.scalar(
            select(Account.id).where(Account.id == account_id, Account.active, Account.epoch == epoch)
        )
        is not None
    )


def seats(conn: Connection, account_id: int, on: date) -> tuple[Actor, ...]:
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
    fault = seat_fault(conn, org, role, roles)
    if fault is not None:
        raise AnswersRefused([fault])
    if valid_to is not None and valid_to < valid_from:
        raise _fault("valid_to", "失效日期早于生效日期", "The last day is before the first")
    if substitute_for is not None and not (valid_to and reason):
        raise _fault("reason", "代班须写明截止日期和理由", "A substitute needs a last day and a reason")
    held = conn.execute(
        select(Seat.id, Seat.org, Seat.role, Seat.valid_from, Seat.valid_to, Seat.substitute_for).where(
            Seat.account_id == account_id, or_(Seat.valid_to.is_(None), Seat.valid_to >= valid_from)
        )
    ).all()
    for seat in held:
        same = (seat.org, seat.role, seat.valid_to, seat.substitute_for) == (
            org,
            role,
            valid_to,
            substitute_for,
        )
        if same and seat.valid_from <= valid_from:
            return int(seat.id)
    rule = permissions.incompatible({role, *(seat.role for seat in held)})
    if rule is not None:
        raise permissions.refusal(rule)
    row = {
        "account_id": account_id, "org": org, "role": role, "valid_from": valid_from, "valid_to": valid_to,
        "substitute_for": substitute_for, "reason": reason,
    }  # fmt: skip
    return int(conn.execute(insert(Seat).values(row).returning(Seat.id)).scalar_one())


def end_seat(conn: Connection, seat_id: int, last_day: date) -> None:
    """Let a seat end with a day; it stays on record."""
    conn.execute(update(Seat).where(Seat.id == seat_id).values(valid_to=last_day))


def seat_fault(conn: Connection, org: str, role: str, roles: Mapping[str, RoleRow]) -> FieldFault | None:
    """Why this role cannot sit in this office, or None."""
    row = roles.get(role)
    if row is None:
        return _field("role", f"没有“{role}”这个角色", f"There is no role {role!r}")
    office = conn.execute(
        select(Organisation.level, Organisation.kind, Organisation.name).where(Organisation.code == org)
    ).one_or_none()
    if office is None:
        return _field("org", f"没有“{org}”这个单位", f"There is no organisation {org!r}")
    places = {(row.level, row.kind), *(split_place(place) for place in row.places)}
    if (office.level, office.kind) not in places:
        return _field(
            "role", f"{row.name.zh}不设在{office.name}", f"{row.name.en} does not sit at {office.name}"
        )
    return None


def _password(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _field(field: str, zh: str, en: str) -> FieldFault:
    return FieldFault(field, Text(zh, en))


def _fault(field: str, zh: str, en: str) -> AnswersRefused:
    return AnswersRefused([_field(field, zh, en)])
