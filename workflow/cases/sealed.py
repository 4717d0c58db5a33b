"""What earlier steps of a case have sealed: the personal values of its log entries."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select

from workflow.cases.work import Work
from workflow.store.models import Task
from workflow.store.prepared import Prepared

_DONE = Prepared(
    select(func.max(Task.done_seq).label("seq")).where(
        Task.case_id == bindparam("case"), Task.node == bindparam("node"), Task.done_account.is_not(None)
    )
)


def sealed_at(work: Work, seq: int) -> Mapping[str, Any]:
    """The personal values of one earlier entry of the case."""
    return work.house.vault.open(work.conn, work.row.id, seq)


def sealed_of(work: Work, node: str) -> Mapping[str, Any]:
    """What the newest completion of a step has sealed; empty when it was never done."""
    seq = _DONE.scalar(work.conn, {"case": work.row.id, "node": node})
    return {} if seq is None else sealed_at(work, seq)
