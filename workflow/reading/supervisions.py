"""挂牌督办 as its two sides read it: what was asked, by when, what was answered, and what is left to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from audit import entries
from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.errors import NotFound
from workflow.house import House
from workflow.permissions import may, oversees
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case, shown_name
from workflow.reading.cases import area_of
from workflow.reading.inbox import MINE, reader_of
from workflow.store.models import Account, Case, InboxMessage, Organisation, Person, Supervision, Task
from workflow.store.prepared import Prepared

State = Literal["waiting", "late", "answered", "ended"]
PAGE = 50


@dataclass(frozen=True, slots=True)
class Overseen:
    """One supervision of a step. `answer_by` is the instant from which the answer is late."""

    id: int
    case_id: UUID
    number: str
    person: str
    step: str
    office: str
    state: State
    opened_at: datetime
    opened_by: str
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str


@dataclass(frozen=True, slots=True)
class Told:
    """A supervision with its words, for those they are meant for, and what this reader may do now."""

    overseen: Overseen
    asked: str
    cause: Text | None
    answer: str
    may_answer: bool
    may_end: bool


_OPENER, _ANSWERER = aliased(Account), aliased(Account)
_ROWS = (
    select(
        Supervision.__table__,
        Case.number,
        shown_name,
        Task.name.label("step"),
        Organisation.name.label("office"),
        _OPENER.name.label("opener"),
        _ANSWERER.name.label("answerer"),
    )
    .join(Case, Case.id == Supervision.case_id)
    .join(Person, Person.id == Case.applicant_id)
    .join(Task, and_(Task.case_id == Supervision.case_id, Task.id == Supervision.task_id))
    .join(Organisation, Organisation.code == Supervision.org)
    .join(_OPENER, _OPENER.id == Supervision.opened_by)
    .outerjoin(_ANSWERER, _ANSWERER.id == Supervision.answered_by)
)


_OF_CASE = Prepared(
    _ROWS.where(Supervision.case_id == bindparam("case_id"), Supervision.ended_at.is_(None)).order_by(
        Supervision.id
    )
)
_URGED = Prepared(
    select(InboxMessage.params)
    .where(InboxMessage.case_id == bindparam("case_id"), InboxMessage.kind == "urged", *MINE)
    .order_by(InboxMessage.id.desc())
    .limit(1)
)


def told(house: House, conn: Connection, actor: Actor, case_id: UUID, number: int, now: datetime) -> Told:
    """One supervision for one reader; the words for its two sides and for whoever reads the whole case.

    Raises:
        NotFound, NotAllowed
    """
    row = conn.execute(_ROWS.where(Supervision.id == number, Supervision.case_id == case_id)).one_or_none()
    if row is None:
        raise NotFound()
    access = access_to(conn, actor, read_case(conn, case_id))
    owes, presses = _owes(actor, row), may(actor.role, "press") is not None and oversees(actor.org, row.org)
    asked: Mapping[str, Any] = {}
    answer: Mapping[str, Any] = {}
    cause = None
    if access.sealed or owes or presses:
        asked = house.vault.open(conn, case_id, row.opened_seq)
        if row.answered_seq is not None:
            answer = house.vault.open(conn, case_id, row.answered_seq)
            entry = next(each.entry for each in entries(conn, case_id) if each.seq == row.answered_seq)
            cause = _cause(house.rules().rulebook, entry["vars"].get("cause"))
    standing = row.ended_at is None
    return Told(
        _overseen(row, now),
        str(asked.get("supervision_words", "")),
        cause,
        str(answer.get("answer_words", "")),
        may_answer=standing and owes,
        may_end=standing and presses and row.answered_at is not None,
    )


def of_case(conn: Connection, case_id: UUID, now: datetime) -> list[Overseen]:
    """The supervisions of a case that have not ended."""
    return [_overseen(row, now) for row in _OF_CASE.all(conn, {"case_id": case_id})]


def standing(conn: Connection, actor: Actor, now: datetime) -> list[Overseen]:
    """What has not ended, the next answer due first: a supervisor's own area, or what this seat owes."""
    rows = conn.execute(
        _ROWS.where(Supervision.ended_at.is_(None), _of(actor)).order_by(Supervision.answer_by).limit(PAGE)
    )
    return [_overseen(row, now) for row in rows]


def urged(house: House, conn: Connection, actor: Actor, case_id: UUID) -> str | None:
    """What a supervisor has last written to this very desk about the case."""
    params = _URGED.scalar(conn, {"case_id": case_id, **reader_of(actor)})
    if params is None:
        return None
    return str(house.vault.open(conn, case_id, params["seq"]).get("urge_words", "")) or None


def _of(actor: Actor) -> ColumnElement[bool]:
    if may(actor.role, "press") is not None:
        return area_of(actor.org)
    mine = and_(Supervision.org == actor.org, Supervision.role == actor.role)
    if actor.role == "TLEAD":
        return or_(mine, Supervision.org.startswith(actor.org[:9], autoescape=True))
    return mine


def _owes(actor: Actor, row: Any) -> bool:
    if may(actor.role, "answer_supervision") is None:
        return False
    leads = actor.role == "TLEAD" and oversees(actor.org, row.org)
    return leads or (actor.org, actor.role) == (row.org, row.role)


def _cause(book: Rulebook, code: str | None) -> Text | None:
    choices = book.forms["supervision_answer"].field("answer_cause").choices
    return next((each.label for each in choices if each.id == code), None)


def _overseen(row: Any, now: datetime) -> Overseen:
    state: State = "waiting" if now < row.answer_by else "late"
    if row.ended_at is not None or row.answered_at is not None:
        state = "answered" if row.ended_at is None else "ended"
    return Overseen(
        row.id, row.case_id, row.number, row.person, row.step, row.office, state, row.opened_at, row.opener,
        row.answer_by, row.answered_at, row.answerer or "",
    )  # fmt: skip
