"""Which office answers for a finding, who answers there, and who is told."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from workflow.actor import Actor
from workflow.cases.telling import Desk, held
from workflow.cases.work import Work
from workflow.permissions import kind_of, oversees
from workflow.store.models import Finding, Organisation

ANSWERERS: Final = ("SUP", "TLEAD")
"""Who speaks for an office: its supervisor, in the township its leader as well."""
CHECKERS: Final[Collection[str]] = frozenset({"inspection", "audit"})
"""Offices that are not asked: they ask."""


@dataclass(frozen=True, slots=True)
class Office:
    code: str
    name: str


def offices_of(conn: Connection, case: Any) -> list[Office]:
    """Who can be asked about a case: its township, also for its villages, and the county's offices."""
    prefix = str(case.county)[:6]
    rows = conn.execute(
        select(Organisation.code, Organisation.name)
        .where(
            (Organisation.code == case.township) | Organisation.code.startswith(f"{prefix}-", autoescape=True)
        )
        .order_by(Organisation.code != case.township, Organisation.code)
    )
    return [Office(row.code, row.name) for row in rows if kind_of(row.code) not in CHECKERS]


def asked_by_default(case: Any, org: str) -> str:
    """Whom a finding about the work of `org` goes to: the office itself, of a village and of what the clock
    has done the township.
    """
    return org if org[6:7] == "-" else str(case.township)


def answers_for(actor: Actor, org: str) -> bool:
    """Whether the actor speaks for that office: its own supervisor or leader, or one above it."""
    return actor.role in ANSWERERS and oversees(actor.org, org)


def of_office(actor: Actor) -> ColumnElement[bool]:
    """The findings whose office the actor speaks for, as `answers_for` says it."""
    kind = kind_of(actor.org)
    if kind not in {"government", "msb"}:
        return Finding.org == actor.org
    township = kind == "government" and not actor.org.endswith("000000")
    return Finding.org.startswith(actor.org[: 9 if township else 6], autoescape=True)


def desks_of(work: Work, org: str) -> list[Desk]:
    """Whose inboxes hear of it; where nobody sits there, the bureau's supervisor, who answers for them."""
    own = [Desk(org, role) for role in (ANSWERERS if org.isdigit() else ANSWERERS[:1])]
    there = held(work, own)
    found = [desk for desk in own if (desk.org, desk.role) in there]
    return found or [Desk(f"{org[:6]}-msb", "SUP")]
