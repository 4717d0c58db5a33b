"""请假代班 (SD-10): a seat on leave hands its work to a named substitute, with start, end and reason.

The substitute gets a seat of their own that stands for the absent one, and with it the steps and messages,
not the earlier signatures: separation of duties goes by the person. It ends by itself with its last day.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select
from sqlalchemy.orm import aliased

from bpmn import Text
from workflow import permissions
from workflow.cases.keeping import told_office
from workflow.cases.refusing import log_system
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Handler, Work
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.leave_commands import EndLeave, TakeLeave
from workflow.permissions import refusal, require
from workflow.register import seats
from workflow.store.models import Account, Organisation, Seat

REASONS: Final[Mapping[str, Text]] = {
    "leave": Text("休假", "Holiday"),
    "sick": Text("病假", "Sick leave"),
    "training": Text("培训、出差", "Training or travel"),
    "posted": Text("抽调、借调", "Posted elsewhere"),
    "other": Text("其他", "Other"),
}
LONGEST: Final = timedelta(days=366)
_HOLDERS = (
    select(Seat.__table__, Account.name, Organisation.name.label("office"), Organisation.level,
           Organisation.parent)
    .join(Account, Account.id == Seat.account_id)
    .join(Organisation, Organisation.code == Seat.org)
    .where(Account.active)
)  # fmt: skip


def take_leave(work: Work, command: TakeLeave) -> Mapping[str, Any]:
    """Let somebody stand in for a seat from one day to another.

    Raises:
        NotFound; NotAllowed: somebody else's seat, or SD-4 and SD-8, which hold for the substitute too;
        AnswersRefused: dates, reason or substitute; StepImpossible: a substitute's seat is not handed on.
    """
    seat = _seat(work, command.seat_id)
    if seat.substitute_for is not None:
        raise StepImpossible(
            Text("代班的岗位不能再转给别人代班。", "What one does as a substitute is not handed on.")
        )
    faults = _dates(work, seat, command)
    if command.reason not in REASONS:
        faults.append(FieldFault("reason", Text("请选择请假原因", "Choose the reason")))
    if faults:
        raise AnswersRefused(faults)
    offered = candidates(work.conn, seat, command.first, command.last)
    chosen = next((one for one in offered if one.id == command.substitute), None)
    if chosen is None:
        words = Text(
            "请选择代班人员；这几天自己也请假的不能代班", "Choose somebody who is there on these days"
        )
        raise AnswersRefused([FieldFault("substitute", words)])
    number = seats.give_seat(
        work.conn, chosen.account_id, seat.org, seat.role, roles=work.house.rules().rulebook.roles,
        valid_from=command.first, valid_to=command.last, substitute_for=seat.id, reason=command.reason,
    )  # fmt: skip
    facts: dict[str, object] = {
        "seat": seat.id,
        "account": seat.account_id,
        "substitute": chosen.account_id,
        "first": command.first.isoformat(),
        "last": command.last.isoformat(),
        "office": told_office(seat.org),
    }
    sealed = {"reason": command.reason}  # that somebody is ill is nobody's business who reads the log
    log_system(work.house, work.conn, work.actor, "leave_registered", facts, work.at, work.request_id, sealed)
    _tell(work, seat, chosen.account_id, command.last)
    return {"number": str(number)}


def end_leave(work: Work, command: EndLeave) -> Mapping[str, Any]:
    """The holder acts again from now on (销假). What the substitute has done stays done.

    Raises:
        NotFound, NotAllowed, StepImpossible (it has ended)
    """
    row = work.conn.execute(
        select(Seat.__table__).where(Seat.id == command.substitution, Seat.substitute_for.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound()
    seat = _seat(work, row.substitute_for)
    if row.valid_to < max(work.today, row.valid_from):
        raise StepImpossible(Text("这次代班已经结束。", "This substitution has ended."))
    last = work.today - timedelta(days=1)
    seats.end_seat(work.conn, row.id, last)
    facts: dict[str, object] = {
        "seat": seat.id,
        "account": seat.account_id,
        "substitute": row.account_id,
        "last": last.isoformat(),
    }
    log_system(work.house, work.conn, work.actor, "leave_ended", facts, work.at, work.request_id)
    _tell(work, seat, row.account_id, last)
    return {"number": str(row.id)}


HANDLERS: Mapping[type, Handler] = {TakeLeave: take_leave, EndLeave: end_leave}


def candidates(conn: Connection, seat: Any, first: date, last: date) -> Sequence[Any]:
    """Who may stand in for a seat: colleagues of the office, for a village also of the township's other
    villages, who are there on all these days and whose own posts agree with it (SD-4, SD-8).
    """
    there = and_(Seat.valid_from <= first, or_(Seat.valid_to.is_(None), Seat.valid_to >= last))
    near = Seat.org == seat.org
    if seat.level == "village":
        beside = and_(Organisation.parent == seat.parent, Seat.role == seat.role)
        near = or_(near, beside)
    rows = conn.execute(
        _HOLDERS.where(
            there, near, Seat.substitute_for.is_(None), Seat.account_id != seat.account_id
        ).order_by(Seat.role != seat.role, Seat.org != seat.org, Seat.id)
    ).all()
    people = {row.account_id for row in rows}
    roles: dict[int, set[str]] = {}
    for account, role in conn.execute(
        select(Seat.account_id, Seat.role).where(
            Seat.account_id.in_(people), or_(Seat.valid_to.is_(None), Seat.valid_to >= first)
        )
    ):
        roles.setdefault(account, set()).add(role)
    absent, stand_in = aliased(Seat), aliased(Seat)
    away = set(
        conn.scalars(
            select(absent.account_id)
            .join(stand_in, stand_in.substitute_for == absent.id)
            .where(absent.account_id.in_(people), stand_in.valid_from <= last, stand_in.valid_to >= first)
        )
    )
    found: dict[int, Any] = {}
    for row in rows:
        if row.account_id not in away and not permissions.incompatible({seat.role, *roles[row.account_id]}):
            found.setdefault(row.account_id, row)
    return list(found.values())


def seat_of(conn: Connection, seat_id: int) -> Any | None:
    """A seat with its holder and office, or None."""
    return conn.execute(_HOLDERS.where(Seat.id == seat_id)).one_or_none()


def _seat(work: Work, seat_id: int) -> Any:
    """The seat, if the actor may send it on leave."""
    seat = seat_of(work.conn, seat_id)
    if seat is None:
        raise NotFound()
    own = seat.account_id == work.actor.account_id
    require(work.actor, "take_leave", met={"own_seat"} if own else ())
    if seat.org[:6] != work.actor.org[:6]:
        raise refusal("area")
    return seat


def _dates(work: Work, seat: Any, command: TakeLeave) -> list[FieldFault]:
    if command.first < work.today:
        return [FieldFault("first", Text("第一天不能早于今天", "The first day is today or later"))]
    if command.last < command.first:
        return [FieldFault("last", Text("最后一天早于第一天", "The last day is before the first"))]
    if command.last - command.first > LONGEST:
        return [FieldFault("last", Text("一次最长一年", "At most a year at a time"))]
    if seat.valid_from > command.first or (seat.valid_to is not None and seat.valid_to < command.last):
        words = Text("这几天不全在岗位的起止日期以内", "The seat is not held on all of these days")
        return [FieldFault("last", words)]
    mine = or_(
        Seat.substitute_for == seat.id,
        and_(Seat.account_id == seat.account_id, Seat.substitute_for.is_not(None)),
    )
    clash = work.conn.execute(
        select(Seat.substitute_for).where(
            mine, Seat.valid_from <= command.last, Seat.valid_to >= command.first
        )
    ).first()
    if clash is None:
        return []
    if clash.substitute_for == seat.id:
        words = Text("这几天已经登记过请假", "There is a leave on some of these days already")
    else:
        words = Text(
            "这几天正替别人代班，先请对方改由别人代班", "On these days the holder stands in for another"
        )
    return [FieldFault("first", words)]


def _tell(work: Work, seat: Any, substitute: int, last: date) -> None:
    """A line to the absent seat, and to each seat of the substitute's own."""
    ends = datetime.combine(last + timedelta(days=1), datetime.min.time(), SHANGHAI).isoformat()
    own = work.conn.execute(
        select(Seat.org, Seat.role, Seat.id).where(
            Seat.account_id == substitute,
            Seat.substitute_for.is_(None),
            or_(Seat.valid_to.is_(None), Seat.valid_to >= work.today),
        )
    )
    desks = [Desk(seat.org, seat.role, seat.id), *(Desk(row.org, row.role, row.id) for row in own)]
    post = work.house.rules().rulebook.roles[seat.role].name.zh
    tell(work, "leave", desks, {"subject": f"{seat.office}{post}", "due": ends})
