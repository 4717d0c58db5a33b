"""Accounts: who can sign in (domain 6). Where that person sits is said by `workflow.register.seats`.

Passwords are kept as argon2id. One computation takes 64 MiB and a tenth of a second or so, therefore
only `AT_ONCE` run at a time: a flood of sign-ins waits and is told to come back, the memory stays bounded.
`epoch` rises with every change of password or standing, and old sessions die with it. Nothing is logged here.
"""

import re
import secrets
import threading
import unicodedata
from datetime import datetime
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, insert, select, update

from bpmn.text import Text
from workflow.errors import AnswersRefused, Busy, FieldFault, NotFound
from workflow.register.identity import NotValid, check_name, check_phone
from workflow.store.models import Account

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


def hash_password(password: str, salt: bytes | None = None) -> str:
    """The argon2id text to keep.

    Raises:
        AnswersRefused: the password is too short or too long. Busy: too many at once.
    """
    plain = _password(password)
    if not SHORTEST_PASSWORD <= len(plain) <= LONGEST_PASSWORD:
        raise AnswersRefused.at(
            "password",
            f"密码应为{SHORTEST_PASSWORD}至{LONGEST_PASSWORD}位，现在是{len(plain)}位",
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; this one has {len(plain)}",
        )
    with _Turn():
        return _HASHER.hash(plain, salt=salt)


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


def make_password(number: int | None = None) -> str:
    """A first password to be handed over on paper: 12 characters that cannot be mistaken for each other.

    `number`: of 256 bits that nobody can guess; it always makes the same password. None: any.
    """
    left = secrets.randbits(256) if number is None else number
    letters = []
    for _ in range(12):
        left, place = divmod(left, len(_WORDS))
        letters.append(_WORDS[place])
    return "-".join("".join(letters[begin : begin + 4]) for begin in (0, 4, 8))


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
    handed_out: bool = False,
    demonstration: bool = False,
) -> int:
    """Add an account and say its number. Give the password, or its hash when many share one.

    `handed_out`: somebody else knows the password; it has to be changed first of all.

    Raises:
        AnswersRefused: login, name, phone or password are not valid, or the login is taken.
    """
    faults = account_faults(conn, login, name, phone)
    if password_hash is None:
        try:
            password_hash = hash_password(password or "")
        except AnswersRefused as refusal:
            faults.extend(refusal.faults)
    if faults:
        raise AnswersRefused(faults)
    row = {
        "login": clean_login(login), "name": check_name(name),
        "phone": check_phone(phone) if phone else None, "password": password_hash,
        "handed_out": handed_out, "active": True, "epoch": 1,
        "language": "zh", "elder": False, "demonstration": demonstration, "created_at": at,
    }  # fmt: skip
    return int(conn.execute(insert(Account).values(row).returning(Account.id)).scalar_one())


def account_faults(conn: Connection, login: str, name: str, phone: str | None = None) -> list[FieldFault]:
    """Why there cannot be a new account of this login and name."""
    faults: list[FieldFault] = []
    cleaned = clean_login(login)
    if not _LOGIN.fullmatch(cleaned):
        faults.append(
            FieldFault.of(
                "login", "登录名应为3至64位小写字母、数字、点、横线", "A login: 3 to 64 of a–z 0–9 . _ -"
            )
        )
    elif conn.scalar(select(Account.id).where(Account.login == cleaned)) is not None:
        faults.append(FieldFault.of("login", "登录名已被使用", "This login is taken"))
    try:
        check_name(name)
    except NotValid as error:
        faults.append(FieldFault("name", error.message))
    try:
        if phone:
            check_phone(phone)
    except NotValid as error:
        faults.append(FieldFault("phone", error.message))
    return faults


def find(conn: Connection, login: str) -> int:
    """The number of an account.

    Raises:
        NotFound
    """
    found = conn.scalar(select(Account.id).where(Account.login == clean_login(login)))
    if found is None:
        raise NotFound(Text(f"没有账号“{login}”。", f"There is no account {login!r}."))
    return found


def change_password(conn: Connection, account_id: int, password: str, *, handed_out: bool = False) -> int:
    """Keep a new password; every session of the account ends. Says the new epoch. `handed_out`: as `create`.

    Raises:
        AnswersRefused, NotFound, Busy
    """
    return _change(conn, account_id, password=hash_password(password), handed_out=handed_out)


def hand_out_password(conn: Connection, account_id: int, password_hash: str) -> int:
    """Replace a password by one that somebody else has made up; every session ends. Says the new epoch.

    Raises:
        NotFound
    """
    return _change(conn, account_id, password=password_hash, handed_out=True)


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


def is_handed_out(conn: Connection, account_id: int) -> bool:
    """Whether somebody else knows the password."""
    return bool(conn.scalar(select(Account.handed_out).where(Account.id == account_id)))


def is_alive(conn: Connection, account_id: int, epoch: int) -> bool:
    """Whether a session that began at `epoch` still counts."""
    return (
        conn.scalar(
            select(Account.id).where(Account.id == account_id, Account.active, Account.epoch == epoch)
        )
        is not None
    )


def _password(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
