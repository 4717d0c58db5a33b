"""What another case brings into a recovery: aid of the person that was set off."""

from collections.abc import Mapping
from typing import Any

from workflow import amounts, engine
from workflow.actor import SYSTEM
from workflow.cases import recoveries
from workflow.cases.receiving import receive
from workflow.cases.setting_off import AGREED, HEARD
from workflow.cases.work import Work
from workflow.cases.working import task_of
from workflow.commands import SetOff
from workflow.errors import NotFound


def receive_set_off(work: Work, command: SetOff) -> Mapping[str, Any]:
    """Aid of another case has been set off against what is owed here; the program's own command.

    Raises:
        NotFound: somebody else gives it.
        StepImpossible: this case does not wait for it.
    """
    if work.actor is not SYSTEM:
        raise NotFound()
    recoveries.book(
        work,
        amount=amounts.yuan(command.fen),
        received_on=work.today,
        kind=AGREED,
        from_case=command.from_case,
    )
    brought = {"set_off_made_fen": command.fen}
    work.notes.update(answers=brought, from_case=command.from_case.hex)
    return receive(work, engine.Message(HEARD, brought), HEARD, task_of(work, work.row.flow, HEARD))
