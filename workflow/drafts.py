"""What somebody has typed into a step and not yet submitted; one draft per step and person.

Papers that came with it are named by their digests: their bytes already lie in the store.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from workflow.commands import NewPaper, Raw
from workflow.store.models import Draft


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as it was saved."""

    answers: Raw
    papers: tuple[NewPaper, ...]
    saved_at: datetime


def _mine(case_id: UUID, task_id: int, account_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Draft.case_id == case_id, Draft.task_id == task_id, Draft.account_id == account_id)


def keep(
    conn: Connection,
    case_id: UUID,
    task_id: int,
    account_id: int,
    answers: Raw,
    papers: Sequence[NewPaper],
    at: datetime,
) -> None:
    """Save a draft over the one before; in the caller's transaction."""
    values = {"answers": dict(answers), "papers": [asdict(paper) for paper in papers]}
    changed = conn.execute(
        update(Draft).where(*_mine(case_id, task_id, account_id)).values(values=values, saved_at=at)
    )
    if changed.rowcount == 0:
        conn.execute(
            insert(Draft),
            {
                "case_id": case_id,
                "task_id": task_id,
                "account_id": account_id,
                "values": values,
                "saved_at": at,
            },
        )


def read(conn: Connection, case_id: UUID, task_id: int, account_id: int) -> Kept | None:
    row = conn.execute(
        select(Draft.values, Draft.saved_at).where(*_mine(case_id, task_id, account_id))
    ).first()
    if row is None:
        return None
    values = row._mapping["values"]  # a row has a method of that name
    return Kept(values["answers"], tuple(NewPaper(**paper) for paper in values["papers"]), row.saved_at)


def drop(conn: Connection, case_id: UUID, task_id: int) -> None:
    """The step is done: nobody's draft of it is needed any more."""
    conn.execute(delete(Draft).where(Draft.case_id == case_id, Draft.task_id == task_id))
