"""The bills of a case: a person's own, of a kind its policy set speaks of, and in no other case (R05)."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from bpmn import Text
from workflow.amounts import Policy
from workflow.cases.work import CASE, Work
from workflow.errors import AnswersRefused, FieldFault
from workflow.store.models import Claim, table
from workflow.store.prepared import PreparedFor

ENDED_WITHOUT_DECISION = ("not_accepted", "withdrawn")
CLAIM = table(Claim)
_TAKE = PreparedFor(
    CLAIM.c.id, lambda claims: update(CLAIM).where(CLAIM.c.id.in_(claims)).values(case_id=bindparam("case"))
)


def require_free(
    work: Work, policy: Policy, field: str, bills: Sequence[Any], own: Collection[UUID] = ()
) -> None:
    """Refuse bills of another case, or of a kind that the policy set does not speak of.

    A case that has ended without a decision gives its bills back: the applicant may come again. `bills`:
    rows with invoice_number, case_id and kind, locked; `own`: cases that may hold them already; `field`:
    where the fault is told.

    Raises:
        AnswersRefused
    """
    faults = [*_used(work, bills, {each.hex for each in own}), *_strange(work, policy, bills)]
    if faults:
        raise AnswersRefused([FieldFault(field, fault) for fault in faults])


def take(work: Work, bills: Sequence[Any], case_id: UUID) -> None:
    """Tie the bills to a case."""
    if bills:
        _TAKE.change(work.conn, [bill.id for bill in bills], {"case": case_id.hex})


def _used(work: Work, bills: Sequence[Any], own: Collection[str]) -> Iterator[Text]:
    elsewhere = {bill.case_id for bill in bills} - {None, *own}
    if not elsewhere:
        return
    given_back = {
        case.hex
        for case in work.conn.scalars(
            select(CASE.c.id).where(
                CASE.c.id.in_([UUID(hex=case) for case in elsewhere]),
                CASE.c.closed_at.is_not(None),
                CASE.c.outcome.in_(ENDED_WITHOUT_DECISION),
            )
        )
    }
    used = [bill.invoice_number for bill in bills if bill.case_id in elsewhere - given_back]
    if used:
        yield Text(
            f"发票{'、'.join(used)}已用于另一件申请，同一费用只能申请一次。",
            f"In another application already: {', '.join(used)}; a cost is aided once.",
        )


def _strange(work: Work, policy: Policy, bills: Sequence[Any]) -> Iterator[Text]:
    kinds = sorted({bill.kind for bill in bills} - policy.kinds.keys())
    if kinds:
        names = [next(iter(work.rules.kinds.get(kind, {}).values()), Text(kind, kind)) for kind in kinds]
        known = "、".join(name.zh for name in policy.kinds.values())
        yield Text(
            f"“{policy.title.zh}”不含{'、'.join(name.zh for name in names)}，只含{known}。"
            "请按其他政策申请，或者请县医保局处理。",
            f"“{policy.title.en}” does not speak of {', '.join(name.en for name in names)}. "
            "Apply under another policy, or ask the bureau.",
        )
