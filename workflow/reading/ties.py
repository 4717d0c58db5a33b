"""What ties a case to others, and why it takes its procedure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, or_, select

from bpmn import Text
from workflow.cases.ways import ORDINARY
from workflow.rules import Rules
from workflow.store.models import Case, CaseLink
from workflow.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Link:
    """Another case tied to this one. `earlier`: this case was opened from it."""

    id: UUID
    number: str
    flow: str
    state: Text
    earlier: bool


@dataclass(frozen=True, slots=True)
class WayView:
    """Why the case takes its procedure: the usual one of its policy set, and what spoke against it."""

    name: Text
    usual: Text
    reasons: tuple[Text, ...]
    ordinary: bool


_THIS = bindparam("case_id", type_=Case.id.type)
_LINKS = Prepared(
    select(Case.id, Case.number, Case.flow, Case.state, (CaseLink.case_id == _THIS).label("earlier"))
    .join(
        CaseLink,
        or_(
            and_(CaseLink.case_id == _THIS, CaseLink.other_id == Case.id),
            and_(CaseLink.other_id == _THIS, CaseLink.case_id == Case.id),
        ),
    )
    .order_by(Case.opened_at, Case.id)
)


def links_of(conn: Connection, rules: Rules, case_id: UUID) -> tuple[Link, ...]:
    """The cases this one was opened from, then those opened from it."""
    rows = _LINKS.all(conn, {"case_id": case_id})
    names, states = rules.model.flows, rules.rulebook.states
    return tuple(
        Link(
            row.id,
            row.number,
            names[row.flow].name if row.flow in names else row.flow,
            states[row.state].name if row.state in states else Text(row.state, row.state),
            bool(row.earlier),
        )
        for row in rows
    )


def way_of(rules: Rules, way: Mapping[str, Any]) -> WayView | None:
    """What the table of ways said when the case was opened, in words."""
    if not way:
        return None
    flows, words = rules.rulebook.flows, rules.rulebook.variables
    return WayView(
        flows[way["flow"]].name,
        flows[way["usual"]].name,
        tuple(words[reason].name for reason in way["reasons"]),
        way["flow"] == ORDINARY,
    )
