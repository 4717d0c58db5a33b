"""A piece of work that only looks: the services' own questions about a case, without a lock."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from workflow.actor import Actor
from workflow.cases.work import Work
from workflow.house import House
from workflow.reading.case_row import read_case


def looking(house: House, conn: Connection, actor: Actor, case_id: UUID, now: datetime) -> Work:
    """The case with its rules, for questions alone.

    Raises:
        NotFound
    """
    work = Work(house, conn, actor, now, "")
    work.case = read_case(conn, case_id)
    work.rules = house.rules(work.row.rulebook)
    work.terms = work.rules.terms[work.row.policy or ""]
    return work
