"""指标: every indicator with its formula, its figure for a period and an area, and the list behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bpmn.indicators import COUNTED, UNITS, Figure, Indicator
from web.access import allowed, needs
from web.here import asked_day, current_actor, house, now, request_key
from web.language import figure as money
from web.language import local, t
from web.reads import shown, shows
from web.sheets import Cell, Table
from web.taking import taken_away
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.facts.store import FactsMissing
from workflow.handle import handle
from workflow.indicators.access import Basis, area_for, basis, facts_of, require_seen, sees
from workflow.indicators.behind import REGISTER, behind
from workflow.indicators.checking import indicators
from workflow.indicators.entering import EnteredRow, entered, given
from workflow.indicators.flagged import flags_of
from workflow.indicators.measuring import Measured, Measuring, Period, Value
from workflow.measure_commands import EnterFigure
from workflow.reading.cases import townships

bp = Blueprint("indicators", __name__, url_prefix="/inspect/indicators")


@dataclass(frozen=True, slots=True)
class Asked:
    """Period and area of the address, with the usual where it names nothing: this year up to today."""

    period: Period
    area: str
    places: Mapping[str, str]

    @property
    def year(self) -> int:
        return self.period.until.year

    @property
    def place(self) -> str:
        """The area in words."""
        return self.places.get(self.area, self.area) or t("全县", "the whole county")

    def args(self, **other: Any) -> dict[str, Any]:
        """The same choice for another address."""
        return {
            "since": self.period.since.isoformat(), "until": self.period.until.isoformat(),
            "township": self.area or None, **other,
        }  # fmt: skip


def asked_of(connection: Connection) -> Asked:
    """What the address asks for. Raises NotAllowed."""
    today = local(now()).date()
    until = asked_day("until", today)
    since = min(asked_day("since", date(until.year, 1, 1)), until)
    area = area_for(connection, current_actor(), request.args.get("township", ""))
    return Asked(Period(since, until), area, townships(connection, current_actor()))


def seen(indicator: Indicator) -> list[Figure]:
    """The figures this reader may see."""
    return [figure for figure in indicator.figures if sees(current_actor(), figure.only)]


def measured(measuring: Measuring) -> dict[tuple[str, str], Measured]:
    """All figures the reader may see, by indicator and figure."""
    return {
        (indicator.id, figure.id): measuring.measure(indicator, figure)
        for indicator in indicators().all.values()
        for figure in seen(indicator)
    }


@bp.get("")
@needs("view_measures")
def index() -> ResponseReturnValue:
    """All indicators with their figures."""
    try:
        with house().reader.connect() as connection, facts_of(house()) as facts:
            asked = asked_of(connection)
            found = _measuring(facts, connection, asked)
            figures, rests_on = measured(found), basis(facts)
    except FactsMissing as missing:
        return without_facts(missing, "indicators")
    body = render_template(
        "measures/index.html",
        asked=asked, indicators=indicators().all, figures=figures, basis=rests_on,
        faults=[], broken=indicators().faults,
    )  # fmt: skip
    return make_response(body)


@bp.get("/indicators.xlsx")
@needs("view_measures")
def export() -> ResponseReturnValue:
    """The same as a spreadsheet. Noted in the log of reads."""
    with house().reader.connect() as connection, facts_of(house()) as facts:
        asked = asked_of(connection)
        figures, rests_on = measured(_measuring(facts, connection, asked)), basis(facts)
    tables = _sheet(asked, figures, rests_on)
    return taken_away("indicators", len(figures), tables, "indicators")


@bp.get("/<indicator_id>")
@needs("view_measures")
def show(indicator_id: str) -> ResponseReturnValue:
    """One indicator: formula, how it is counted, its figures and parts, what was entered."""
    return _show(_known(indicator_id), {}, [])


@bp.post("/<indicator_id>")
@needs("enter_figures")
def enter(indicator_id: str) -> ResponseReturnValue:
    """Enter a yearly figure with its source."""
    indicator, raw = _known(indicator_id), request.form
    command = EnterFigure(
        raw.get("year", 0, type=int), indicator.id, raw.get("figure", ""), raw.get("value", ""),
        raw.get("source", ""),
    )  # fmt: skip
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _show(indicator, raw, refused.faults, 422)
    flash(t("已录入", "Entered"))
    end = min(date(command.year, 12, 31), local(now()).date())
    return redirect(url_for(".show", indicator_id=indicator.id, until=end.isoformat()), 303)


@bp.get("/<indicator_id>/<figure_id>/<any(top, base):side>")
@needs("view_measures")
@shows("measure")
def listed(indicator_id: str, figure_id: str, side: str) -> ResponseReturnValue:
    """What is counted above or below the line, by number. Written down as a reading of these cases."""
    indicator = _known(indicator_id)
    figure = next((each for each in indicator.figures if each.id == figure_id), None)
    if figure is None or figure.kind == "entered_share":
        raise NotFound()
    require_seen(current_actor(), figure.only)
    page = request.args.get("page", 1, type=int)
    with house().reader.connect() as connection, facts_of(house()) as facts:
        asked = asked_of(connection)
        rows = _measuring(facts, connection, asked).rows(figure)
        found = behind(connection, current_actor(), figure, rows, side, page)
    cases: set[UUID] = {line.case for line in found.lines if line.case is not None}
    shown(listed=sorted(cases))
    body = render_template(
        "measures/list.html",
        asked=asked, indicator=indicator, figure=figure, side=side, list=found, counted=COUNTED,
        register=REGISTER,
    )  # fmt: skip
    return make_response(body)


def _known(indicator_id: str) -> Indicator:
    found = indicators().all.get(indicator_id)
    if found is None or not seen(found):
        raise NotFound()
    return found


def _measuring(facts: Any, connection: Connection, asked: Asked) -> Measuring:
    written = given(entered(connection, asked.year))
    return Measuring(facts, asked.period, asked.area, written, now(), flags_of(connection))


def _show(
    indicator: Indicator, raw: Mapping[str, str], faults: list[FieldFault] | Any, status: int = 200
) -> ResponseReturnValue:
    try:
        with house().reader.connect() as connection, facts_of(house()) as facts:
            asked = asked_of(connection)
            written = entered(connection, asked.year)
            measuring = _measuring(facts, connection, asked)
            figures = [measuring.measure(indicator, figure) for figure in seen(indicator)]
            rests_on = basis(facts)
    except FactsMissing as missing:
        return without_facts(missing, "indicators")
    own: dict[str, EnteredRow] = {
        figure: row for (name, figure), row in written.items() if name == indicator.id
    }
    body = render_template(
        "measures/show.html",
        asked=asked, indicator=indicator, figures=figures, written=own, raw=raw, faults=list(faults),
        basis=rests_on, units=UNITS, may_list=allowed("view_case"),
    )  # fmt: skip
    return make_response(body, status)


def without_facts(missing: FactsMissing, title: str) -> ResponseReturnValue:
    """The page while nobody has built the facts: it says so and what to do."""
    return make_response(render_template("measures/no_facts.html", missing=missing, title=title))


@bp.app_template_global()
def figure_words(figure: Figure, value: Value) -> str:
    """A figure with its unit, or why there is none."""
    if value.value is None:
        return t(value.why) if value.why else ""
    return _with_unit(figure, value.value)


def _with_unit(figure: Figure, value: Decimal) -> str:
    if figure.unit == "%":
        return f"{value}%"
    number = money(value) if figure.unit == "yuan" else f"{value.normalize():f}"
    return f"{number}{t(UNITS[figure.unit].zh, ' ' + UNITS[figure.unit].en)}"


@bp.app_template_global()
def counted_words(figure: Figure, value: Decimal | None, unit: str | None = None) -> str:
    """Numerator or denominator in the unit that is counted."""
    if value is None:
        return t("未录入", "not entered")
    name = unit or (
        "yuan" if figure.kind in {"money_share", "spent_share", "growth", "sum"} else figure.counted
    )
    number = money(value) if name == "yuan" else f"{value.normalize():f}"
    return f"{number}{t(UNITS[name].zh, ' ' + UNITS[name].en)}"


@bp.app_template_global()
def basis_words(rests_on: Basis) -> str:
    """Of when the figures are, and on how much of the log they rest."""
    newest = f"{local(rests_on.newest):%Y-%m-%d %H:%M}" if rests_on.newest else "—"
    return t(
        f"数据截至日志第{rests_on.entries}条（{newest}），{local(now()):%Y-%m-%d %H:%M}生成",
        f"From {rests_on.entries} log entries, the newest of {newest}; made {local(now()):%Y-%m-%d %H:%M}",
    )


def _sheet(asked: Asked, figures: Mapping[tuple[str, str], Measured], rests_on: Basis) -> Iterator[Table]:
    rows: list[list[Cell]] = []
    for (name, _), found in figures.items():
        indicator, figure = indicators().all[name], found.figure
        total = found.total
        rows.append([
            name, t(indicator.name), t(figure.name), total.value, t(UNITS[figure.unit]),
            total.top, total.base, t(total.why) if total.why else "", t(indicator.target),
            t(indicator.formula),
        ])  # fmt: skip
    yield Table(
        t("指标", "Indicators"),
        [f"{asked.period.since} – {asked.period.until} · {asked.place}", basis_words(rests_on)],
        [t("编号", "No."), t("指标", "Indicator"), t("数", "Figure"), t("数值", "Value"),
         t("单位", "Unit"), t("分子", "Above"), t("分母", "Below"), t("说明", "Note"),
         t("目标", "Target"), t("公式", "Formula")],
        rows,
        [8, 32, 20, 14, 10, 14, 14, 18, 18, 50],
    )  # fmt: skip
