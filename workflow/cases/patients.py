"""Which cases are a hospital's own: those it has asked for, and those with a step of its own (domain 6.1)."""

from uuid import UUID

from sqlalchemy import CompoundSelect, Connection, exists, select, union

from workflow.store.models import Advance, Task


def own_cases(org: str) -> CompoundSelect[tuple[UUID]]:
    """Ids of the cases of one hospital, for lists."""
    return union(
        select(Advance.case_id).where(Advance.asked_by == org), select(Task.case_id).where(Task.org == org)
    )


def is_own(conn: Connection, org: str, case_id: UUID) -> bool:
    asked = exists().where(Advance.case_id == case_id, Advance.asked_by == org)
    worked = exists().where(Task.case_id == case_id, Task.org == org)
    return bool(conn.scalar(select(asked | worked)))
