"""删除个人信息: the personal data of a closed case are erased by two people, on a legal basis.

The key of its chain goes, and with it every sealed value; so do the texts that the program keeps beside the
log: papers, letters, postings, account numbers, drafts. The entries, their place in the tree and the replay
stay. The register of people is not part of the case and stays as well.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, delete, exists, insert, literal, select, update

from audit import READS, chain_of, head
from audit.erasing import destroy, has_key, may_destroy, sealed_names
from bpmn import Text
from bpmn.retention import Basis
from workflow.actor import SYSTEM
from workflow.cases.keeping import keep_entry
from workflow.cases.refusing import log_system
from workflow.cases.work import Handler, Work
from workflow.deadlines import SHANGHAI
from workflow.erasure_commands import ConfirmErasure, FinishErasure, ProposeErasure, RefuseErasure
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.permissions import may, refusal, require
from workflow.reasons import LONGEST, reason_faults
from workflow.register import kinship
from workflow.store.models import (
    Case,
    CaseLink,
    Draft,
    Erasure,
    Letter,
    Outbox,
    Paper,
    Payment,
    Posting,
    table,
)

ERASURE = table(Erasure)
NOT_CLOSED: Final = Text("案件还没有办结，不能删除。", "The case is not closed yet and cannot be erased.")
ERASED: Final = Text("这件案卷的个人信息已经删除。", "The personal data of this case have been erased.")
PROPOSED: Final = Text("已经有人提出删除，还没有办完。", "An erasure was proposed and is not finished yet.")
TIED: Final = Text(
    "由本案引起的案件还在办理，办结以前不能删除。",
    "A case that was opened from this one is still running; until it ends nothing can be erased.",
)
WAITING: Final = Text(
    "本案还有拨付单或归档文件没有送出，送出以后才能删除。",
    "Something of this case, an order or its volume, has not left the house yet.",
)
UNDECIDED: Final = ("open", "confirmed")
"""States of a proposal that is not at its end: a case has one of these at most."""
NONE: Mapping[str, Any] = {}


def propose(work: Work, command: ProposeErasure) -> Mapping[str, Any]:
    """Keep the proposal. Raises NotAllowed, AnswersRefused, StepImpossible."""
    action = "decide_erasure" if may(work.actor.role, "decide_erasure") else "propose_erasure"
    _allow(work, action)
    _require_erasable(work)
    known = work.house.retention().bases
    faults = []
    if command.basis not in known:
        faults.append(FieldFault("basis", Text("请选择法律依据", "Choose the legal basis")))
    elif not _over(work, known[command.basis]):
        words = Text("保存期还没有满，不能用这一项依据", "It has not been kept long enough for this basis")
        faults.append(FieldFault("basis", words))
    faults += reason_faults(command.reason)
    if faults:
        raise AnswersRefused(faults)
    number = work.conn.scalar(
        insert(ERASURE).returning(ERASURE.c.id),
        {
            "case_id": work.row.id, "basis": command.basis, "state": "open", "proposed_at": work.at,
            "proposed_by": work.actor.account_id, "proposed_seq": work.row.seq + 1,
        },
    )  # fmt: skip
    work.notes.update(proposal=number, basis=command.basis)
    work.sealed["reason"] = command.reason.strip()[:LONGEST]
    return keep_entry(work, kind="erasure_proposed", command={"name": "none"})


def confirm(work: Work, command: ConfirmErasure) -> Mapping[str, Any]:
    """Erase, or leave it to a process whose database user may (`finish`).

    Raises NotAllowed (also for one's own proposal), NotFound, StepImpossible.
    """
    _allow(work, "decide_erasure")
    row = _open(work, command.erasure_id)
    if row.proposed_by == work.actor.account_id:
        raise refusal("erasure")
    _require_erasable(work, proposed=True)
    if not may_destroy(work.conn):
        _decide(work, row.id, "confirmed")
        work.notes.update(proposal=row.id, basis=row.basis)
        return keep_entry(work, kind="erasure_confirmed", command={"name": "none"})
    _decide(work, row.id, "done")
    return erase(work, row.basis, [row.proposed_by, work.actor.account_id], {"proposal": row.id})


def finish(work: Work, command: FinishErasure) -> Mapping[str, Any]:
    """Erase what was confirmed under a database user that may not. Raises NotFound, StepImpossible."""
    if work.actor is not SYSTEM:
        raise refusal("erasure")
    row = _in_state(work, command.erasure_id, "confirmed")
    _require_erasable(work, proposed=True)
    work.conn.execute(update(ERASURE).where(ERASURE.c.id == row.id).values(state="done"))
    return erase(work, row.basis, [row.proposed_by, row.decided_by], {"proposal": row.id})


def refuse(work: Work, command: RefuseErasure) -> Mapping[str, Any]:
    """Whoever may confirm refuses; whoever proposed may take it back. Raises as `confirm`, AnswersRefused."""
    row = _open(work, command.erasure_id)
    mine = row.proposed_by == work.actor.account_id
    if not mine:
        _allow(work, "decide_erasure")
    if faults := reason_faults(command.reason):
        raise AnswersRefused(faults)
    _decide(work, row.id, "withdrawn" if mine else "refused")
    work.notes.update(proposal=row.id)
    work.sealed["reason"] = command.reason.strip()[:LONGEST]
    return keep_entry(work, kind="erasure_refused", command={"name": "none"})


HANDLERS: Mapping[type, Handler] = {
    ProposeErasure: propose,
    ConfirmErasure: confirm,
    FinishErasure: finish,
    RefuseErasure: refuse,
}


def erase(
    work: Work, basis: str, approved_by: list[int], more: Mapping[str, Any] = NONE
) -> Mapping[str, Any]:
    """Write the `erasure` entries of the locked case, in its chain and beside it in the log of reads, and
    destroy what they name.
    """
    conn, case_id = work.conn, work.row.id
    facts = {"basis": basis, "approved_by": approved_by, **more}
    through = work.row.seq
    work.notes = {**facts, "through": through, "fields": sealed_names(conn, case_id, through)}
    answer = keep_entry(work, kind="erasure", command={"name": "none"})
    destroy(conn, case_id, answer["seq"])
    beside = chain_of(case_id, READS)
    if has_key(conn, beside):
        _erase_reasons(work, beside, facts)
    _clear(work, case_id)
    return answer


def _erase_reasons(work: Work, chain: UUID, facts: Mapping[str, Any]) -> None:
    """Why people looked at the case is sealed too, and may name whom it is about."""
    through = head(work.conn, chain).seq
    told = {**facts, "through": through, "fields": sealed_names(work.conn, chain, through)}
    seq = log_system(
        work.house, work.conn, work.actor, "erasure", told, work.at, work.request_id,
        case=work.row.id, log=READS,
    )  # fmt: skip
    destroy(work.conn, chain, seq)


def _clear(work: Work, case_id: UUID) -> None:
    """What stands beside the log. The files themselves go by the outbox: a kill loses none of that."""
    conn = work.conn
    empty = literal({}, JSON)
    conn.execute(update(Case).where(Case.id == case_id).values(erased_at=work.at))
    conn.execute(update(Paper).where(Paper.case_id == case_id).values(name=""))
    conn.execute(update(Letter).where(Letter.case_id == case_id).values(fields=empty))
    conn.execute(update(Posting).where(Posting.case_id == case_id).values(masked=empty, board=empty))
    conn.execute(
        update(Payment).where(Payment.case_id == case_id).values(account_number="", account_holder="")
    )
    conn.execute(delete(Draft).where(Draft.case_id == case_id))
    conn.execute(
        insert(table(Outbox)),
        {"case_id": case_id, "kind": "erase_files", "payload": {}, "available_at": work.at, "attempts": 0},
    )


def _allow(work: Work, action: str) -> None:
    relatives = kinship.relatives_of(work.conn, work.row.applicant_id)
    require(work.actor, action, area=work.row.village, met={"second_person"}, relatives_of=relatives)


def _require_erasable(work: Work, proposed: bool = False) -> None:
    if work.row.closed_at is None:
        raise StepImpossible(NOT_CLOSED)
    if work.row.erased_at is not None:
        raise StepImpossible(ERASED)
    waiting = exists().where(ERASURE.c.case_id == work.row.id, ERASURE.c.state.in_(UNDECIDED))
    if not proposed and work.conn.scalar(select(waiting)):
        raise StepImpossible(PROPOSED)
    running = (
        exists()
        .where(CaseLink.other_id == work.row.id)
        .where(Case.id == CaseLink.case_id, Case.closed_at.is_(None))
    )
    if work.conn.scalar(select(running)):
        raise StepImpossible(TIED)
    out = table(Outbox).c
    unsent = exists().where(out.case_id == work.row.id, out.done_at.is_(None), out.gave_up_at.is_(None))
    if work.conn.scalar(select(unsent)):
        raise StepImpossible(WAITING)


def _over(work: Work, basis: Basis) -> bool:
    if not basis.after:
        return True
    before = work.house.retention().kept[basis.after].before(work.today)
    closed: datetime = work.row.closed_at
    return before is not None and closed.astimezone(SHANGHAI).date() < before


def _open(work: Work, erasure_id: int) -> Any:
    return _in_state(work, erasure_id, "open")


def _in_state(work: Work, erasure_id: int, state: str) -> Any:
    row = work.conn.execute(
        select(ERASURE).where(ERASURE.c.id == erasure_id, ERASURE.c.case_id == work.row.id)
    ).one_or_none()
    if row is None:
        raise NotFound()
    if row.state != state:
        raise StepImpossible(Text("这次删除已经决定过了。", "This erasure has been decided on."))
    return row


def _decide(work: Work, erasure_id: int, state: str) -> None:
    work.conn.execute(
        update(ERASURE)
        .where(ERASURE.c.id == erasure_id)
        .values(
            state=state,
            decided_by=work.actor.account_id,
            decided_at=work.at,
            decided_seq=work.row.seq + 1,
        )
    )
