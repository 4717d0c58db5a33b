"""An open step as `permissions` sees it: who has acted in the case, and who is a relative. Built here alone.

What has been done is gathered in two ways: of the one who acts, on the hot path, and of everybody, for a
supervisor who looks for somebody to hand a step to. What it means for the step is said once, in `facts`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, Connection, bindparam, select

from bpmn import Text
from workflow.cases.work import Work
from workflow.permissions import TaskFacts, in_area, kind_of
from workflow.register import kinship
from workflow.rules import Rules
from workflow.store.models import CaseLink, Task, table
from workflow.store.prepared import Prepared

TASK, LINK = table(Task), table(CaseLink)
APART: Final = "original"
"""In the property `apart` of a step: nobody does it who did a step of the case this one was opened from."""
_NOBODY: Final[frozenset[int]] = frozenset()
_DOERS = Prepared(
    select(TASK.c.node)
    .where(TASK.c.case_id == bindparam("case_id"), TASK.c.done_account == bindparam("account_id"))
    .distinct()
)
_ACTED = Prepared(
    # whether this account did a step of a case that this one was opened from
    select(TASK.c.done_account)
    .join(LINK, LINK.c.other_id == TASK.c.case_id)
    .where(LINK.c.case_id == bindparam("case_id"), TASK.c.done_account == bindparam("account_id"))
    .distinct()
)


_CASES: BindParameter[UUID] = bindparam("cases", expanding=True)
_DONE_OF_ALL = (
    select(TASK.c.case_id, TASK.c.node, TASK.c.done_account)
    .where(TASK.c.case_id.in_(_CASES), TASK.c.done_account.is_not(None))
    .distinct()
)
_BEFORE_OF_ALL = (
    select(LINK.c.case_id, TASK.c.done_account)
    .join(TASK, TASK.c.case_id == LINK.c.other_id)
    .where(LINK.c.case_id.in_(_CASES), TASK.c.done_account.is_not(None))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Acts:
    """What accounts have done: `doers` step → accounts in this case, `before` in the case it was opened
    from, `relatives` of the applicant's household.
    """

    doers: Mapping[str, Collection[int]] = field(default_factory=dict)
    before: frozenset[int] = _NOBODY
    relatives: frozenset[int] = _NOBODY


def facts(rules: Rules, case: Any, task: Any, acts: Acts, assigned: frozenset[int] | None) -> TaskFacts:
    """What follows for one step: the opener of the case is the doer of its start event (SD-1)."""
    properties = rules.model.node(task.process, task.node).properties
    not_by = frozenset(properties.get("not_by", "").split())
    start = rules.model.flows[case.flow].start
    doers = {node: acts.doers[node] for node in not_by & acts.doers.keys()}
    if start in not_by and case.opened_by is not None:
        doers[start] = {case.opened_by, *doers.get(start, ())}
    return TaskFacts(
        role=task.role,
        org=task.org,
        node=task.node,
        not_by=not_by,
        village=case.village,
        township=case.township,
        county=case.county,
        doers=doers,
        applicant_relatives_of=acts.relatives,
        acted_before=acts.before if properties.get("apart") == APART else _NOBODY,
        assigned=assigned,
        named=assigned is not None and not in_area(task.org, kind_of(task.org), case.village),
        name=Text(task.name, task.name),
    )


def facts_for_actor(work: Work, task: Any, *, related: bool) -> TaskFacts:
    """The step for whoever acts now; whether others did something changes nothing for this person.

    `related`: this person has filed the applicant, or somebody of the household, as a relative.
    """
    case, account = work.row, work.actor.account_id
    properties = work.rules.model.node(task.process, task.node).properties
    me, mine = frozenset({account}), {"case_id": case.id, "account_id": account}
    doers = {row.node: me for row in _DOERS.all(work.conn, mine)} if properties.get("not_by") else {}
    acted = _ACTED.scalar(work.conn, mine) if properties.get("apart") == APART else None
    assigned = None
    if task.assigned_seat is not None:
        covers = work.actor.seat_id if work.actor.stands_for == task.assigned_seat else task.assigned_seat
        assigned = frozenset({task.assigned_seat, covers})
    acts = Acts(doers, _NOBODY if acted is None else me, me if related else _NOBODY)
    return facts(work.rules, case, task, acts, assigned)


def acts_of_all(conn: Connection, cases: Iterable[Any]) -> Mapping[UUID, Acts]:
    """Case id → what everybody has done there, for any number of cases in three questions."""
    applicants = {case.id: case.applicant_id for case in cases}
    wanted = {"cases": list(applicants)}
    doers: dict[UUID, dict[str, set[int]]] = {}
    for case_id, node, account in conn.execute(_DONE_OF_ALL, wanted):
        doers.setdefault(case_id, {}).setdefault(node, set()).add(account)
    before: dict[UUID, set[int]] = {}
    for case_id, account in conn.execute(_BEFORE_OF_ALL, wanted):
        before.setdefault(case_id, set()).add(account)
    relatives = kinship.relatives_of_all(conn, applicants.values())
    return {
        case_id: Acts(
            doers.get(case_id, {}), frozenset(before.get(case_id, ())), relatives.get(person, _NOBODY)
        )
        for case_id, person in applicants.items()
    }
