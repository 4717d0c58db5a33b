"""What the acts of administrators (domain 6.1) have in common: who may, what is logged, who is told."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Table, select, update

from bpmn import Text
from workflow.cases.refusing import log_system
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.errors import NotFound, StepImpossible
from workflow.permissions import refusal, require
from workflow.register.seating import valid_on
from workflow.store.models import Organisation, Seat

ADMINISTRATOR: Final = "ADM"
_ANOTHER: Final = Text(
    "自己的岗位和账号由另一名系统管理员办理。", "Another administrator does that, not you yourself."
)


def require_administrator(work: Work, org: str) -> None:
    """Let an administrator of the office's county pass.

    Raises:
        NotAllowed
    """
    require(work.actor, "manage_accounts")
    if org[:6] != work.actor.org[:6]:
        raise refusal("area")


def locked(work: Work, proposals: Table, number: int) -> Any:
    """A proposal that nobody else decides meanwhile.

    Raises:
        NotAllowed: not an administrator; NotFound
    """
    require(work.actor, "manage_accounts")
    wanted = select(proposals).where(proposals.c.id == number).with_for_update()
    row = work.conn.execute(wanted).one_or_none()
    if row is None:
        raise NotFound()
    return row


def require_open(row: Any) -> None:
    """Decided is decided.

    Raises:
        StepImpossible
    """
    if row.state != "open":
        raise StepImpossible(Text("这件事已经决定过了。", "That has been decided on."))


def require_another(work: Work, row: Any) -> None:
    """Whoever confirms has not proposed it, and it is not for himself.

    Raises:
        NotAllowed
    """
    if work.actor.account_id in (row.proposed_by, row.account_id):
        raise refusal("appointment")


def decide(work: Work, proposals: Table, number: int, state: str, **values: object) -> None:
    """Keep what became of a proposal, and by whom."""
    decided = {"state": state, "decided_by": work.actor.account_id, "decided_at": work.at}
    work.conn.execute(update(proposals).where(proposals.c.id == number).values(**decided, **values))


def turn_down(work: Work, proposals: Table, row: Any, kind: str, subject: str) -> Mapping[str, Any]:
    """The second person does not agree, and the first is told; or whoever proposed it takes it back."""
    mine = row.proposed_by == work.actor.account_id
    decide(work, proposals, row.id, "withdrawn" if mine else "refused")
    log(work, kind, {"proposal": row.id})
    if not mine:
        tell_proposer(work, row.proposed_seat, kind, subject)
    return {"number": str(row.id)}


def not_ones_own(work: Work, account: int) -> None:
    """What takes something away, or hands out a password, one does not do to oneself.

    Raises:
        StepImpossible
    """
    if account == work.actor.account_id:
        raise StepImpossible(_ANOTHER)


def log(work: Work, kind: str, facts: Mapping[str, object]) -> None:
    """An entry beside the cases, by numbers."""
    log_system(work.house, work.conn, work.actor, kind, facts, work.at, work.request_id)


def tell_others(work: Work, kind: str, subject: str) -> None:
    """A line to every other administrator of the county: something waits for a second one."""
    others = work.conn.execute(
        select(Seat.id, Seat.org).where(
            Seat.org.startswith(work.actor.org[:6], autoescape=True), Seat.role == ADMINISTRATOR,
            Seat.account_id != work.actor.account_id, *valid_on(work.today),
        ).order_by(Seat.id)
    )  # fmt: skip
    tell(work, kind, [Desk(row.org, ADMINISTRATOR, row.id) for row in others], {"subject": subject})


def tell_proposer(work: Work, seat: int, kind: str, subject: str) -> None:
    """A line to the seat from which it was proposed."""
    org = work.conn.scalar(select(Seat.org).where(Seat.id == seat))
    tell(work, kind, [Desk(str(org), ADMINISTRATOR, seat)], {"subject": subject})


def post_words(work: Work, org: str, role: str) -> str:
    """Office and post, as a line of an inbox names them: no person."""
    office = work.conn.scalar(select(Organisation.name).where(Organisation.code == org))
    known = work.house.rules().rulebook.roles.get(role)
    return f"{office}{known.name.zh if known else role}"
