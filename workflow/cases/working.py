"""Complete one open task and move the case on."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from bpmn import Text
from workflow import engine, forms
from workflow.cases import asking, consequences, effects
from workflow.cases.eligibility import facts_for_actor
from workflow.cases.keeping import keep_step, standing
from workflow.cases.kept_clocks import read_clocks
from workflow.cases.papers import add_papers, kinds_there
from workflow.cases.stepping import advance, in_order
from workflow.cases.work import Work
from workflow.commands import CompleteTask, NewPaper
from workflow.errors import AnswersRefused, FieldFault, Happened, NotFound, Stale, StepImpossible
from workflow.permissions import require_can_complete
from workflow.store.models import Account, Task, table
from workflow.store.prepared import Prepared

TASK = table(Task)
_GONE = Prepared(
    select(TASK.c.kind, TASK.c.name, TASK.c.done_at, TASK.c.done_account, TASK.c.done_seq).where(
        TASK.c.case_id == bindparam("case_id"), TASK.c.id == bindparam("task_id")
    )
)


def complete_task(work: Work, command: CompleteTask) -> Mapping[str, Any]:
    """Check who, what and with which evidence; then let the engine take the step.

    Raises:
        NotFound, Stale, NotAllowed, AnswersRefused, StepImpossible
    """
    case = work.row
    task = _open_task(work, command.task_id)
    _require_not_resting(work, task)
    node = work.rules.model.node(task.process, task.node)
    require_can_complete(work.actor, facts_for_actor(work, task, related=case.related))
    variables = engine.variables(work.rules.model, case.engine, task.id)
    form = work.rules.rulebook.forms[task.form]
    answers = forms.check(form, command.answers, variables, today=work.today)
    _require_evidence(work, node.properties, task, command.papers)
    clocks = read_clocks(work)
    given = dict(answers.variables)
    work.typed = command.answers
    consequences.follow(work, form.id, answers)
    given.update(asking.ask(work, node.properties.get("facts", "").split(), {**variables, **given}))
    step = advance(work, engine.Complete(task.id, in_order(given)), clocks)
    add_papers(work, command.papers)
    work.sealed.update(answers.sealed)
    work.notes.update(answers=given)
    effects.follow(work, step, clocks)
    return keep_step(
        work,
        step,
        clocks,
        kind="task_completed",
        command={"name": "complete", "task": task.id},
        task=task_of(work, task.process, task.node),
        done=task.id,
    )


def _open_task(work: Work, number: int) -> Any:
    task = standing(work).places.get(number)
    if task is None:
        task = _GONE.first(work.conn, {"case_id": work.row.id, "task_id": number})
        if task is not None and task.kind == "user":
            raise Stale(what_happened(work, task))
    if task is None or task.kind != "user":
        raise NotFound()
    return task


def task_of(work: Work, process: str, node: str) -> dict[str, Any]:
    """How the log names a place in a diagram."""
    flow = work.rules.model.flows[process]
    return {"spec": process, "version": work.rules.digest[:12], "spec_sha256": flow.sha256, "node": node}


def what_happened(work: Work, task: Any) -> Happened:
    """Who closed this task and when, for the page of the one who came second."""
    name = None
    if task.done_account is not None:
        name = work.conn.scalar(select(Account.name).where(Account.id == task.done_account))
    return Happened(
        case_id=str(work.row.id),
        number=work.row.number,
        task=task.name,
        by=name or "",
        at=task.done_at,
        seq=task.done_seq or 0,
    )


def _require_not_resting(work: Work, task: Any) -> None:
    """While the whole case rests only the step that ends the rest can be done (domain 2.26)."""
    state = work.rules.rulebook.states[work.row.state]
    if state.blocks and task.state != state.id:
        raise StepImpossible(
            Text(
                f"本案现在{state.name.zh}，其他环节要等恢复后再办。",
                f"The case stands still ({state.name.en}); this step waits until it goes on.",
            )
        )


def _require_evidence(
    work: Work, properties: Mapping[str, str], task: Any, given: Sequence[NewPaper]
) -> None:
    """What the diagram demands must lie there: a paper made in this step since the step was opened,
    any other from whenever it came.
    """
    demanded = properties.get("evidence", "").split()
    if not demanded:
        return
    papers = work.rules.rulebook.papers
    there = {paper.kind for paper in given} | kinds_there(work, task.opened_at)
    missing = [kind for kind in demanded if kind not in there]
    if missing:
        raise AnswersRefused(
            [
                FieldFault(
                    f"paper_{kind}",
                    Text(f"还没有上传{papers[kind].name.zh}。", f"{papers[kind].name.en} is missing."),
                )
                for kind in missing
            ]
        )
