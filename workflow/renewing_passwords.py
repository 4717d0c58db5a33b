"""A forgotten password is replaced by two administrators (SD-8): whoever knows somebody's password has that
person's posts. The one who gets it has to change it before anything else.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from bpmn import Text
from workflow.administrators import (
    decide,
    locked,
    log,
    not_ones_own,
    post_words,
    require_administrator,
    require_another,
    require_open,
    tell_others,
    tell_proposer,
    turn_down,
)
from workflow.appointment_commands import ConfirmPassword, ProposePassword, RefusePassword
from workflow.cases.work import Handler, Work
from workflow.dismissing import account_in
from workflow.errors import StepImpossible
from workflow.register import accounts
from workflow.store.models import PasswordReset, table

RESET = table(PasswordReset)


def propose(work: Work, command: ProposePassword) -> Mapping[str, Any]:
    """Put forward that somebody gets a new password. One's own is changed on the page of one's account.

    Raises:
        NotAllowed; NotFound: nobody of this county; StepImpossible: one's own, disabled, or it waits already.
    """
    require_administrator(work, work.actor.org)
    not_ones_own(work, command.account_id)
    person = account_in(work, command.account_id)
    if not person.active:
        raise StepImpossible(
            Text("这个账号已停用，先恢复账号。", "This account is disabled; enable it first.")
        )
    same = (RESET.c.state == "open") & (RESET.c.account_id == person.id)
    if work.conn.scalar(select(RESET.c.id).where(same)) is not None:
        raise StepImpossible(
            Text("已经提出过，等另一名系统管理员确认。", "It is proposed already and waits.")
        )
    row = {
        "account_id": person.id, "state": "open", "proposed_by": work.actor.account_id,
        "proposed_seat": work.actor.seat_id, "proposed_at": work.at,
    }  # fmt: skip
    number = int(work.conn.execute(insert(RESET).values(row).returning(RESET.c.id)).scalar_one())
    log(work, "password_proposed", {"proposal": number, "account": person.id})
    tell_others(work, "password_proposed", post_words(work, person.org, person.role))
    return {"number": str(number)}


def confirm(work: Work, command: ConfirmPassword) -> Mapping[str, Any]:
    """Replace the password; the account's sessions end. The number is the account's.

    Raises:
        NotFound, StepImpossible; NotAllowed: one's own proposal, or one's own password.
    """
    row, post = _open(work, command.reset_id)
    require_another(work, row)
    accounts.hand_out_password(work.conn, row.account_id, command.password_hash)
    decide(work, RESET, row.id, "confirmed")
    facts = {"account": row.account_id, "proposal": row.id, "proposed_by": row.proposed_by}
    log(work, "password_set", facts)
    tell_proposer(work, row.proposed_seat, "password_confirmed", post)
    return {"number": str(row.account_id)}


def refuse(work: Work, command: RefusePassword) -> Mapping[str, Any]:
    """The second person does not agree; whoever proposed it takes it back.

    Raises:
        NotFound, StepImpossible, NotAllowed
    """
    row, post = _open(work, command.reset_id)
    return turn_down(work, RESET, row, "password_refused", post)


HANDLERS: Mapping[type, Handler] = {
    ProposePassword: propose,
    ConfirmPassword: confirm,
    RefusePassword: refuse,
}


def _open(work: Work, number: int) -> tuple[Any, str]:
    """The open proposal, and the post of the one it is about."""
    row = locked(work, RESET, number)
    person = account_in(work, row.account_id)
    require_open(row)
    return row, post_words(work, person.org, person.role)
