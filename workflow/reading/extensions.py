"""延期 as its two sides read it: the limit an office wants longer, why, and what its supervisor answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from audit import entries
from bpmn import Choice, Text
from workflow.actor import Actor
from workflow.cases.extending import open_request, require_extendable
from workflow.cases.kept_clocks import read_clocks
from workflow.cases.work import Work
from workflow.deadlines import Due, Limit, due
from workflow.errors import NotFound, StepImpossible
from workflow.house import House
from workflow.permissions import may, oversees
from workflow.permissions import refusal as refused
from workflow.reading.access import access_to
from workflow.reading.looking import looking
from workflow.store.models import Account, Clock, Extension, Organisation, Task


@dataclass(frozen=True, slots=True)
class Askable:
    """The limit of an open step. `asked`: the request that waits for an answer; `refusal`: why there can be
    no extension.
    """

    case_id: UUID
    task_id: int
    clock_id: int
    number: str
    person: str
    step: str
    limit: Limit
    due: Due
    asked: int | None
    refusal: Text | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its words for those they are meant for. `granted` is None while it is open; `task_id`
    is the step that still runs on the limit.
    """

    id: int
    case_id: UUID
    task_id: int | None
    number: str
    person: str
    limit: Limit
    units: int
    office: str
    by: str
    at: datetime
    reason: Choice | None
    words: str
    granted: bool | None
    decided_by: str
    decided_at: datetime | None
    refusal: str
    may_decide: bool


def askable(
    house: House, conn: Connection, actor: Actor, case_id: UUID, task_id: int, now: datetime
) -> Askable:
    """The limit an office would ask to have longer.

    Raises:
        NotFound: no such open step, or no limit runs on it; NotAllowed: it is another office's.
    """
    work = looking(house, conn, actor, case_id, now)
    access_to(conn, actor, work.row)
    step = select(Task.name, Task.clock_id, Task.org).where(
        Task.case_id == case_id, Task.id == task_id, Task.kind == "user", Task.done_at.is_(None)
    )
    task = conn.execute(step).one_or_none()
    clock = next((one for one in read_clocks(work) if task is not None and one.id == task.clock_id), None)
    if task is None or clock is None or clock.id is None:
        raise NotFound()
    if actor.org != task.org:
        raise refused("area")
    refusal = None
    try:
        require_extendable(clock, work.calendar, now)
    except StepImpossible as impossible:
        refusal = impossible.message
    waiting = open_request(work, clock.id)
    return Askable(
        case_id, task_id, clock.id, work.row.number, work.row.person, task.name, clock.run.limit,
        due(clock.run, work.calendar), None if waiting is None else waiting.id, refusal,
    )  # fmt: skip


def asked(house: House, conn: Connection, actor: Actor, case_id: UUID, number: int, now: datetime) -> Asked:
    """One request for one reader.

    Raises:
        NotFound, NotAllowed
    """
    asker, decider = aliased(Account), aliased(Account)
    running = (
        select(Task.id)
        .where(Task.clock_id == Extension.clock_id, Task.kind == "user", Task.done_at.is_(None))
        .order_by(Task.id)
        .limit(1)
    )
    row = conn.execute(
        select(
            Extension.__table__,
            Clock.limit_id,
            asker.name.label("by"),
            decider.name.label("decider"),
            Organisation.name.label("office"),
            running.scalar_subquery().label("task_id"),
        )
        .join(Clock, Clock.id == Extension.clock_id)
        .join(asker, asker.id == Extension.asked_by)
        .join(Organisation, Organisation.code == Extension.asked_org)
        .outerjoin(decider, decider.id == Extension.decided_by)
        .where(Extension.id == number, Extension.case_id == case_id)
    ).one_or_none()
    if row is None:
        raise NotFound()
    work = looking(house, conn, actor, case_id, now)
    decides = may(actor.role, "extend_deadline") is not None and oversees(actor.org, row.asked_org)
    open_words = access_to(conn, actor, work.row).sealed or decides or actor.org == row.asked_org
    words = house.vault.open(conn, case_id, row.asked_seq) if open_words else {}
    told = row.granted is False and open_words
    answer = house.vault.open(conn, case_id, row.decided_seq) if told else {}
    return Asked(
        row.id, case_id, row.task_id, work.row.number, work.row.person, work.terms.limits[row.limit_id],
        row.units, row.office, row.by, row.asked_at, _reason(work, row.asked_seq),
        str(words.get("extension_words", "")), row.granted, row.decider or "", row.decided_at,
        str(answer.get("refusal_words", "")), may_decide=decides and row.granted is None,
    )  # fmt: skip


def _reason(work: Work, seq: int) -> Choice | None:
    """The reason chosen, in the words of the form; it stands in clear in the entry."""
    said: Any = next(
        (one.entry["vars"].get("reason") for one in entries(work.conn, work.row.id) if one.seq == seq), None
    )
    choices = work.house.rules().rulebook.forms["extension"].field("extension_reason").choices
    return next((choice for choice in choices if choice.id == said), None)
