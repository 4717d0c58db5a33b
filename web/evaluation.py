"""绩效自评: a template filled from the year's figures and by the scorer, as a page, on paper, as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.evaluations import QUALITATIVE, Evaluation
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.indicators import basis_words, measured, without_facts
from web.language import local, t
from web.sheets import Cell, Table
from web.taking import taken_away
from workflow.errors import AnswersRefused, NotFound
from workflow.facts.store import FactsMissing
from workflow.handle import handle
from workflow.indicators.access import Basis, area_for, basis, facts_of
from workflow.indicators.entering import entered, given, scored
from workflow.indicators.evaluating import Result, evaluate, evaluations
from workflow.indicators.measuring import Measuring, Period
from workflow.measure_commands import ScoreLeaf

bp = Blueprint("evaluation", __name__, url_prefix="/inspect/evaluations")
BACK = 5
"""Years that can be chosen, this one included."""


@dataclass(frozen=True, slots=True)
class Filled:
    result: Result
    year: int
    basis: Basis


def _filled(evaluation: Evaluation) -> Filled:
    """The template for the year of the address. Raises FactsMissing, NotAllowed."""
    today = local(now()).date()
    year = request.args.get("year", today.year, type=int)
    year = min(max(year, today.year - BACK + 1), today.year)
    period = Period(date(year, 1, 1), min(date(year, 12, 31), today))
    with house().reader.connect() as connection, facts_of(house()) as facts:
        area_for(connection, current_actor(), "")
        measuring = Measuring(facts, period, "", given(entered(connection, year)), now())
        scores = {
            leaf: (row.value, row.words, row.person)
            for leaf, row in scored(connection, evaluation.id, year).items()
        }
        return Filled(evaluate(evaluation, measured(measuring), scores), year, basis(facts))


def _known(evaluation_id: str) -> Evaluation:
    found = evaluations().all.get(evaluation_id)
    if found is None:
        raise NotFound()
    return found


@bp.get("")
@needs("view_measures")
def index() -> ResponseReturnValue:
    """The templates there are; the only one at once."""
    known = evaluations()
    if len(known.all) == 1:
        return redirect(url_for(".show", evaluation_id=next(iter(known.all))), 303)
    return make_response(render_template("measures/evaluations.html", known=known))


@bp.get("/<evaluation_id>")
@needs("view_measures")
def show(evaluation_id: str) -> ResponseReturnValue:
    return _page(_known(evaluation_id), {}, [])


@bp.post("/<evaluation_id>")
@needs("score_evaluation")
def score(evaluation_id: str) -> ResponseReturnValue:
    """Give a qualitative leaf its points, with what they rest on."""
    evaluation, raw = _known(evaluation_id), request.form
    command = ScoreLeaf(
        evaluation.id, raw.get("year", 0, type=int), raw.get("leaf", ""), raw.get("points", ""),
        raw.get("evidence", ""),
    )  # fmt: skip
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(evaluation, raw, refused.faults, 422)
    flash(t("已打分", "Scored"))
    return redirect(url_for(".show", evaluation_id=evaluation.id, year=command.year), 303)


def _page(
    evaluation: Evaluation, raw: Mapping[str, str], faults: Any, status: int = 200
) -> ResponseReturnValue:
    try:
        filled = _filled(evaluation)
    except FactsMissing as missing:
        return without_facts(missing, "evaluation")
    this = local(now()).date().year
    body = render_template(
        "measures/evaluation.html",
        filled=filled, evaluation=evaluation, raw=raw, faults=list(faults),
        years=range(this, this - BACK, -1), qualitative=QUALITATIVE,
    )  # fmt: skip
    return make_response(body, status)


@bp.get("/<evaluation_id>/evaluation.xlsx")
@needs("view_measures")
def export(evaluation_id: str) -> ResponseReturnValue:
    """The same as a spreadsheet. Noted in the log of reads."""
    filled = _filled(_known(evaluation_id))
    return taken_away("evaluation", len(filled.result.lines), _sheet(filled), "evaluation")


def total_words(result: Result) -> str:
    """How many points were reached of how many that are scored, and the grade once all are."""
    grade = result.grade
    said = t(
        f"得{result.points}分，已评{result.of}分，共100分",
        f"{result.points} points of {result.of} scored, of 100 in all",
    )
    unscored = t("还有未评分的指标，不定等次", "no grade while leaves are unscored")
    return f"{said}；{t(grade.name)}" if grade else f"{said}；{unscored}"


bp.add_app_template_global(total_words)


def _sheet(filled: Filled) -> Iterator[Table]:
    result = filled.result
    rows: list[list[Cell]] = []
    for line in result.lines:
        leaf, found = line.leaf, line.measured
        value = found.total.value if found else None
        why = t(found.total.why) if found and found.total.why else ""
        rows.append([
            t(leaf.path[0]), t(leaf.path[1]), t(leaf.name), leaf.points, line.points,
            t("定量", "counted") if leaf.indicator else t("定性", "judged"), leaf.indicator, value,
            line.words or why or (t("未评分", "unscored") if line.points is None else ""), line.person,
            t("本程序补足", "ours") if leaf.ours else "",
        ])  # fmt: skip
    yield Table(
        t("绩效自评", "Self-evaluation"),
        [f"{t(result.evaluation.name)} · {filled.year}", total_words(result), basis_words(filled.basis)],
        [t("一级", "First level"), t("二级", "Second level"), t("三级指标", "Indicator"), t("分值", "Points"),
         t("得分", "Reached"), t("种类", "Kind"), t("指标", "Figure"), t("数值", "Value"),
         t("依据", "Rests on"), t("评分人", "Scored by"), t("来源", "Source")],
        rows,
        [12, 14, 40, 8, 8, 8, 8, 12, 40, 12, 12],
    )  # fmt: skip
