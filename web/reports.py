"""报表: monthly, quarterly and yearly reports as pages, on paper and as spreadsheets (domain 8.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from bpmn.reports import PERIODS, Column, Report
from web.access import needs
from web.here import asked_day, current_actor, house, now
from web.indicators import basis_words, without_facts
from web.language import figure, local, t
from web.sheets import Table
from web.taking import taken_away
from workflow.errors import NotFound
from workflow.facts.store import FactsMissing
from workflow.indicators.access import Basis, area_for, basis, facts_of, require_seen, sees
from workflow.indicators.measuring import Period
from workflow.indicators.reports import Cell, Filled, fill, period_of, reports
from workflow.reading.cases import townships

bp = Blueprint("reports", __name__, url_prefix="/inspect/reports")


@dataclass(frozen=True, slots=True)
class Made:
    """A report as it is shown. `day`: any day of its period."""

    report: Report
    day: date
    period: Period
    area: str
    place: str
    places: dict[str, str]
    tables: Sequence[Filled]
    basis: Basis

    @property
    def before(self) -> date:
        """A day of the period before this one."""
        return self.period.since - timedelta(days=1)

    @property
    def after(self) -> date:
        return self.period.until + timedelta(days=1)


def _made(report_id: str) -> Made:
    """The report that the address asks for. Raises NotFound, NotAllowed, FactsMissing."""
    report = reports().all.get(report_id)
    if report is None:
        raise NotFound()
    require_seen(current_actor(), report.only)
    day = asked_day("day", local(now()).date())
    period = period_of(report.period, day)
    with house().reader.connect() as connection, facts_of(house()) as facts:
        area = area_for(connection, current_actor(), request.args.get("township", ""))
        places = dict(townships(connection, current_actor()))
        book = house().rules().rulebook
        tables = fill(facts, connection, book, report, period, area, now())
        rests_on = basis(facts)
    place = places.get(area, area) or t("全县", "the whole county")
    return Made(report, day, period, area, place, places, tables, rests_on)


@bp.get("")
@needs("view_measures")
def index() -> ResponseReturnValue:
    """The reports this reader may open."""
    known = [each for each in reports().all.values() if sees(current_actor(), each.only)]
    order = list(PERIODS)
    known.sort(key=lambda each: (order.index(each.period), each.id))
    body = render_template("measures/reports.html", known=known, periods=PERIODS, broken=reports().faults)
    return make_response(body)


@bp.get("/<report_id>")
@needs("view_measures")
def show(report_id: str) -> ResponseReturnValue:
    try:
        made = _made(report_id)
    except FactsMissing as missing:
        return without_facts(missing, "reports")
    return make_response(render_template("measures/report.html", made=made, periods=PERIODS))


@bp.get("/<report_id>/report.xlsx")
@needs("view_measures")
def export(report_id: str) -> ResponseReturnValue:
    """The same as a spreadsheet. Noted in the log of reads."""
    made = _made(report_id)
    rows = sum(len(table.rows) for table in made.tables)
    return taken_away("report", rows, _sheets(made), made.report.id)


@bp.app_template_global()
def column_head(column: Column) -> str:
    """The head of a column with its unit."""
    unit = t(column.unit) if column.unit else t("元", "yuan") if column.kind == "yuan" else ""
    return t(column.name) + (t(f"（{unit}）", f" ({unit})") if unit else "")


@bp.app_template_global()
def report_cell(column: Column, value: Cell) -> str:
    """One cell as the page writes it."""
    if value is None:
        return ""
    return figure(value) if column.kind == "yuan" and not isinstance(value, str) else str(value)


def _sheets(made: Made) -> Iterator[Table]:
    period, report = made.period, made.report
    for filled in made.tables:
        total = list(filled.total or [])
        if total and total[0] is None:
            total[0] = t("合计", "Total")
        yield Table(
            t(filled.table.name)[:31],
            [f"{t(report.name)} · {period.since} – {period.until} · {made.place}",
             basis_words(made.basis),
             *([t(filled.table.note)] if filled.table.note else []),
             *([t(report.note)] if report.note else [])],
            [column_head(column) for column in filled.table.columns],
            [*filled.rows, *([total] if total else [])],
            [24] * len(filled.table.columns),
        )  # fmt: skip
