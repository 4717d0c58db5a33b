"""暂停、恢复办理: a case rests while it is contested or looked into elsewhere (domain 2.26).

The diagrams wait for the signals `case_paused` and `case_resumed`; while a case rests all its clocks
stand still and no other step of it can be done. Where a review of the case ends, it goes on by itself.
"""

from collections.abc import Mapping
from typing import Any

from bpmn import Text
from workflow import engine, forms
from workflow.actor import SYSTEM
from workflow.cases.receiving import receive
from workflow.cases.work import Work
from workflow.cases.working import task_of
from workflow.commands import PauseCase, ResumeCase
from workflow.errors import StepImpossible
from workflow.permissions import require
from workflow.register import kinship


def pause_case(work: Work, command: PauseCase) -> Mapping[str, Any]:
    """All clocks of the case stand from now on.

    Raises:
        NotAllowed, AnswersRefused, StepImpossible (it rests already, or is over)
    """
    return _signal(work, command, "case_paused")


def resume_case(work: Work, command: ResumeCase) -> Mapping[str, Any]:
    """The case goes on where it stood; its clocks run on.

    Raises:
        NotAllowed, AnswersRefused, StepImpossible (it does not rest)
    """
    return _signal(work, command, "case_resumed")


def _signal(work: Work, command: PauseCase | ResumeCase, signal: str) -> Mapping[str, Any]:
    form = work.rules.rulebook.forms["pause_case" if signal == "case_paused" else "resume_case"]
    if work.actor is not SYSTEM:
        relatives = kinship.relatives_of(work.conn, work.row.applicant_id)
        require(work.actor, "pause_case", area=work.row.village, relatives_of=relatives)
    answers = forms.check(form, command.answers, {}, today=work.today)
    if signal == "case_paused" and "case_resumed" in engine.awaited(work.rules.model, work.row.engine):
        raise StepImpossible(Text("本案已经暂停办理。", "The case rests already."))
    work.sealed.update(answers.sealed)
    work.notes.update(answers=dict(answers.variables))
    return receive(work, engine.Signal(signal), signal, task_of(work, work.row.flow, signal))
