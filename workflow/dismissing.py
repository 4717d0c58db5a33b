"""A seat ends, an account is disabled (domain 6.1): it gives nobody anything, so one administrator does it
alone, but never to himself. An account that is enabled again has what two have given it before.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bpmn import Text
from workflow.administrators import log, not_ones_own, require_administrator
from workflow.appointment_commands import EndSeat, SetStanding
from workflow.cases.work import Handler, Work
from workflow.errors import AnswersRefused, NotFound, StepImpossible
from workflow.register import accounts, seats
from workflow.register.staffing import told_day
from workflow.store.models import Account, Seat


def end_seat(work: Work, command: EndSeat) -> Mapping[str, Any]:
    """Let a seat end, at the earliest yesterday; whoever stands in for it ends with it.

    Raises:
        NotFound; NotAllowed; StepImpossible: one's own, a substitute's, or over; AnswersRefused: the day.
    """
    wanted = select(Seat.__table__).where(Seat.id == command.seat_id).with_for_update()
    row = work.conn.execute(wanted).one_or_none()
    if row is None:
        raise NotFound()
    require_administrator(work, row.org)
    not_ones_own(work, row.account_id)
    if row.substitute_for is not None:
        raise StepImpossible(Text("代班请在“请假代班”里销假。", "A substitution ends on the page of leaves."))
    if row.valid_to is not None and row.valid_to < work.today:
        raise StepImpossible(Text("这个岗位已经结束。", "This seat has ended."))
    if command.last < work.today - timedelta(days=1):
        raise AnswersRefused.at(
            "last", "最早到昨天为止，即马上停用", "At the earliest yesterday, which is at once"
        )
    if row.valid_to is not None and command.last > row.valid_to:
        raise AnswersRefused.at(
            "last", "延长要另行提出，由另一名系统管理员确认", "To prolong it, propose the seat anew"
        )
    standing_in = work.conn.execute(
        select(Seat.__table__)
        .where(Seat.substitute_for == row.id, Seat.valid_to > command.last)
        .order_by(Seat.id)
    ).all()
    for ended in (row, *standing_in):
        seats.end_seat(work.conn, ended.id, command.last)
        facts = {"seat": ended.id, "account": ended.account_id, "last": told_day(command.last)}
        log(work, "seat_ended", facts)
    return {"number": str(row.account_id)}


def set_standing(work: Work, command: SetStanding) -> Mapping[str, Any]:
    """Disable an account, or enable it again.

    Raises:
        NotFound: nobody of this county; NotAllowed; StepImpossible: one's own, or it is so already.
    """
    require_administrator(work, work.actor.org)
    not_ones_own(work, command.account_id)
    if account_in(work, command.account_id).active == command.active:
        raise StepImpossible(Text("这个账号已经是这样了。", "The account is so already."))
    accounts.set_active(work.conn, command.account_id, command.active)
    kind = "account_enabled" if command.active else "account_disabled"
    log(work, kind, {"account": command.account_id})
    return {"number": str(command.account_id)}


HANDLERS: Mapping[type, Handler] = {EndSeat: end_seat, SetStanding: set_standing}


def account_in(work: Work, account: int) -> Any:
    """The account of somebody who holds or held a seat in the administrator's county, with the latest one.

    Raises:
        NotFound
    """
    row = work.conn.execute(
        select(Account.id, Account.active, Seat.org, Seat.role)
        .join(Seat, Seat.account_id == Account.id)
        .where(Account.id == account, Seat.org.startswith(work.actor.org[:6], autoescape=True))
        .order_by(Seat.id.desc())
    ).first()
    if row is None:
        raise NotFound()
    return row
