"""A matter: a case together with the ones in which the same bills were decided again (domain 2.11)."""

from uuid import UUID

from sqlalchemy import Connection, case, literal, or_, select

from workflow.store.models import CaseLink

REOPENING = "reopening"


def matter_of(conn: Connection, case_id: UUID) -> list[UUID]:
    """The case and all that it was decided again in, or that it decides again; the money is one."""
    found = select(literal(case_id, CaseLink.case_id.type).label("id")).cte("matter", recursive=True)
    tied = or_(CaseLink.case_id == found.c.id, CaseLink.other_id == found.c.id)
    other = case((CaseLink.case_id == found.c.id, CaseLink.other_id), else_=CaseLink.case_id)
    found = found.union(select(other).where(tied, CaseLink.kind == REOPENING))
    return list(conn.scalars(select(found.c.id)))
