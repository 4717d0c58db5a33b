"""What the acts of administrators (domain 6.1) have in common: who may, what is logged, who is told."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from bpmn import Text
from workflow.cases.refusing import log_system
from workflow.cases.telling import Desk, tell
from workflow.cases.work import Work
from workflow.errors import StepImpossible
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
