"""Running cases that live by other rules, and the move of one of them: what command and page share."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, func, select

from bpmn import Text
from workflow.actor import Actor
from workflow.commands import MigrateCase
from workflow.errors import MoveImpossible, NotAllowed, WorkflowError
from workflow.handle import handle
from workflow.house import House
from workflow.permissions import require
from workflow.register import kinship
from workflow.store.models import Case, table

CASE = table(Case)


def waiting(
    conn: Connection, target: str, flow: str | None = None, *, skip: int = 0, most: int | None = None
) -> list[UUID]:
    """The running cases under other rules than `target`, oldest first."""
    chosen = select(CASE.c.id).where(CASE.c.closed_at.is_(None), CASE.c.rulebook != target)
    if flow is not None:
        chosen = chosen.where(CASE.c.flow == flow)
    return list(conn.scalars(chosen.order_by(CASE.c.opened_at, CASE.c.id).offset(skip).limit(most)))


def waiting_by_flow(conn: Connection, target: str) -> Mapping[str, int]:
    """Flow → how many `waiting` would give."""
    rows = conn.execute(
        select(CASE.c.flow, func.count())
        .where(CASE.c.closed_at.is_(None), CASE.c.rulebook != target)
        .group_by(CASE.c.flow)
    )
    return {flow: int(number) for flow, number in rows}


def those_known(conn: Connection, cases: Sequence[UUID]) -> list[UUID]:
    """Those of the ids that are cases, in their order."""
    known = set(conn.scalars(select(CASE.c.id).where(CASE.c.id.in_(cases))))
    return [case for case in cases if case in known]


def barred(conn: Connection, actor: Actor, cases: Sequence[UUID]) -> Mapping[UUID, Text]:
    """The cases this person may not move, such as those of relatives, each with the rule that forbids it."""
    rows = conn.execute(select(CASE.c.id, CASE.c.village, CASE.c.applicant_id).where(CASE.c.id.in_(cases)))
    found, refused = rows.all(), dict[UUID, Text]()
    kin = kinship.relatives_of_all(conn, [row.applicant_id for row in found])
    for row in found:
        relatives = kin.get(row.applicant_id, frozenset())
        try:
            require(actor, "migrate_case", row.village, met=("second_person",), relatives_of=relatives)
        except NotAllowed as rule:
            refused[row.id] = rule.message
    return refused


def move(house: House, actor: Actor, case: UUID, target: str, request_id: str) -> tuple[Text, ...]:
    """One case in a transaction of its own; why not, if it was refused."""
    try:
        handle(house, actor, MigrateCase(case, target), at=house.now(), request_id=request_id)
    except MoveImpossible as refused:
        return refused.reasons
    except WorkflowError as refused:
        return (refused.message,)
    return ()
