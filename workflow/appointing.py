"""Who sits where (domain 6.1): an administrator proposes a seat, another one confirms it, and with it the
account of somebody new (SD-8). Every act is an entry beside the cases, by numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bpmn import Text
from workflow.administrators import (
    decide,
    locked,
    log,
    post_words,
    require_administrator,
    require_another,
    require_open,
    tell_others,
    tell_proposer,
    turn_down,
)
from workflow.appointment_commands import ConfirmSeat, ProposeSeat, RefuseSeat
from workflow.cases.work import Handler, Work
from workflow.errors import AnswersRefused, FieldFault, StepImpossible
from workflow.register import accounts, seats
from workflow.register.staffing import told_day, told_place
from workflow.store.models import Account, Appointment, table

PROPOSED = table(Appointment)


def propose(work: Work, command: ProposeSeat) -> Mapping[str, Any]:
    """Keep a seat as a proposal, checked as if it were given now.

    Raises:
        NotAllowed: not an administrator, another county, SD-4 or SD-8; AnswersRefused: what is typed.
    """
    require_administrator(work, command.org)
    login = accounts.clean_login(command.login)
    known = work.conn.execute(
        select(Account.id, Account.name, Account.active).where(Account.login == login)
    ).one_or_none()
    waiting = work.conn.execute(
        select(PROPOSED.c.name, PROPOSED.c.org, PROPOSED.c.role).where(
            PROPOSED.c.state == "open", PROPOSED.c.login == login
        )
    ).all()
    faults = [*_person_faults(work.conn, known, waiting, command), *_day_faults(work, command)]
    if faults:
        raise AnswersRefused(faults)
    account = None if known is None else int(known.id)
    held = seats.held_as(
        work.conn, account, command.org, command.role,
        roles=work.house.rules().rulebook.roles, valid_from=command.first, valid_to=command.last,
    )  # fmt: skip
    if held is not None:
        raise _sits_there()
    if any((one.org, one.role) == (command.org, command.role) for one in waiting):
        raise AnswersRefused.at(
            "role", "这个岗位已经提出过，等另一名系统管理员确认", "It is proposed already and waits"
        )
    row = {
        "account_id": account, "login": login, "name": command.name.strip() if known is None else known.name,
        "org": command.org, "role": command.role, "valid_from": command.first, "valid_to": command.last,
        "state": "open", "proposed_by": work.actor.account_id, "proposed_seat": work.actor.seat_id,
        "proposed_at": work.at,
    }  # fmt: skip
    number = int(work.conn.execute(insert(PROPOSED).values(row).returning(PROPOSED.c.id)).scalar_one())
    facts = {"proposal": number, "role": command.role, "last": told_day(command.last)}
    facts |= told_place(command.org, command.first)
    log(work, "seat_proposed", facts if account is None else facts | {"account": account})
    tell_others(work, "seat_proposed", post_words(work, command.org, command.role))
    return {"number": str(number)}


def confirm(work: Work, command: ConfirmSeat) -> Mapping[str, Any]:
    """Give the seat, and make the account where there is none. The number is that of an account made now.

    Raises:
        NotFound; NotAllowed: one's own proposal or seat, or SD-4 and SD-8 by now; StepImpossible: decided,
        its days are over, or it cannot be given any more, as when the login is taken by now.
    """
    row = _open(work, command.appointment_id)
    require_another(work, row)
    if row.valid_to is not None and row.valid_to < work.today:
        raise StepImpossible(
            Text("这个岗位的日期已经过去，请退回重新提出。", "Its days are over; refuse it.")
        )
    try:
        account = row.account_id or _make_account(work, row, command.password_hash)
        first = max(row.valid_from, work.today)
        roles, place = work.house.rules().rulebook.roles, (work.conn, account, row.org, row.role)
        if seats.held_as(*place, roles=roles, valid_from=first, valid_to=row.valid_to) is not None:
            raise _sits_there()
        number = seats.give_seat(*place, roles=roles, valid_from=first, valid_to=row.valid_to)
    except AnswersRefused as refused:  # what was right when it was proposed is wrong by now
        why = refused.faults[0].message
        raise StepImpossible(
            Text(f"{why.zh}，请退回后重新提出。", f"{why.en}: refuse it and propose it anew.")
        ) from refused
    decide(work, PROPOSED, row.id, "confirmed", seat_id=number)
    facts = {"seat": number, "account": account, "role": row.role, "last": told_day(row.valid_to)}
    facts |= told_place(row.org, first) | {"proposal": row.id, "proposed_by": row.proposed_by}
    log(work, "seat_given", facts)
    tell_proposer(work, row.proposed_seat, "seat_confirmed", post_words(work, row.org, row.role))
    return {"number": "" if row.account_id is not None else str(account)}


def refuse(work: Work, command: RefuseSeat) -> Mapping[str, Any]:
    """The second person does not agree; whoever proposed it takes it back.

    Raises:
        NotFound, StepImpossible, NotAllowed
    """
    row = _open(work, command.appointment_id)
    return turn_down(work, PROPOSED, row, "seat_refused", post_words(work, row.org, row.role))


HANDLERS: Mapping[type, Handler] = {
    ProposeSeat: propose,
    ConfirmSeat: confirm,
    RefuseSeat: refuse,
}


def _person_faults(
    conn: Connection, known: Any, waiting: Sequence[Any], command: ProposeSeat
) -> list[FieldFault]:
    """`waiting`: what is proposed for this login already."""
    name = command.name.strip()
    if known is not None and not known.active:
        return [FieldFault("login", Text("这个账号已停用，先恢复账号", "This account is disabled"))]
    named = {known.name, ""} if known is not None else {one.name for one in waiting}
    if named and name not in named:
        return [FieldFault("login", Text("这个登录名是另一个人的", "This login is another person's"))]
    return [] if known is not None else accounts.account_faults(conn, command.login, command.name)


def _day_faults(work: Work, command: ProposeSeat) -> list[FieldFault]:
    faults = []
    if command.first < work.today:
        faults.append(FieldFault("first", Text("第一天不能早于今天", "The first day is today or later")))
    if command.last is not None and command.last < command.first:
        faults.append(FieldFault("last", Text("最后一天早于第一天", "The last day is before the first")))
    return faults


def _sits_there() -> AnswersRefused:
    return AnswersRefused.at("role", "这个人已经在这个岗位上", "This person sits there already")


def _open(work: Work, number: int) -> Any:
    row = locked(work, PROPOSED, number)
    require_administrator(work, row.org)
    require_open(row)
    return row


def _make_account(work: Work, row: Any, password_hash: str) -> int:
    """The account of a proposed seat, and of all others that are proposed under this login."""
    number = accounts.create(
        work.conn, row.login, row.name, at=work.at, password_hash=password_hash, handed_out=True
    )
    of_the_same = (PROPOSED.c.state == "open") & (PROPOSED.c.login == row.login)
    work.conn.execute(update(PROPOSED).where(of_the_same).values(account_id=number))
    log(work, "account_created", {"account": number})
    return number
