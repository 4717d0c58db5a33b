"""What earlier steps of a case have sealed: the personal values of its log entries."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from workflow.cases.work import Work
from workflow.store.models import Task
from workflow.store.prepared import Prepared, PreparedFor

_DONE = Prepared(
    select(func.max(Task.done_seq).label("seq")).where(
        Task.case_id == bindparam("case"), Task.node == bindparam("node"), Task.done_account.is_not(None)
    )
)
_DONE_EACH = PreparedFor(
    Task.node,
    lambda nodes: (
        select(Task.node, func.max(Task.done_seq).label("seq"))
        .where(Task.case_id == bindparam("case"), Task.node.in_(nodes), Task.done_account.is_not(None))
        .group_by(Task.node)
    ),
)


def sealed_at(work: Work, seq: int) -> Mapping[str, Any]:
    """The personal values of one earlier entry of the case."""
    return work.house.vault.open(work.conn, work.row.id, seq)


def sealed_of(work: Work, node: str) -> Mapping[str, Any]:
    """What the newest completion of a step has sealed; empty when it was never done."""
    seq = _DONE.scalar(work.conn, {"case": work.row.id, "node": node})
    return {} if seq is None else sealed_at(work, seq)


def sealed_of_each(work: Work, nodes: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The same of several steps, in the order they are named; those never done are left out."""
    newest = {row.node: row.seq for row in _DONE_EACH.all(work.conn, nodes, {"case": work.row.id})}
    return {node: sealed_at(work, newest[node]) for node in nodes if node in newest}
