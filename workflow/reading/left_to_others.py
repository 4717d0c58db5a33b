"""Which steps of a list their reader must leave to somebody else: separation of duties, kinship (domain 6.2).

Asked of one page of a list at a time: first in which of its cases the reader has a hand at all (mostly in
none), then of those alone what the diagrams say.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, CompoundSelect, Connection, bindparam, select, tuple_, union
from sqlalchemy.orm import aliased

from workflow.actor import Actor
from workflow.cases.eligibility import acts_of_all, facts
from workflow.house import House
from workflow.permissions import can_complete
from workflow.register.kinship import of_one_home
from workflow.store.models import Case, CaseLink, Kin, Person, Task, table
from workflow.store.prepared import PreparedFor

_CASE, _TASK, _LINK = table(Case), table(Task), table(CaseLink)
Key = tuple[UUID, int]


def _with_a_hand(wanted: list[BindParameter[Any]]) -> CompoundSelect[UUID]:
    """The cases in which an account opened, did a step, did one of the case before, or has a relative."""
    me: BindParameter[int] = bindparam("account")
    member = aliased(Person)
    # the list is bound once: binding is most of what this costs
    here = select(_CASE.c.id, _CASE.c.opened_by, _CASE.c.applicant_id).where(_CASE.c.id.in_(wanted)).cte()
    return union(
        select(here.c.id).where(here.c.opened_by == me),
        select(here.c.id).join(_TASK, _TASK.c.case_id == here.c.id).where(_TASK.c.done_account == me),
        select(here.c.id)
        .join(_LINK, _LINK.c.case_id == here.c.id)
        .join(_TASK, _TASK.c.case_id == _LINK.c.other_id)
        .where(_TASK.c.done_account == me),
        select(here.c.id)
        .join(Person, Person.id == here.c.applicant_id)
        .join(member, of_one_home(Person, member))
        .join(Kin, Kin.id_number == member.id_number)
        .where(Kin.account_id == me),
    )


_HANDS = PreparedFor(_CASE.c.id, _with_a_hand)
_TOUCHED = select(_CASE).where(_CASE.c.id.in_(bindparam("cases", expanding=True)))
_NEAR = select(_TASK).where(tuple_(_TASK.c.case_id, _TASK.c.id).in_(bindparam("steps", expanding=True)))


def left_to_others(house: House, conn: Connection, actor: Actor, keys: Collection[Key]) -> frozenset[Key]:
    """Of the given open steps (case, step) of the actor's desk: those this person may not do."""
    if not keys:
        return frozenset()
    listed = [case_id for case_id, _ in keys]
    touched = {row.id for row in _HANDS.all(conn, listed, {"account": actor.account_id})}
    near = [key for key in keys if key[0] in touched]
    if not near:
        return frozenset()
    cases = {row.id: row for row in conn.execute(_TOUCHED, {"cases": list(touched)})}
    acts = acts_of_all(conn, cases.values())
    found = set()
    for task in conn.execute(_NEAR, {"steps": near}):
        case = cases[task.case_id]
        # a list holds what is handed to nobody, or to this very seat
        handed = None if task.assigned_seat is None else frozenset({actor.seat_id})
        step = facts(house.rules(case.rulebook), case, task, acts[case.id], handed)
        if not can_complete(actor, step):
            found.add((case.id, task.id))
    return frozenset(found)
