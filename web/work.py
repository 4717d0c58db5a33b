"""The worklist of a seat, and the form of one step with the case file beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from bpmn import Form
from web import forms, uploads
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import language, t
from web.reads import shows
from workflow import drafts
from workflow.commands import CompleteTask, NewPaper
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, FieldFault, Stale
from workflow.forms import check
from workflow.handle import handle
from workflow.permissions import may
from workflow.reading.beside import written_before
from workflow.reading.case_file import CaseFile, case_file
from workflow.reading.desk import Desk, desk, next_step
from workflow.reading.left_to_others import left_to_others
from workflow.reading.said import Said
from workflow.reading.timeline import open_all
from workflow.reading.worklist import FILTERS, Filter, done_today, worklist
from workflow.store import transaction
from workflow.store.models import Case, Task

bp = Blueprint("work", __name__)


@dataclass(frozen=True, slots=True)
class Beside:
    """What has to be read for a step, beside the papers: an objection, and what was written before."""

    objection: str | None = None
    written: Sequence[Said] = ()


@bp.get("/work")
@needs("complete_task")
def index() -> ResponseReturnValue:
    """The open steps of the seat chosen, the next one due first; the filter stands in the address."""
    actor = current_actor()
    given = request.args.get("s", "all")
    chosen: Filter = given if given in FILTERS else "all"
    with house().reader.connect() as connection:
        found = worklist(
            house(), connection, actor, now(),
            chosen=chosen, page=request.args.get("page", 1, type=int),
        )  # fmt: skip
        others = left_to_others(
            house(), connection, actor, [(item.case_id, item.task_id) for item in found.items]
        )
        done = done_today(connection, actor.account_id, now())
    shown = {"list": found, "others": others, "chosen": chosen, "done": done}
    return make_response(render_template("work/index.html", **shown))


@bp.get("/cases/<uuid:case_id>/tasks/<int:task_id>")
@needs("complete_task")
@shows("task")
def task(case_id: UUID, task_id: int) -> ResponseReturnValue:
    actor = current_actor()
    with house().reader.connect() as connection:
        step = desk(house(), connection, actor, case_id, task_id, now())
        if step.refusal is not None:
            raise step.refusal
        file = case_file(house(), connection, actor, case_id, now())
        kept = drafts.read(connection, case_id, task_id, actor.account_id)
    received = uploads.Received(kept.papers) if kept else uploads.Received()
    return _page(
        step,
        file,
        kept.answers if kept else {},
        received,
        saved_at=kept.saved_at if kept else None,
    )


@bp.post("/cases/<uuid:case_id>/tasks/<int:task_id>")
@needs("complete_task")
@shows("task")
def submit(case_id: UUID, task_id: int) -> ResponseReturnValue:
    """Take the step. What was typed and uploaded is kept, whatever becomes of it."""
    actor = current_actor()
    with house().reader.connect() as connection:
        try:
            step = desk(house(), connection, actor, case_id, task_id, now())
        except Stale as stale:
            return _submitted_to_a_closed_step(case_id, task_id, stale)
        file = case_file(house(), connection, actor, case_id, now())
    raw = forms.raw_answers(step.form, request.form)
    received = uploads.receive(house().files, request.files, request.form, step.kinds, actor.account_id)
    faults = [] if step.refusal else _faults(step, raw, received)
    if not faults:
        try:
            handle(
                house(), actor, CompleteTask(case_id, task_id, raw, _ordered(received)),
                at=now(), request_id=request_key(),
            )  # fmt: skip
        except AnswersRefused as error:
            faults = [_renamed(fault) for fault in error.faults]
        except Stale as stale:
            return _stale(step.form, stale, raw)
    if faults:
        _keep(case_id, task_id, raw, received)
        return _page(step, file, raw, received, faults=faults, status=422)
    with transaction(house().engine) as writing:
        drafts.drop(writing, case_id, task_id)
    flash(t(f"{file.number}的“{step.name}”已提交", f"“{step.name}” of {file.number} has been submitted"))
    return redirect(_onward(), 303)


@bp.post("/cases/<uuid:case_id>/tasks/<int:task_id>/draft")
@needs("complete_task")
def draft(case_id: UUID, task_id: int) -> ResponseReturnValue:
    """Save what has been typed so far, and every paper that is good, without taking the step."""
    actor = current_actor()
    with house().reader.connect() as connection:
        step = desk(house(), connection, actor, case_id, task_id, now())
    if step.refusal is not None:
        raise step.refusal
    raw = forms.raw_answers(step.form, request.form)
    received = uploads.receive(house().files, request.files, request.form, step.kinds, actor.account_id)
    _keep(case_id, task_id, raw, received)
    if request.headers.get("X-Requested-With") == "fetch":
        return make_response("", 204)
    for fault in received.faults:
        flash(t(fault.message))
    flash(t("已暂存，还没有提交", "Saved, not submitted yet"))
    return redirect(url_for(".task", case_id=case_id, task_id=task_id), 303)


def _faults(step: Desk, raw: forms.Raw, received: uploads.Received) -> list[FieldFault]:
    """Everything that is wrong at once: answers, damaged papers, missing papers."""
    faults: list[FieldFault] = []
    try:
        check(step.form, raw, step.variables, today=now().astimezone(SHANGHAI).date())
    except AnswersRefused as error:
        faults += error.faults
    faults += received.faults
    damaged = {fault.field for fault in received.faults}
    given = [paper.kind for paper in received.papers]
    return faults + [fault for fault in step.lacking(given) if fault.field not in damaged]


def _ordered(received: uploads.Received) -> tuple[NewPaper, ...]:
    """Always the same order, so that a second click brings the very same command."""
    return tuple(sorted(received.papers, key=lambda paper: (paper.kind, paper.sha256)))


def _renamed(fault: FieldFault) -> FieldFault:
    """The services call a paper's fault paper_KIND, the page's input is paper.KIND."""
    if fault.field.startswith("paper_"):
        return FieldFault(f"paper.{fault.field[6:]}", fault.message)
    return fault


def _keep(case_id: UUID, task_id: int, raw: forms.Raw, received: uploads.Received) -> None:
    with transaction(house().engine) as writing:
        drafts.keep(writing, case_id, task_id, current_actor().account_id, raw, received.papers, now())


def _onward() -> str:
    actor = current_actor()
    with house().reader.connect() as connection:
        following = next_step(house(), connection, actor, now())
    if following is None:
        return url_for(".index")
    return url_for(".task", case_id=following[0], task_id=following[1])


def _page(
    step: Desk,
    file: CaseFile,
    raw: forms.Raw,
    received: uploads.Received,
    *,
    faults: Sequence[FieldFault] = (),
    saved_at: datetime | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    view = forms.show(step.form, raw, step.variables, faults=faults)
    papers = uploads.show(step.kinds, step.missing, received, faults, current_actor().account_id)
    shown = {fault.field for fault in view.faults if fault.field != "form-top"}
    paper_faults = [fault for fault in faults if fault.field.startswith("paper.")]
    summary = [
        *(fault for fault in view.faults if fault.message not in {each.message for each in paper_faults}),
        *paper_faults,
    ]
    place = next(place for place in file.places if place.id == step.task_id)
    body = render_template(
        "work/task.html",
        step=step, file=file, place=place, clock_view=file.clock_of(place), form=view, papers=papers,
        faults=summary, shown=shown, saved_at=saved_at, beside=_beside(step, file),
        may_ask=may(current_actor().role, "request_extension") is not None,
    )  # fmt: skip
    return make_response(body, status)


def _beside(step: Desk, file: CaseFile) -> Beside:
    if step.refusal is not None:
        return Beside()
    with house().reader.connect() as connection:
        return Beside(_objection(connection, step, file), written_before(house(), connection, file))


def _objection(connection: Connection, step: Desk, file: CaseFile) -> str | None:
    """Whoever registers or re-checks an objection has to read it."""
    if step.process != "sub_objection" or not file.objections:
        return None
    opened = open_all(house(), connection, file.id).get(file.objections[-1].seq, {})
    return cast("str | None", opened.get("objection_text"))


def _submitted_to_a_closed_step(case_id: UUID, task_id: int, stale: Stale) -> ResponseReturnValue:
    """A second click of the one who has done it goes on; anybody else is told who was faster."""
    actor = current_actor()
    with house().reader.connect() as connection:
        form = _form_of(connection, case_id, task_id)
    raw = forms.raw_answers(form, request.form)
    received = uploads.receive(
        house().files, request.files, request.form, house().rules().rulebook.papers, actor.account_id
    )
    try:
        handle(
            house(), actor, CompleteTask(case_id, task_id, raw, _ordered(received)),
            at=now(), request_id=request_key(),
        )  # fmt: skip
    except Stale:
        return _stale(form, stale, raw)
    return redirect(_onward(), 303)


def _form_of(connection: Connection, case_id: UUID, task_id: int) -> Form:
    row = connection.execute(
        select(Task.form, Case.rulebook)
        .join(Case, Case.id == Task.case_id)
        .where(Task.case_id == case_id, Task.id == task_id)
    ).one()
    return house().rules(row.rulebook).rulebook.forms[row.form]


def _stale(form: Form, stale: Stale, raw: forms.Raw) -> ResponseReturnValue:
    """Who did it and when; and what was typed, so that nothing is lost."""
    typed = [
        (field.label, forms.answer_text(field, raw[field.id], language()))
        for field in form.fields
        if raw.get(field.id)
    ]
    return make_response(render_template("errors/stale.html", happened=stale.happened, typed=typed), 409)
