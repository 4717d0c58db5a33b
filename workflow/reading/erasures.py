"""Erasures as pages show them: what waits for the second person, and what has been kept long enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.orm import aliased

from bpmn import Text
from bpmn.retention import Basis
from workflow.actor import Actor
from workflow.cases.erasing import UNDECIDED
from workflow.house import House
from workflow.reading.cases import CaseLine, area_of, lines_of
from workflow.reading.timeline import open_all
from workflow.retention import case_is_over
from workflow.store.models import Account, Case, Erasure

SHOWN: Final = 50
STATES: Final = {
    "open": Text("等待第二人确认", "waits for the second person"),
    "confirmed": Text("已确认，等待执行", "confirmed, waits to be carried out"),
    "done": Text("已删除", "erased"),
    "refused": Text("未同意", "refused"),
    "withdrawn": Text("已撤回", "taken back"),
}
_PROPOSER, _DECIDER = aliased(Account), aliased(Account)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`reason` and `answer` are None once they are erased themselves."""

    id: int
    basis: Text
    law: str
    state: str
    proposer_id: int
    proposer: str
    proposed_at: datetime
    reason: str | None
    decider: str | None
    decided_at: datetime | None
    answer: str | None

    @property
    def standing(self) -> Text:
        return STATES[self.state]


@dataclass(frozen=True, slots=True)
class Overview:
    """`waiting`: proposals to decide; `confirmed`: decided, not carried out yet; `due`: cases kept long
    enough, at most SHOWN of `total`.
    """

    waiting: Sequence[CaseLine]
    confirmed: Sequence[CaseLine]
    due: Sequence[CaseLine]
    total: int


def proposals_of(house: House, conn: Connection, case: Any) -> list[Proposal]:
    """Everything that was ever proposed for a case, the newest first."""
    rows = conn.execute(
        select(Erasure.__table__, _PROPOSER.name.label("proposer"), _DECIDER.name.label("decider"))
        .join(_PROPOSER, _PROPOSER.id == Erasure.proposed_by)
        .outerjoin(_DECIDER, _DECIDER.id == Erasure.decided_by)
        .where(Erasure.case_id == case.id)
        .order_by(Erasure.id.desc())
    ).all()
    sealed = open_all(house, conn, case.id) if rows else {}
    bases = house.retention().bases
    return [_proposal(row, bases.get(row.basis), sealed) for row in rows]


def _proposal(row: Any, basis: Basis | None, sealed: Mapping[int, Mapping[str, Any]]) -> Proposal:
    return Proposal(
        id=row.id,
        basis=basis.name if basis else Text(row.basis, row.basis),
        law=basis.law if basis else "",
        state=row.state,
        proposer_id=row.proposed_by,
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        reason=sealed.get(row.proposed_seq, {}).get("reason"),
        decider=row.decider,
        decided_at=row.decided_at,
        answer=sealed.get(row.decided_seq, {}).get("reason"),
    )


def overview(house: House, conn: Connection, actor: Actor, at: datetime) -> Overview:
    """For the reader's area."""
    book, within = house.rules().rulebook, area_of(actor.org)
    proposed = exists().where(Erasure.case_id == Case.id)
    waiting = select(Case.id).where(within, proposed.where(Erasure.state == "open")).limit(SHOWN)
    confirmed = select(Case.id).where(within, proposed.where(Erasure.state == "confirmed")).limit(SHOWN)
    unfinished = proposed.where(Erasure.state.in_(UNDECIDED))
    due = select(Case.id).where(within, case_is_over(house.retention(), at), ~unfinished)
    return Overview(
        lines_of(conn, book, waiting.subquery()),
        lines_of(conn, book, confirmed.subquery()),
        lines_of(conn, book, due.order_by(Case.closed_at, Case.id).limit(SHOWN).subquery()),
        conn.scalar(select(func.count()).select_from(due.subquery())) or 0,
    )
