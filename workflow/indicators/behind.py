"""The list behind a figure: what counts above the line or below it, as numbers of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from bpmn import Text
from bpmn.indicators import DIVIDES, Figure
from workflow.actor import Actor
from workflow.indicators.measuring import Row, counts_money
from workflow.permissions import require
from workflow.reading.board import area_code
from workflow.reading.cases import PAGE
from workflow.reading.paging import page_of
from workflow.store.models import Case

REGISTER: Final = {
    "person": Text("人员登记号", "person no."),
    "time": Text("单据登记号", "bill no."),
    "yuan": Text("单据登记号", "bill no."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """`case` None: it stands in no case, and `key` is its number in the register. `amount`: yuan, where money
    is counted.
    """

    case: UUID | None
    number: str
    key: str
    part: str | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Behind:
    lines: Sequence[Line]
    total: int
    page: int
    pages: int


def behind(
    conn: Connection, actor: Actor, figure: Figure, rows: Sequence[Row], side: str, page: int
) -> Behind:
    """One page of what counts on one side (`top` or `base`).

    Raises:
        NotAllowed: a list names cases; who may not see them sees the figure alone.
    """
    require(actor, "view_case", area=area_code(actor.org))
    below = side == "base" and figure.kind in DIVIDES
    money = counts_money(figure) or figure.kind.endswith("_days")
    counted = [row for row in rows if (row.base if below else row.top or figure.kind.endswith("_days"))]
    at = page_of(len(counted), page, PAGE)
    shown = sorted(counted, key=lambda row: (row.case or "", row.key))[at.skip : at.skip + PAGE]
    ids = {UUID(row.case) for row in shown if row.case}
    numbers = {
        row.id: row.number for row in conn.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    }
    lines = [_line(row, numbers, figure, below=below, money=money) for row in shown]
    return Behind(lines, len(counted), at.number, at.pages)


def _line(row: Row, numbers: dict[UUID, str], figure: Figure, *, below: bool, money: bool) -> Line:
    case = UUID(row.case) if row.case else None
    amount = None
    if money:
        figured = row.base if below and figure.kind == "money_share" else row.top
        amount = Decimal(figured) if figure.kind.endswith("_days") else Decimal(figured).scaleb(-2)
    return Line(case, numbers.get(case, "") if case else "", row.key, row.part, amount)
