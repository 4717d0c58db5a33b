"""An attempt that was refused is itself a fact: it goes into the log of reads and refusals, in a transaction
of its own. And the entries that belong to no step of a case.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection, exists, select

from audit import LOG, READS, SYSTEM_CHAIN, Attachment, Draft, append_next
from workflow.actor import Actor
from workflow.cases.keeping import actor_of
from workflow.engine import KERNEL
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import Case


def log_refusal(
    house: House,
    actor: Actor,
    case_id: UUID | None,
    facts: Mapping[str, object],
    at: datetime,
    request_id: str,
) -> None:
    """Write who tried what and which rule forbade it: beside the case, where there is such a case."""
    with transaction(house.engine) as conn:
        known = case_id is not None and conn.scalar(select(exists().where(Case.id == case_id)))
        log_system(
            house, conn, actor, "attempt_refused", facts, at, request_id,
            case=case_id if case_id is not None and known else SYSTEM_CHAIN, log=READS,
        )  # fmt: skip


def log_system(
    house: House,
    conn: Connection,
    actor: Actor,
    kind: str,
    facts: Mapping[str, object],
    at: datetime,
    request_id: str,
    sealed: Mapping[str, str] = MappingProxyType({}),
    *,
    case: UUID = SYSTEM_CHAIN,
    log: str = LOG,
    attach: Sequence[Attachment] = (),
) -> int:
    """Write an entry that moves no case: a release, an import; in the log of reads also one about a case.

    Returns:
        its number in its chain.
    """
    draft = Draft(
        type=kind,
        frm=None,
        to=None,
        actor=actor_of(actor),
        task=None,
        at_claimed=at,
        vars=facts,
        rule=house.rules().digest,
        command={"name": "none"},
        kernel=KERNEL,
        request=request_id,
        attach=attach,
        sealed=sealed,
        log=log,
    )
    return append_next(conn, house.vault, case, draft, house.now()).seq
