"""Periodic reports (domain 8.2), worked out from the facts for a period and an area."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from bpmn import Fault, Rulebook, Text
from bpmn.reports import FOLDER, Report, ReportTable, read_report
from workflow.facts.store import empty_facts
from workflow.indicators.checking import ASKED, faults_of, files_in, indicators
from workflow.indicators.entering import entered
from workflow.indicators.measuring import Period
from workflow.permissions import MATRIX
from workflow.store.models import Account, Organisation

Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Reports:
    """By id, and the faults of files that are not used."""

    all: Mapping[str, Report]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """One table with its rows as they are shown; `total`: its last line, where several are added up."""

    table: ReportTable
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None


@cache
def reports() -> Reports:
    """The packaged reports."""
    return check(files_in(FOLDER))


def check(files: Mapping[str, bytes]) -> Reports:
    """Read and check files by name. A faulty one is left out; the others count."""
    found, faults = {}, []
    with empty_facts() as empty:
        for name, content in sorted(files.items()):
            wrong: list[Fault] = []
            one = read_report(wrong, name, content)
            for table in one.tables if one else ():
                needed = [column.id for column in table.columns]
                known = {**ASKED, "area": "", **dict.fromkeys(_money())}
                wrong += faults_of(empty, name, f"tables.{table.id}", table.sql, needed, known)
            if one is not None and one.only and one.only not in MATRIX.actions:
                words = Text(f"没有“{one.only}”这项权限", f"there is no action {one.only!r}")
                wrong.append(Fault(name, "only", words))
            if one is not None and not wrong:
                found[one.id] = one
            faults += wrong
    return Reports(found, tuple(faults))


def period_of(kind: str, day: date) -> Period:
    """The week, month, quarter or year in which a day lies; `until`: the year up to that day."""
    match kind:
        case "week":
            monday = day - timedelta(days=day.weekday())
            return Period(monday, monday + timedelta(days=6))
        case "month":
            return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
        case "quarter":
            first = day.month - (day.month - 1) % 3
            last = first + 2
            return Period(date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1]))
        case "year":
            return Period(date(day.year, 1, 1), date(day.year, 12, 31))
        case _:
            return Period(date(day.year, 1, 1), day)


def fill(
    facts: Any, conn: Connection, rulebook: Rulebook, report: Report, period: Period, area: str, now: datetime
) -> Sequence[Filled]:
    """All tables of a report. Names of offices and officers are asked once for all of them.

    Its queries know what was entered in yuan for the year of the period and for the one before, as
    `:I08_budget_fen`, `:I08_budget_before_fen`: NULL where nothing was, and for a single township.
    """
    asked = {**period.asked(now), "area": area, **_entered(conn, period, area)}
    raw = [(table, _rows(facts, table, asked)) for table in report.tables]
    names = _Names(conn, rulebook, raw)
    return [_filled(table, rows, names) for table, rows in raw]


def _money() -> Mapping[str, tuple[str, str, int]]:
    """Parameter → indicator, figure, years back: of all that is entered in yuan."""
    return {
        f"{indicator.id}_{name}{'_before' * back}_fen": (indicator.id, name, back)
        for indicator in indicators().all.values()
        for name, figure in indicator.entered.items()
        if figure.unit == "yuan"
        for back in (0, 1)
    }


def _entered(conn: Connection, period: Period, area: str) -> dict[str, int | None]:
    years = {} if area else {back: entered(conn, period.until.year - back) for back in (0, 1)}
    found = {name: years.get(back, {}).get((row, figure)) for name, (row, figure, back) in _money().items()}
    return {name: None if row is None else int(row.value * 100) for name, row in found.items()}


def _rows(facts: Any, table: ReportTable, asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    cursor = facts.execute(table.sql, asked)
    heads = [column[0] for column in cursor.description]
    return [dict(zip(heads, row, strict=True)) for row in cursor]


class _Names:
    """What codes are called."""

    def __init__(self, conn: Connection, rulebook: Rulebook, raw: Sequence[tuple[ReportTable, Any]]) -> None:
        offices, accounts = _held(raw, "org"), _held(raw, "account")
        self.known: dict[str, dict[Any, str]] = {
            "org": {
                row.code: row.name
                for row in conn.execute(
                    select(Organisation.code, Organisation.name).where(Organisation.code.in_(offices))
                )
            },
            "account": {
                row.id: row.name
                for row in conn.execute(select(Account.id, Account.name).where(Account.id.in_(accounts)))
            },
            "category": {code: row.name.zh for code, row in rulebook.categories.items()},
            "flow": {code: row.name.zh for code, row in rulebook.flows.items()},
            "step_state": {code: row.name.zh for code, row in rulebook.states.items()},
        }

    def cell(self, kind: str, value: Any) -> Cell:
        if value is None:
            return None
        if kind == "yuan":
            return Decimal(value).scaleb(-2)
        if kind == "days":
            return Decimal(str(value)).quantize(Decimal("0.1"))
        if kind == "count":
            return int(value)
        return self.known.get(kind, {}).get(value, str(value))


def _held(raw: Sequence[tuple[ReportTable, Any]], kind: str) -> set[Any]:
    return {
        row[column.id]
        for table, rows in raw
        for column in table.columns
        if column.kind == kind
        for row in rows
        if row[column.id] is not None
    }


def _filled(table: ReportTable, raw: Sequence[Mapping[str, Any]], names: _Names) -> Filled:
    rows = [[names.cell(column.kind, row[column.id]) for column in table.columns] for row in raw]
    if len(rows) < 2 or not any(column.total for column in table.columns):
        return Filled(table, rows, None)
    total: list[Cell] = []
    for place, column in enumerate(table.columns):
        values = [row[place] for row in rows if row[place] is not None]
        total.append(sum(values) if column.total else None)  # type: ignore[arg-type]
    return Filled(table, rows, total)
