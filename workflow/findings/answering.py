"""整改: the office answers; and what is told when D36 runs out or a re-look is due."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import update

from workflow.alerts.recipients import HOLDER, alert_rules
from workflow.cases.keeping import told_office
from workflow.cases.refusing import log_system
from workflow.cases.telling import Desk, desk_of, tell
from workflow.cases.work import Handler, Work
from workflow.deadlines import Run, alarms
from workflow.errors import NOTHING_DUE, StepImpossible
from workflow.finding_commands import (
    AcceptFinding,
    AnswerFinding,
    CloseFinding,
    DiscardFinding,
    DraftFinding,
    RemindOfFinding,
    ReturnFinding,
    SendFinding,
)
from workflow.findings import inspecting
from workflow.findings.keeping import FINDING, LIMIT, begin, keep, limit_of, read_words, standing
from workflow.findings.offices import desks_of

RELOOK: Final = "relook"


def answer(work: Work, command: AnswerFinding) -> Mapping[str, Any]:
    """Say what was done about it, with papers.

    Raises:
        NotFound, NotAllowed, AnswersRefused, StepImpossible
    """
    row = begin(work, command.finding_id, "answer")
    answers = read_words(work, "answer", command.answers)
    kept = keep(
        work, row.id, "answer", {}, answers.sealed, command.papers,
        answered_at=work.at, next_alarm_at=None, next_alarm=None,
    )  # fmt: skip
    tell(work, "finding_answered", [inspecting.inspectors(row)], {"finding": row.id})
    return kept


def remind(work: Work, command: RemindOfFinding) -> Mapping[str, Any]:
    """The next warning of D36 to those whom bpmn/alerts.toml names for its level, or, on its day, of the
    re-look to the inspectors; each once.

    Raises:
        NotFound, StepImpossible: nothing is due
    """
    row = standing(work, command.finding_id)
    if row.next_alarm_at is None or row.next_alarm_at > work.at:
        raise StepImpossible(NOTHING_DUE)
    if row.next_alarm == RELOOK:
        desks, due = [inspecting.inspectors(row)], row.relook_on.isoformat()
        tell(work, "finding_relook", desks, {"finding": row.id})
        following = None
    else:
        desks, due = _warned(work, row), row.answer_by.isoformat()
        params = {"limit": LIMIT, "level": row.next_alarm, "due": due, "finding": row.id}
        tell(work, "deadline", desks, params)
        coming = alarms(Run(limit_of(work), row.owed_since), work.calendar)
        following = next((one for one in coming if one.at > row.next_alarm_at), None)
    work.conn.execute(
        update(FINDING)
        .where(FINDING.c.id == row.id)
        .values(next_alarm_at=following and following.at, next_alarm=following and following.level)
    )
    told = [f"{desk.role}@{told_office(desk.org)}" for desk in desks]
    facts: dict[str, object] = {"finding": row.id, "level": row.next_alarm, "due": due, "told": told}
    seq = log_system(work.house, work.conn, work.actor, "finding_reminded", facts, work.at, work.request_id)
    return {"case_id": work.row.id.hex, "number": str(row.id), "seq": seq}


def _warned(work: Work, row: Any) -> list[Desk]:
    """Who hears of a level: the office for the holder, the inspectors who asked for those of that role."""
    book = work.house.rules().rulebook
    words = alert_rules(book).stations(row.next_alarm, limit_of(work))
    desks: list[Desk] = []
    for word in words:
        if word == HOLDER:
            desks += desks_of(work, row.org)
        else:
            desk = desk_of(work, book.station(word))
            desks.append(inspecting.inspectors(row) if desk.role == "INSP" else desk)
    return list(dict.fromkeys(desks))


HANDLERS: Mapping[type, Handler] = {
    DraftFinding: inspecting.draft,
    DiscardFinding: inspecting.discard,
    SendFinding: inspecting.send,
    AnswerFinding: answer,
    ReturnFinding: inspecting.send_back,
    AcceptFinding: inspecting.accept,
    CloseFinding: inspecting.close,
    RemindOfFinding: remind,
}
