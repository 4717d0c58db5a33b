"""The applicant leaves the procedure: takes the application back, or has died."""

from collections.abc import Mapping
from typing import Any

from bpmn import Text
from workflow import engine, forms
from workflow.cases.receiving import receive
from workflow.cases.stepping import in_order
from workflow.cases.work import Work
from workflow.cases.working import task_of
from workflow.commands import ReportDeath, Withdraw
from workflow.errors import StepImpossible
from workflow.permissions import require
from workflow.register import kinship

DEATH = "PAUSED_DEATH"


def withdraw(work: Work, command: Withdraw) -> Mapping[str, Any]:
    """Until the decision is signed the applicant may take the application back."""
    return _leave(
        work, command, "withdraw", message="withdrawn", form="withdrawal", kind="application_withdrawn"
    )


def report_death(work: Work, command: ReportDeath) -> Mapping[str, Any]:
    """Somebody reports that the applicant has died: everything rests until the township has verified it.

    Raises:
        StepImpossible: a report is being verified already, or the case is over.
    """
    if work.row.state == DEATH:
        raise StepImpossible(
            Text("已有死亡报告正在核实。", "A report of the death is being verified already.")
        )
    return _leave(
        work, command, "report_death", message="applicant_died", form="death", kind="death_reported"
    )


def _leave(
    work: Work, command: Withdraw | ReportDeath, action: str, *, message: str, form: str, kind: str
) -> Mapping[str, Any]:
    relatives = kinship.relatives_of(work.conn, work.row.applicant_id)
    require(work.actor, action, area=work.row.village, relatives_of=relatives)
    answers = forms.check(work.rules.rulebook.forms[form], command.answers, {}, today=work.today)
    work.sealed.update(answers.sealed)
    work.notes.update(answers=dict(answers.variables))
    event = engine.Message(message, in_order(answers.variables))
    return receive(work, event, kind, task_of(work, work.row.flow, message))
