"""Staff lists: who gets an account and sits where. One row is one seat; all rows or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select

from bpmn.tables import RoleRow
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, NotAllowed, RowFault, RowsRefused
from workflow.register import accounts, seats
from workflow.register.identity import NotValid, check_id_number, check_name, check_phone
from workflow.register.kinship import check_relative, file_relative
from workflow.register.lookups import day_of, filled, one_of
from workflow.register.table import Row as Line
from workflow.register.table import Sheet
from workflow.store.models import Account, Organisation, table

REQUIRED: Final = {
    "login": ("登录名", "账号", "login"),
    "name": ("姓名", "name"),
    "org": ("单位", "单位代码", "organisation"),
    "role": ("岗位", "角色", "role"),
    "valid_from": ("生效日期", "valid_from"),
}
OPTIONAL: Final = {
    "valid_to": ("失效日期", "valid_to"),
    "phone": ("电话", "联系电话", "手机", "phone"),
    "id_number": ("公民身份号码", "身份证号", "id_number"),
}


@dataclass(frozen=True, slots=True)
class StaffImported:
    """What came of a list. `passwords` are the first passwords of new accounts: login → password.

    They are kept nowhere else and have to be handed over and changed.
    """

    rows: int
    accounts: int
    seats: int
    passwords: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Post:
    line: Line
    login: str
    name: str
    org: str
    role: str
    valid_from: date
    valid_to: date | None
    phone: str | None
    id_number: str | None


def import_staff(
    conn: Connection,
    sheet: Sheet,
    *,
    roles: Mapping[str, RoleRow],
    at: datetime,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> StaffImported:
    """Import a staff list inside the caller's transaction.

    An identity number, where the list has one, is filed as the person's own (`self`), so that nobody works
    on an application of his own household.

    Raises:
        RowsRefused: with every wrong row; nothing was written if the caller rolls back.
    """
    sheet.require_columns(REQUIRED, OPTIONAL)
    today = at.astimezone(SHANGHAI).date()
    faults: list[RowFault] = []
    offices, words = _offices(conn), _role_words(roles)
    posts = [post for line in sheet.rows if (post := _post(line, faults, offices, words, today)) is not None]
    existing = {row.login: row for row in conn.execute(select(Account.id, Account.login, Account.name))}
    names = {login: row.name for login, row in existing.items()}
    for post in posts:
        if names.setdefault(post.login, post.name) != post.name:
            faults.append(
                post.line.fault("name", "同一登录名下姓名不同", "Another name under the same login")
            )
        fault = seats.seat_fault(conn, post.org, post.role, roles)
        if fault is not None:
            faults.append(post.line.fault(fault.field, fault.message.zh, fault.message.en))
    if faults:
        raise RowsRefused(sorted(faults, key=lambda fault: fault.row))
    return _write(conn, posts, {login: row.id for login, row in existing.items()}, roles, at, progress)


def _write(
    conn: Connection,
    posts: Sequence[_Post],
    ids: dict[str, int],
    roles: Mapping[str, RoleRow],
    at: datetime,
    progress: Callable[[int, int], None],
) -> StaffImported:
    faults: list[RowFault] = []
    passwords: dict[str, str] = {}
    given: set[int] = set()
    for done, post in enumerate(posts, start=1):
        try:
            if post.login not in ids:
                password = accounts.make_password()
                ids[post.login] = accounts.create(
                    conn, post.login, post.name, at=at, password=password, phone=post.phone, handed_out=True
                )
                passwords[post.login] = password
            account = ids[post.login]
            given.add(
                seats.give_seat(
                    conn, account, post.org, post.role,
                    roles=roles, valid_from=post.valid_from, valid_to=post.valid_to,
                )
            )  # fmt: skip
        except AnswersRefused as refusal:
            faults += [post.line.fault(f.field, f.message.zh, f.message.en) for f in refusal.faults]
            continue
        except NotAllowed as refusal:
            faults.append(post.line.fault("role", refusal.message.zh, refusal.message.en))
            continue
        if post.id_number:
            today = at.astimezone(SHANGHAI).date()
            file_relative(
                conn, account, check_relative(post.name, post.id_number, "self", today=today), at=at
            )
        progress(done, len(posts))
    if faults:
        raise RowsRefused(faults)
    return StaffImported(len(posts), len(passwords), len(given), passwords)


def _post(
    line: Line,
    faults: list[RowFault],
    offices: Mapping[str, list[str]],
    words: Mapping[str, str],
    today: date,
) -> _Post | None:
    before = len(faults)
    login = line.take(faults, "login", lambda c: accounts.clean_login(filled(line.text(c), 64)))
    name = line.take(faults, "name", lambda c: check_name(line.text(c)))
    org = line.take(faults, "org", lambda c: _office(offices, filled(line.text(c), 80)))
    role = line.take(faults, "role", lambda c: one_of(words, line.text(c)))
    valid_from = line.take(faults, "valid_from", lambda c: day_of(line, c))
    valid_to = line.maybe(faults, "valid_to", line.day)
    phone = line.maybe(faults, "phone", lambda c: check_phone(line.text(c)))
    number = line.maybe(faults, "id_number", lambda c: check_id_number(line.text(c), today).text)
    if valid_from and valid_to and valid_to < valid_from:
        faults.append(line.fault("valid_to", "失效日期早于生效日期", "The last day is before the first"))
    if len(faults) > before or not (login and name and org and role and valid_from):
        return None
    return _Post(line, login, name, org, role, valid_from, valid_to, phone, number)


def _offices(conn: Connection) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    above = table(Organisation).alias()
    for row in conn.execute(
        select(Organisation.code, Organisation.name, above.c.name.label("parent")).outerjoin(
            above, above.c.code == Organisation.parent
        )
    ):
        for word in {row.code, row.name, (row.parent or "") + row.name}:
            found.setdefault(word, []).append(row.code)
    return found


def _office(offices: Mapping[str, list[str]], word: str) -> str:
    codes = offices.get(word, [])
    if not codes:
        raise NotValid(f"没有“{word}”这个单位", f"There is no organisation {word!r}")
    if len(codes) > 1:
        raise NotValid("同名的单位不止一个，请写代码", "Several bear this name; give the code")
    return codes[0]


def _role_words(roles: Mapping[str, RoleRow]) -> Mapping[str, str]:
    return {code: code for code in roles} | {row.name.zh: code for code, row in roles.items()}
