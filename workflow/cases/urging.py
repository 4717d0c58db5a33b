"""催办: a supervisor presses whoever holds a step. The due date stays."""

from collections.abc import Mapping
from typing import Any

from workflow.cases.keeping import keep_entry, told_office
from workflow.cases.overseeing import let_press, open_step, read_answers
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.supervisor_commands import Urge


def urge(work: Work, command: Urge) -> Mapping[str, Any]:
    """Write the urging into the log and into the inbox of the step's holders.

    Raises:
        NotFound, Stale, NotAllowed, AnswersRefused
    """
    step = open_step(work, command.task_id)
    let_press(work, "press", step.org)
    answers = read_answers(work, "urge", command.answers, "urge_words")
    due = step.due_at and step.due_at.isoformat()
    work.sealed.update(answers.sealed)
    work.notes.update(task=step.id, office=told_office(step.org), due=due)
    kept = keep_entry(work, kind="step_urged", command={"name": "none"})
    tell(
        work,
        "urged",
        [Desk(step.org, step.role, step.assigned_seat)],
        {"step": step.name, "due": due, "seq": kept["seq"]},
    )
    return kept
