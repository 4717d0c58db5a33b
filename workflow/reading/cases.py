"""Lists of cases: those of a reader's area, filtered, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select
from sqlalchemy.orm import aliased

from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.cases import patients
from workflow.permissions import MATRIX, may
from workflow.reading.case_row import shown_name
from workflow.reading.paging import page_of
from workflow.store.models import Case, Organisation, Person, Task

PAGE = 50


@dataclass(frozen=True, slots=True)
class CaseLine:
    id: UUID
    number: str
    person: str
    township: str
    village: str
    state: Text
    opened_at: datetime
    closed_at: datetime | None
    aid: Decimal | None


@dataclass(frozen=True, slots=True)
class CaseList:
    lines: Sequence[CaseLine]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter. `person` is a whole name or identity number: it never stands in an address."""

    state: str = ""
    township: str = ""
    number: str = ""
    person: str = ""


def area_of(org: str) -> ColumnElement[bool]:
    """The cases of an office's area; an office's code is the county's six digits and its kind."""
    if org[6:7] == "-":
        return Case.county == f"{org[:6]}000000"
    if len(org) != 12 or not org.isdigit():
        return false()
    if org.endswith("000000"):
        return Case.county == org
    return Case.township == org if org.endswith("000") else Case.village == org


def visible(actor: Actor) -> ColumnElement[bool]:
    """The cases this reader may list: his area, narrowed by the conditions of the matrix."""
    grant = may(actor.role, "view_case")
    if grant is None:
        return false()
    within = area_of(actor.org)
    hidden = [flow for flow, action in MATRIX.views.items() if may(actor.role, action) is None]
    if hidden:
        within = within & Case.flow.not_in(hidden)
    for condition in grant.conditions:
        if condition == "closed":
            waiting = select(Task.case_id).where(Task.node == "archive_case", Task.done_at.is_(None))
            within = within & or_(Case.closed_at.is_not(None), Case.id.in_(waiting))
        elif condition == "own_task":
            own = select(Task.case_id).where(Task.org == actor.org, Task.role == actor.role)
            within = within & Case.id.in_(own)
        elif condition == "own_claim":
            within = within & Case.id.in_(patients.own_cases(actor.org))
        else:
            return false()  # own, appealed: nothing in the register says whose it is yet
    return within


def cases(
    conn: Connection, rulebook: Rulebook, actor: Actor, wanted: Wanted, page: int = 1, size: int = PAGE
) -> CaseList:
    """One page of the cases a reader may see; `total` counts all of them."""
    where = [visible(actor), *_conditions(wanted)]
    found = select(Case.id).join(Person, Person.id == Case.applicant_id).where(*where)
    return listed(conn, rulebook, found, page, size)


def listed(
    conn: Connection, rulebook: Rulebook, found: Select[UUID], page: int, size: int = PAGE
) -> CaseList:
    """One page of the cases whose ids a question finds, the newest first."""
    total = conn.scalar(select(func.count()).select_from(found.subquery())) or 0
    at = page_of(total, page, size)
    keys = found.order_by(Case.opened_at.desc(), Case.id).limit(size).offset(at.skip).subquery()
    return CaseList(lines_of(conn, rulebook, keys), total, at.number, at.pages)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(Case.state == wanted.state)
    if wanted.township:
        found.append(Case.township == wanted.township)
    if wanted.number:
        found.append(Case.number == wanted.number)
    if wanted.person:
        found.append(or_(Person.name == wanted.person, Person.id_number == wanted.person.upper()))
        found.append(Case.erased_at.is_(None))
    return found


def lines_of(conn: Connection, rulebook: Rulebook, keys: Any) -> list[CaseLine]:
    """The cases whose ids are given (a subquery with a column `id`), the newest first."""
    township = aliased(Organisation)
    rows = conn.execute(
        select(
            Case.id,
            Case.number,
            Case.state,
            Case.opened_at,
            Case.closed_at,
            Case.aid,
            shown_name,
            Organisation.name.label("village"),
            township.name.label("township"),
        )
        .join(keys, keys.c.id == Case.id)
        .join(Person, Person.id == Case.applicant_id)
        .join(Organisation, Organisation.code == Case.village)
        .join(township, township.code == Case.township)
        .order_by(Case.opened_at.desc(), Case.id)
    )
    states = rulebook.states
    return [
        CaseLine(
            row.id, row.number, row.person, row.township, row.village,
            states[row.state].name if row.state in states else Text(row.state, row.state),
            row.opened_at, row.closed_at, row.aid,
        )
        for row in rows
    ]  # fmt: skip


def townships(conn: Connection, actor: Actor) -> Mapping[str, str]:
    """Code → name of the townships in a county office's area; empty for the others."""
    county = f"{actor.org[:6]}000000"
    if actor.org != county and actor.org[6:7] != "-":
        return {}
    rows = conn.execute(
        select(Organisation.code, Organisation.name)
        .where(Organisation.level == "township", Organisation.parent == county)
        .order_by(Organisation.code)
    )
    return {row.code: row.name for row in rows}
