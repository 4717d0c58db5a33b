"""The one way to change a case.

A command goes through six steps in one transaction: the case row is locked and the request key
checked; permissions are asked; the answers are checked against the form; the engine computes the
next state; state, tasks, clocks, timers, letters and the log entry are written; it is committed.
Only then is it announced, to whoever may also miss it.

Returning commits, raising rolls back. A refusal is written to the log of reads and refusals, in a
transaction of its own.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from blinker import Namespace
from sqlalchemy import Connection, bindparam, insert, literal, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from workflow import appointing, calendars, dismissing, renewing_passwords, substituting
from workflow.actor import SYSTEM, Actor
from workflow.cases import (
    alarming,
    erasing,
    leaving,
    migrating,
    objecting,
    opening,
    papers,
    pausing,
    pressing,
    recalculating,
    relatives,
    repaying,
    viewing,
    working,
)
from workflow.cases.refusing import log_refusal
from workflow.cases.work import Handler, Work
from workflow.commands import (
    AdoptProposal,
    AttachPaper,
    Command,
    CompleteTask,
    FileRelative,
    FireTimers,
    LogExport,
    LogReading,
    MigrateCase,
    OpenCase,
    PauseCase,
    ProposeRules,
    RaiseAlarm,
    RecalculateDeadlines,
    ReceiveObjection,
    RejectProposal,
    ReleaseProposal,
    ReportDeath,
    ResumeCase,
    SetOff,
    Withdraw,
    WithdrawProposal,
)
from workflow.duties import subscribing
from workflow.errors import LogStopped, NotAllowed, RequestReused
from workflow.findings import answering
from workflow.flags import concluding
from workflow.house import House
from workflow.indicators import entering
from workflow.register.seating import SUBSTITUTED, asked_of, require_there
from workflow.releasing import deciding
from workflow.spot_checks import doing as spot_checking
from workflow.store import transaction
from workflow.store.connect import is_retryable
from workflow.store.models import Request, Seat, table
from workflow.store.prepared import Prepared, uuid_of

HANDLERS: Mapping[type, Handler] = {
    OpenCase: opening.open_case,
    CompleteTask: working.complete_task,
    AttachPaper: papers.attach_paper,
    Withdraw: leaving.withdraw,
    ReportDeath: leaving.report_death,
    PauseCase: pausing.pause_case,
    ResumeCase: pausing.resume_case,
    SetOff: repaying.receive_set_off,
    ReceiveObjection: objecting.receive_objection,
    FireTimers: alarming.fire_timers,
    RaiseAlarm: alarming.raise_alarm,
    RecalculateDeadlines: recalculating.recalculate,
    LogReading: viewing.log_reading,
    LogExport: viewing.log_export,
    FileRelative: relatives.file_relative,
    **pressing.HANDLERS,
    **erasing.HANDLERS,
    **calendars.HANDLERS,
    **subscribing.HANDLERS,
    **substituting.HANDLERS,
    **appointing.HANDLERS,
    **dismissing.HANDLERS,
    **renewing_passwords.HANDLERS,
    **answering.HANDLERS,
    **concluding.HANDLERS,
    **entering.HANDLERS,
    **spot_checking.HANDLERS,
    MigrateCase: migrating.migrate_case,
    ProposeRules: deciding.propose,
    AdoptProposal: deciding.adopt,
    ReleaseProposal: deciding.release,
    RejectProposal: deciding.reject,
    WithdrawProposal: deciding.withdraw,
}
TRIES = 4

signals = Namespace()
case_changed = signals.signal("case-changed")

REQUEST, SEAT = table(Request), table(Seat)
_ONE_ROW = select(literal(1).label("one")).subquery()
_ASKED = Prepared(
    # whether the seat is on leave, and what the request was answered if it has come before
    select(SEAT.c.id.label("away"), REQUEST.c.digest, REQUEST.c.response).select_from(
        _ONE_ROW.outerjoin(SEAT, SUBSTITUTED).outerjoin(
            REQUEST, (REQUEST.c.principal == bindparam("principal")) & (REQUEST.c.key == bindparam("key"))
        )
    )
)
_ANSWER = Prepared(insert(REQUEST), "principal", "key", "digest", "response", "at")

_SAME_REQUEST = text("SELECT pg_advisory_xact_lock(hashtextextended(:request, 0))")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command. `repeated`: it had been done before, nothing happened now.

    `elsewhere`: what it has brought about in other cases, such as a recovery that it opened.
    """

    case_id: UUID | None
    number: str
    seq: int
    repeated: bool
    elsewhere: "tuple[Outcome, ...]" = ()


def handle(house: House, actor: Actor, command: Command, *, at: datetime, request_id: str) -> Outcome:
    """Do one command, once.

    Args:
        at: the time the command counts from; aware.
        request_id: the client's own key. The same key again gets the same answer.

    Raises:
        NotAllowed, NotFound, Stale, StepImpossible, RequestReused, AnswersRefused, LogStopped, Busy
    """
    if house.stopped:
        raise LogStopped()
    digest = _digest(command)
    try:
        outcome = _with_retries(house, actor, command, at, request_id, digest)
    except NotAllowed as refusal:
        facts: dict[str, object] = {"action": type(command).__name__, "detail": refusal.rule}
        if (task := getattr(command, "task_id", None)) is not None:
            facts["task"] = task
        log_refusal(house, actor, getattr(command, "case_id", None), facts, at, request_id)
        raise
    if not outcome.repeated:
        for changed in (outcome, *outcome.elsewhere):
            case_changed.send(house, outcome=changed, actor=actor)
    return outcome


def _with_retries(
    house: House, actor: Actor, command: Command, at: datetime, request_id: str, digest: str
) -> Outcome:
    for attempt in range(TRIES):
        try:
            return _once(house, actor, command, at, request_id, digest)
        except DBAPIError as error:
            repeat = is_retryable(error) or isinstance(error, IntegrityError)
            if not repeat or attempt == TRIES - 1:
                raise
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")


def _once(
    house: House, actor: Actor, command: Command, at: datetime, request_id: str, digest: str
) -> Outcome:
    with transaction(house.engine) as conn:
        work = Work(house, conn, actor, at, request_id, handlers=HANDLERS)
        remembered = actor is not SYSTEM
        case_id = getattr(command, "case_id", None)
        if case_id is not None:
            work.lock(case_id)
        elif remembered:
            _wait_for_the_same_request(conn, actor, request_id)
        if remembered:
            key = {"principal": actor.principal, "key": request_id}
            asked = _ASKED.first(conn, {**key, **asked_of(actor, work.today)})
            if type(command) not in substituting.HANDLERS:
                require_there(asked.away is not None)
            if asked.digest is not None:
                if asked.digest != digest:
                    raise RequestReused()
                return _outcome(asked.response, repeated=True)
        response = HANDLERS[type(command)](work, command)
        if remembered:
            _ANSWER.change(conn, {**key, "digest": digest, "response": response, "at": at})
    return _outcome(response, repeated=False, elsewhere=work.elsewhere)


def _wait_for_the_same_request(conn: Connection, actor: Actor, request_id: str) -> None:
    """Where no case row is locked, identical requests follow each other by their own key.

    SQLite has one writer at a time anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_SAME_REQUEST, {"request": f"{actor.principal} {request_id}"})


def _outcome(
    response: Mapping[str, Any], *, repeated: bool, elsewhere: Sequence[Mapping[str, Any]] = ()
) -> Outcome:
    case_id = response.get("case_id")
    return Outcome(
        case_id=uuid_of(case_id) if case_id else None,
        number=response.get("number", ""),
        seq=response.get("seq", -1),
        repeated=repeated,
        elsewhere=tuple(_outcome(other, repeated=False) for other in elsewhere),
    )


def _digest(command: Command) -> str:
    body = orjson.dumps([type(command).__name__, command], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()
