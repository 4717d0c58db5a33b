"""绿色通道登记簿: each request for the green channel and what became of the advance (domain 2.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true
from sqlalchemy.orm import aliased

from bpmn import Rulebook, Text
from workflow.actor import Actor
from workflow.reading.case_row import shown_name
from workflow.reading.cases import area_of
from workflow.reading.paging import page_of
from workflow.store.models import Advance, Case, Organisation, Person, Recovery, Repayment

PAGE: Final = 50
SHOWN: Final[Mapping[str, Text]] = {
    "all": Text("全部申请", "all requests"),
    "advanced": Text("已先行救助", "advanced"),
    "open": Text("未结算", "not settled"),
    "late": Text("材料超期", "papers late"),
    "settled": Text("已结算", "settled"),
    "recovery": Text("转入追回", "in recovery"),
}
"""The figures of the register, each the number of the requests it opens."""
FORM: Final = "green_channel_request"
_BACK = (
    select(Repayment.case_id, func.sum(Repayment.amount).label("back")).group_by(Repayment.case_id).subquery()
)


@dataclass(frozen=True, slots=True)
class Figure:
    """How many requests, and how many yuan of them: advanced, granted in the end, or recovered."""

    shown: str
    name: Text
    count: int
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class Request:
    """One line. Yuan; `late`: the papers have not come in time; `back`: recovered so far."""

    id: UUID
    number: str
    person: str
    township: str
    hospital: str
    variant: Text
    asked_at: datetime
    answered_at: datetime | None
    granted_at: datetime | None
    amount: Decimal | None
    way: str | None
    papers_due: datetime | None
    papers_at: datetime | None
    late: bool
    final_aid: Decimal | None
    settled_at: datetime | None
    recovery: tuple[UUID, str] | None
    back: Decimal
    owed: Decimal | None
    state: Text


@dataclass(frozen=True, slots=True)
class Register:
    figures: Sequence[Figure]
    lines: Sequence[Request]
    shown: str
    total: int
    page: int
    pages: int


def register(
    conn: Connection, rulebook: Rulebook, actor: Actor, now: datetime, shown: str, page: int = 1
) -> Register:
    """One page of the requests of the reader's area, the newest first, under the figures of all of them."""
    figures = _figures(conn, actor, now)
    total = next(each.count for each in figures if each.shown == shown)
    at = page_of(total, page, PAGE)
    wanted = _requests(actor, now, shown).limit(PAGE).offset(at.skip)
    return Register(figures, _lines(conn, rulebook, now, wanted), shown, total, at.number, at.pages)


def everything(
    conn: Connection, rulebook: Rulebook, actor: Actor, now: datetime, shown: str
) -> Sequence[Request]:
    """All requests of a kind, for a spreadsheet."""
    return _lines(conn, rulebook, now, _requests(actor, now, shown))


def _which(now: datetime) -> Mapping[str, ColumnElement[bool]]:
    granted = Advance.amount.is_not(None)
    going = and_(granted, Advance.settled_at.is_(None))
    return {
        "all": true(),
        "advanced": granted,
        "open": going,
        "late": and_(going, Advance.papers_at.is_(None), Advance.papers_due <= now),
        "settled": Advance.settled_at.is_not(None),
        "recovery": Advance.recovery_id.is_not(None),
    }


def _figures(conn: Connection, actor: Actor, now: datetime) -> Sequence[Figure]:
    yuan: Mapping[str, Any] = {
        "advanced": Advance.amount,
        "open": Advance.amount,
        "late": Advance.amount,
        "settled": Advance.final_aid,
        "recovery": _BACK.c.back,
    }
    which = _which(now)
    columns = [func.count().filter(each).label(f"n_{name}") for name, each in which.items()]
    columns += [func.sum(what).filter(which[name]).label(f"y_{name}") for name, what in yuan.items()]
    row = conn.execute(
        select(*columns)
        .select_from(Advance)
        .join(Case, Case.id == Advance.case_id)
        .outerjoin(_BACK, _BACK.c.case_id == Advance.recovery_id)
        .where(area_of(actor.org))
    ).one()
    found = row._mapping
    return [
        Figure(
            shown, name, found[f"n_{shown}"], (found[f"y_{shown}"] or Decimal(0)) if shown in yuan else None
        )
        for shown, name in SHOWN.items()
    ]


def _requests(actor: Actor, now: datetime, shown: str) -> Select[Any]:
    township, recovery = aliased(Organisation), aliased(Case)
    return (
        select(
            Advance.__table__,
            Case.number,
            Case.state,
            shown_name,
            township.name.label("township"),
            recovery.number.label("recovery"),
            Recovery.outstanding,
            _BACK.c.back,
        )
        .join(Case, Case.id == Advance.case_id)
        .join(Person, Person.id == Case.applicant_id)
        .join(township, township.code == Case.township)
        .outerjoin(recovery, recovery.id == Advance.recovery_id)
        .outerjoin(Recovery, Recovery.case_id == Advance.recovery_id)
        .outerjoin(_BACK, _BACK.c.case_id == Advance.recovery_id)
        .where(area_of(actor.org), _which(now)[shown])
        .order_by(Advance.asked_at.desc(), Advance.case_id)
    )


def _lines(conn: Connection, rulebook: Rulebook, now: datetime, wanted: Select[Any]) -> list[Request]:
    variants = {choice.id: choice.label for choice in rulebook.forms[FORM].field("variant").choices}
    return [_line(row, rulebook, variants, now) for row in conn.execute(wanted)]


def _line(row: Any, rulebook: Rulebook, variants: Mapping[str, Text], now: datetime) -> Request:
    waiting = row.amount is not None and row.settled_at is None and row.papers_at is None
    states = rulebook.states
    return Request(
        id=row.case_id, number=row.number, person=row.person, township=row.township, hospital=row.hospital,
        variant=variants.get(row.variant, Text(row.variant, row.variant)), asked_at=row.asked_at,
        answered_at=row.answered_at, granted_at=row.granted_at, amount=row.amount, way=row.way,
        papers_due=row.papers_due, papers_at=row.papers_at,
        late=waiting and row.papers_due is not None and row.papers_due <= now,
        final_aid=row.final_aid, settled_at=row.settled_at,
        recovery=None if row.recovery is None else (row.recovery_id, row.recovery),
        back=row.back or Decimal(0), owed=row.outstanding,
        state=states[row.state].name if row.state in states else Text(row.state, row.state),
    )  # fmt: skip
