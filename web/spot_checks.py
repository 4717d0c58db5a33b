"""抽查: plan, draw, fill in record sheets, read the rates; from a wrong sheet a finding with one click."""

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn import Text
from web import pdf
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import local, t
from web.reads import shown, shows
from web.sheets import Cell, Table
from web.taking import taken_away
from workflow.errors import AnswersRefused, FieldFault, NotFound, StepImpossible
from workflow.finding_commands import DraftFinding
from workflow.handle import handle
from workflow.reading.case_row import read_case
from workflow.reading.spot_checks import (
    FIGURES,
    Rates,
    Shown,
    frame_of_plan,
    plan_shown,
    plans,
    sheet_shown,
    wrong_items,
)
from workflow.spot_check_commands import DrawSpotCheck, PlanSpotCheck, RecordSheet
from workflow.spot_checks.verifying import Verified, verify_plan
from workflow.spot_checks.wilson import Rate
from workflow.spot_checks.wording import word_faults

bp = Blueprint("spot_checks", __name__, url_prefix="/inspect/spot-checks")
NEVER: Final = date(1, 1, 1)


@bp.get("")
@needs("view_spot_checks")
def index() -> ResponseReturnValue:
    return _list()


@bp.post("")
@needs("run_spot_check")
def plan() -> ResponseReturnValue:
    """Fix the frame in the log; of the word only its fingerprint is kept."""
    word = request.form.get("word", "").strip()
    waits = request.form.get("trigger") == "day"
    days = ("first", "last", "on") if waits else ("first", "last")
    faults = [*word_faults(word), *(fault for name in days for fault in _day_faults(name))]
    if faults:
        return _list(faults, 422)
    command = PlanSpotCheck(
        request.form.get("kind", ""), _day("first") or NEVER, _day("last") or NEVER,
        sha256(word.encode()).hexdigest(), _day("on") if waits else None,
    )  # fmt: skip
    try:
        done = handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _list(refused.faults, 422)
    flash(t("计划已写入日志，名单已经固定", "The plan stands in the log; its frame is fixed"))
    return redirect(url_for(".show", number=int(done.number)), 303)


@bp.get("/<int:number>")
@needs("view_spot_checks")
@shows("list")
def show(number: int) -> ResponseReturnValue:
    return _page(number)


@bp.post("/<int:number>/draw")
@needs("run_spot_check")
@shows("list")
def draw(number: int) -> ResponseReturnValue:
    command = DrawSpotCheck(number, request.form.get("word", ""))
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(number, refused.faults, 422)
    except StepImpossible as refused:
        return _page(number, [FieldFault("word", refused.message)], 409)
    flash(t("已抽取，种子和结果已写入日志", "Drawn; seed and sample stand in the log"))
    return redirect(url_for(".show", number=number), 303)


@bp.get("/<int:number>/repeat")
@needs("view_spot_checks")
@shows("list")
def repeat(number: int) -> ResponseReturnValue:
    """The draw once more, from the log and the published tree."""
    with house().reader.connect() as connection:
        plan_shown(house(), connection, current_actor(), number)
        found = verify_plan(house(), connection, number)
    return _page(number, repeated=found)


@bp.get("/<int:number>/frame.json")
@needs("view_spot_checks")
def frame(number: int) -> ResponseReturnValue:
    """The frame, byte for byte, for whoever repeats the draw by hand."""
    with house().reader.connect() as connection:
        content = frame_of_plan(connection, current_actor(), number)
    response = Response(content, content_type="application/json")
    response.headers["Content-Disposition"] = f"attachment; filename=frame-{number}.json"
    return response


@bp.get("/<int:number>/cases/<uuid:case_id>")
@needs("view_spot_checks")
@shows("inspection")
def sheet(number: int, case_id: UUID) -> ResponseReturnValue:
    return _sheet(number, case_id)


@bp.post("/<int:number>/cases/<uuid:case_id>")
@needs("run_spot_check")
@shows("inspection")
def record(number: int, case_id: UUID) -> ResponseReturnValue:
    """Keep the sheet and go on to the next case without one."""
    answers = {name: request.form.get(f"item.{name}", "") for name in house().spot_checks().sheet}
    command = RecordSheet(case_id, number, answers, request.form.get("remark", ""))
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        faults = [
            fault if fault.field == "remark" else FieldFault(f"item.{fault.field}", fault.message)
            for fault in refused.faults
        ]
        return _sheet(number, case_id, faults, 422)
    flash(t("记录表已保存", "The sheet is kept"))
    return redirect(url_for(".sheet", number=number, case_id=case_id), 303)


@bp.post("/<int:number>/cases/<uuid:case_id>/finding")
@needs("make_finding")
@shows("inspection")
def finding(number: int, case_id: UUID) -> ResponseReturnValue:
    """Draft a finding of what the sheet says is wrong, pinned to the newest entry of the case."""
    with house().reader.connect() as connection:
        found = sheet_shown(house(), connection, current_actor(), number, case_id)
        row = read_case(connection, case_id)
    wrong = wrong_items(house(), found.answers)
    if not wrong:
        raise NotFound()
    words = "、".join(item.zh for item in wrong)
    told = f"抽查（第{number}号计划）记录表中不符合的项目：{words}。{found.remark}"
    raw = {
        "finding_facts": told[:1500],
        "finding_rule": "医疗救助经办规程和抽查记录表的要求",
        "finding_asked": "逐项核实，补正或者纠正，说明原因和责任人。",
    }
    command = DraftFinding(case_id, row.seq, row.township, raw)
    done = handle(house(), current_actor(), command, at=now(), request_id=request_key())
    flash(t("已写成草稿，补充以后发出", "A draft was made; complete it and send it"))
    return redirect(url_for("findings.show", number=int(done.number)), 303)


@bp.get("/<int:number>/result.xlsx")
@needs("view_spot_checks")
def export(number: int) -> ResponseReturnValue:
    """Rates and cases as two sheets; cases by their number alone."""
    found = _shown(number)
    return taken_away("list", len(found.lines), _tables(found), f"spot-check-{number}")


@bp.get("/<int:number>/result.pdf")
@needs("view_spot_checks")
@shows("list")
def paper(number: int) -> ResponseReturnValue:
    """The result on paper."""
    found = _shown(number)
    shown(listed=[line.case_id for line in found.lines])
    body = render_template("spot_checks/paper.html", found=found, figures=FIGURES)
    title = t("抽查结果", "Result of a spot check")
    return pdf.response(pdf.pdf_of(body, title=title, language=t("zh-CN", "en")), f"spot-check-{number}.pdf")


def _shown(number: int) -> Shown:
    with house().reader.connect() as connection:
        return plan_shown(house(), connection, current_actor(), number)


def _list(faults: Sequence[FieldFault] = (), status: int = 200) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = plans(house(), connection, current_actor())
    checks = house().spot_checks()
    body = render_template("spot_checks/list.html", plans=found, checks=checks, faults=list(faults))
    return make_response(body, status)


def _page(
    number: int, faults: Sequence[FieldFault] = (), status: int = 200, repeated: Verified | None = None
) -> ResponseReturnValue:
    found = _shown(number)
    shown(listed=[line.case_id for line in found.lines])
    body = render_template(
        "spot_checks/show.html", found=found, figures=FIGURES, faults=list(faults), repeated=repeated
    )
    return make_response(body, status)


def _sheet(
    number: int, case_id: UUID, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = sheet_shown(house(), connection, current_actor(), number, case_id)
    items, sent = house().spot_checks().sheet, request.method == "POST"
    chosen = {name: request.form.get(f"item.{name}") if sent else found.answers.get(name) for name in items}
    remark = request.form.get("remark", "") if sent else found.remark
    body = render_template(
        "spot_checks/sheet.html",
        found=found, items=items, chosen=chosen, remark=remark, faults=list(faults), figures=FIGURES,
    )  # fmt: skip
    return make_response(body, status)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        return None


def _day_faults(name: str) -> list[FieldFault]:
    words = Text("日期写成2026-09-30这样", "Write the day as in 2026-09-30")
    return [] if _day(name) else [FieldFault(name, words)]


def _tables(found: Shown) -> Iterator[Table]:
    above = [
        f"{t(found.plan.kind)} {found.plan.first.isoformat()} – {found.plan.last.isoformat()}",
        f"{local(now()):%Y-%m-%d %H:%M}",
        t(f"种子 {found.seed or '—'}", f"seed {found.seed or '—'}"),
    ]
    heads = [t("分层", "Stratum"), t("名单件数", "Frame"), t("抽取件数", "Drawn")]
    for code, name in FIGURES.items():
        heads += [f"{code} {t(name)}", t("已查", "counted"), t("95%区间下限", "95 % from"), t("上限", "to")]
    rows = [_rates(line) for line in found.rates]
    yield Table(t("准确率", "Rates"), above, heads, rows, [24, 10, 10, *([14] * 12)])
    lines = [
        [line.place, t(line.stratum), line.number, line.village,
         t("已查", "yes") if line.recorded else "", line.wrong if line.recorded else None]
        for line in found.lines
    ]  # fmt: skip
    columns = [
        t("序号", "No."), t("分层", "Stratum"), t("案件编号", "Case"), t("村(社区)", "Village"),
        t("记录表", "Sheet"), t("不符合项", "Wrong"),
    ]  # fmt: skip
    yield Table(t("名单", "Cases"), above[:1], columns, lines, [8, 24, 14, 20, 10, 10])


def _rates(line: Rates) -> list[Cell]:
    cells: list[Cell] = [t(line.name), line.frame, line.drawn]
    for figure in FIGURES:
        one: Rate = line.figures[figure]
        cells += [_rounded(one.share), one.counted, _rounded(one.low), _rounded(one.high)]
    return cells


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
