"""An attempt that was refused is itself a fact: it goes into the log in a transaction of its own."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from audit import SYSTEM_CHAIN, Draft, append_next
from workflow.actor import Actor
from workflow.cases.keeping import actor_of, keep_entry
from workflow.cases.work import Work
from workflow.commands import Command
from workflow.engine import KERNEL
from workflow.errors import NotAllowed, NotFound
from workflow.house import House
from workflow.store import transaction


def log_refusal(
    house: House, actor: Actor, command: Command, refusal: NotAllowed, at: datetime, request_id: str
) -> None:
    """Write who tried what and which rule forbade it; to the case's chain where there is a case."""
    case_id = getattr(command, "case_id", None)
    name = type(command).__name__
    with transaction(house.engine) as conn:
        if case_id is not None:
            work = Work(house, conn, actor, at, request_id)
            try:
                work.lock(case_id)
            except NotFound:
                case_id = None
            else:
                task = getattr(command, "task_id", None)
                work.notes.update(
                    action=name, detail=refusal.rule, **({} if task is None else {"task": task})
                )
                keep_entry(work, kind="attempt_refused", command={"name": "none"})
        if case_id is None:
            log_system(
                house,
                conn,
                actor,
                "attempt_refused",
                {"action": name, "detail": refusal.rule},
                at,
                request_id,
            )


def log_system(
    house: House,
    conn: Connection,
    actor: Actor,
    kind: str,
    facts: dict[str, object],
    at: datetime,
    request_id: str,
    sealed: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Write an entry that belongs to no case: a refused address, a release, an import. Says its number."""
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
        attach=[],
        sealed=sealed,
    )
    return append_next(conn, house.vault, SYSTEM_CHAIN, draft, house.now()).seq
