"""One open step as the person who does it finds it: the form, what it demands, and whether they may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from bpmn import Form, Text
from workflow import engine
from workflow.actor import Actor
from workflow.cases.eligibility import facts_for_actor
from workflow.cases.papers import kinds_there
from workflow.cases.work import Work
from workflow.cases.working import what_happened
from workflow.errors import FieldFault, NotAllowed, NotFound, Stale
from workflow.house import House
from workflow.permissions import require_can_complete
from workflow.reading.looking import looking
from workflow.reading.worklist import first_keys
from workflow.register.kinship import relatives_of
from workflow.register.seating import is_away, require_there
from workflow.rules import Rules
from workflow.store.models import Task, table
from workflow.store.prepared import Prepared

_STEP = Prepared(
    select(table(Task)).where(Task.case_id == bindparam("case_id"), Task.id == bindparam("task_id"))
)
CANDIDATES = 10  # how many of a seat's next steps are tried for one its holder may do


@dataclass(frozen=True, slots=True)
class Desk:
    """A step to be done. `kinds`: papers to upload here; `missing`: those it cannot go without."""

    case_id: UUID
    task_id: int
    node: str
    process: str
    name: str
    form: Form
    rules: Rules
    variables: Mapping[str, Any]
    kinds: Mapping[str, Text]
    missing: tuple[str, ...]
    present: tuple[str, ...]
    refusal: NotAllowed | None

    def lacking(self, given: Sequence[str]) -> list[FieldFault]:
        """A fault for every paper that is demanded and neither there nor given now."""
        return [
            FieldFault(
                f"paper.{kind}",
                Text(f"还没有上传{self.kinds[kind].zh}", f"{self.kinds[kind].en} is missing"),
            )
            for kind in self.missing
            if kind not in given
        ]


def desk(house: House, conn: Connection, actor: Actor, case_id: UUID, task_id: int, now: datetime) -> Desk:
    """Read one open step.

    Raises:
        NotFound: there is no such step, or it is no work of a person.
        Stale: somebody has done it.
    """
    work = looking(house, conn, actor, case_id, now)
    task = _STEP.first(conn, {"case_id": case_id, "task_id": task_id})
    if task is None or task.kind != "user" or task.form is None:
        raise NotFound()
    if task.done_at is not None:
        raise Stale(what_happened(work, task))
    node = work.rules.model.node(task.process, task.node)
    variables = engine.variables(work.rules.model, work.row.engine, task.id)
    demanded = tuple(node.properties.get("evidence", "").split())
    asked = [kind for kind in variables.get("missing") or () if node.id == "receive_supplement"]
    papers = work.rules.rulebook.papers
    there = kinds_there(work, task.opened_at)
    return Desk(
        case_id=case_id,
        task_id=task_id,
        node=task.node,
        process=task.process,
        name=task.name,
        form=work.rules.rulebook.forms[task.form],
        rules=work.rules,
        variables=variables,
        kinds={kind: papers[kind].name for kind in dict.fromkeys((*demanded, *asked))},
        missing=tuple(kind for kind in demanded if kind not in there),
        present=tuple(kind for kind in demanded if kind in there),
        refusal=_refusal(work, task),
    )


def _refusal(work: Work, task: Any) -> NotAllowed | None:
    try:
        require_there(is_away(work.conn, work.actor, work.today))
        related = work.actor.account_id in relatives_of(work.conn, work.row.applicant_id)
        require_can_complete(work.actor, facts_for_actor(work, task, related=related))
    except NotAllowed as refusal:
        return refusal
    return None


def next_step(house: House, conn: Connection, actor: Actor, now: datetime) -> tuple[UUID, int] | None:
    """The next step of the seat that this very person may do: not one of a relative, not after an own one."""
    for case_id, task_id in first_keys(conn, actor, CANDIDATES):
        work = looking(house, conn, actor, case_id, now)
        task = _STEP.first(conn, {"case_id": case_id, "task_id": task_id})
        if _refusal(work, task) is None:
            return case_id, task_id
    return None
