"""挂牌督办: the office that holds a step owes its supervisor an answer by a date."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import insert, select, update

from bpmn import Text
from workflow.cases.keeping import keep_entry, told_office
from workflow.cases.overseeing import let_press, open_step, read_answers
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.deadlines import SHANGHAI
from workflow.errors import NOTHING_DUE, NotFound, StepImpossible
from workflow.permissions import kind_of, oversees, refusal, require
from workflow.register import kinship
from workflow.store.models import Supervision, table
from workflow.supervisor_commands import (
    AnswerSupervision,
    EndSupervision,
    PutUnderSupervision,
    RemindOfAnswer,
)

SUPERVISION = table(Supervision)
UNDER_SUPERVISION: Final = Text(
    "这个环节已经挂牌督办，还没有摘牌。", "This step is under supervision already."
)


def put_under_supervision(work: Work, command: PutUnderSupervision) -> Mapping[str, Any]:
    """Ask for an answer by the end of a day. One supervision of a step at a time.

    Raises:
        NotFound, Stale, NotAllowed, AnswersRefused, StepImpossible
    """
    step = open_step(work, command.task_id)
    let_press(work, "press", step.org)
    answers = read_answers(work, "supervision", command.answers, "supervision_words")
    if open_of(work, step.id) is not None:
        raise StepImpossible(UNDER_SUPERVISION)
    last = cast(date, answers.values["answer_by"])
    ends = datetime.combine(last + timedelta(days=1), datetime.min.time(), SHANGHAI)
    work.sealed.update(answers.sealed)
    work.notes.update(task=step.id, office=told_office(step.org), answer_by=last.isoformat())
    kept = keep_entry(work, kind="put_under_supervision", command={"name": "none"})
    number = work.conn.scalar(
        insert(SUPERVISION).returning(SUPERVISION.c.id),
        {
            "case_id": work.row.id,
            "task_id": step.id,
            "org": step.org,
            "role": step.role,
            "opened_at": work.at,
            "opened_by": work.actor.account_id,
            "opened_org": work.actor.org,
            "opened_seq": kept["seq"],
            "answer_by": ends,
            "next_alarm_at": ends,
        },
    )
    tell(
        work,
        "supervised",
        owing(step.org, step.role, step.assigned_seat),
        {"step": step.name, "due": ends.isoformat(), "supervision": number},
    )
    return kept


def owing(org: str, role: str, seat: int | None = None) -> list[Desk]:
    """Who has to answer: the holder of the step, and in the township its leader as well."""
    desks = [Desk(org, role, seat)]
    if kind_of(org) == "government" and not org.endswith("000000"):
        desks.append(Desk(f"{org[:9]}000", "TLEAD"))
    return desks


def open_of(work: Work, task_id: int) -> Any:
    """The supervision of a step that has not ended, or None."""
    return work.conn.execute(
        select(SUPERVISION).where(
            SUPERVISION.c.case_id == work.row.id,
            SUPERVISION.c.task_id == task_id,
            SUPERVISION.c.ended_at.is_(None),
        )
    ).first()


def _standing(work: Work, supervision_id: int) -> Any:
    row = work.conn.execute(select(SUPERVISION).where(SUPERVISION.c.id == supervision_id)).one_or_none()
    if row is None or row.case_id != work.row.id:
        raise NotFound()
    if row.ended_at is not None:
        raise StepImpossible(Text("这次督办已经摘牌。", "This supervision has ended."))
    return row


def answer_supervision(work: Work, command: AnswerSupervision) -> Mapping[str, Any]:
    """The office answers; a later answer replaces an earlier one until the supervisor accepts it.

    Raises:
        NotFound, NotAllowed, AnswersRefused, StepImpossible
    """
    row = _standing(work, command.supervision_id)
    actor = work.actor
    require(
        actor,
        "answer_supervision",
        work.row.village,
        relatives_of=kinship.relatives_of(work.conn, work.row.applicant_id),
    )
    holds = (actor.org, actor.role) == (row.org, row.role)
    if not holds and not (actor.role == "TLEAD" and oversees(actor.org, row.org)):
        raise refusal("area")
    answers = read_answers(work, "supervision_answer", command.answers, "answer_words")
    work.sealed.update(answers.sealed)
    work.notes.update(supervision=row.id, cause=answers.variables["answer_cause"])
    kept = keep_entry(work, kind="supervision_answered", command={"name": "none"})
    _change(
        work,
        row.id,
        answered_at=work.at,
        answered_by=actor.account_id,
        answered_seq=kept["seq"],
        next_alarm_at=None,
    )
    tell(work, "answered", [Desk(row.opened_org, "SUP")], {"supervision": row.id})
    return kept


def end_supervision(work: Work, command: EndSupervision) -> Mapping[str, Any]:
    """The supervisor accepts the answer.

    Raises:
        NotFound, NotAllowed, StepImpossible (no answer yet, or ended)
    """
    row = _standing(work, command.supervision_id)
    let_press(work, "press", row.org)
    if row.answered_at is None:
        raise StepImpossible(
            Text("还没有收到答复，不能摘牌。可以再催办。", "There is no answer yet. You may urge again.")
        )
    work.notes.update(supervision=row.id)
    kept = keep_entry(work, kind="supervision_ended", command={"name": "none"})
    _change(work, row.id, ended_at=work.at, ended_by=work.actor.account_id, ended_seq=kept["seq"])
    tell(work, "supervision_ended", owing(row.org, row.role), {"supervision": row.id})
    return kept


def remind_of_answer(work: Work, command: RemindOfAnswer) -> Mapping[str, Any]:
    """The day has passed without an answer: the office and the supervisor are told, once.

    Raises:
        NotFound, StepImpossible
    """
    row = _standing(work, command.supervision_id)
    if row.next_alarm_at is None or row.next_alarm_at > work.at:
        raise StepImpossible(NOTHING_DUE)
    work.notes.update(supervision=row.id, office=told_office(row.org))
    kept = keep_entry(work, kind="supervision_answer_overdue", command={"name": "none"})
    _change(work, row.id, next_alarm_at=None)
    desks = [*owing(row.org, row.role), Desk(row.opened_org, "SUP")]
    tell(work, "answer_overdue", desks, {"supervision": row.id, "due": row.answer_by.isoformat()})
    return kept


def _change(work: Work, supervision_id: int, **values: Any) -> None:
    work.conn.execute(update(SUPERVISION).where(SUPERVISION.c.id == supervision_id).values(**values))
