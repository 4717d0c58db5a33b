"""延期: an office asks its supervisor for a longer limit, and the page on which the supervisor answers."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import forms
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shows
from workflow.errors import AnswersRefused, FieldFault
from workflow.handle import handle
from workflow.reading.extensions import Askable, askable, asked
from workflow.supervisor_commands import RefuseExtension, RequestExtension

bp = Blueprint("extensions", __name__, url_prefix="/cases/<uuid:case_id>")
ASKING, REFUSING = "extension", "extension_refusal"


@bp.get("/steps/<int:task_id>/extension")
@needs("request_extension")
@shows("case")
def ask(case_id: UUID, task_id: int) -> ResponseReturnValue:
    return _asking(_askable(case_id, task_id), {})


@bp.post("/steps/<int:task_id>/extension")
@needs("request_extension")
@shows("case")
def ask_now(case_id: UUID, task_id: int) -> ResponseReturnValue:
    found = _askable(case_id, task_id)
    raw = forms.raw_answers(house().rules().rulebook.forms[ASKING], request.form)
    command = RequestExtension(case_id, found.clock_id, raw)
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _asking(found, raw, refused.faults, 422)
    flash(
        t(
            "已申请延期，等督办人员答复；答复以前期限不变",
            "Asked for; until it is answered the limit stays as it is",
        )
    )
    return redirect(url_for("work.task", case_id=case_id, task_id=task_id), 303)


@bp.get("/extensions/<int:number>")
@needs("view_case")
@shows("case")
def show(case_id: UUID, number: int) -> ResponseReturnValue:
    return _page(case_id, number, {})


@bp.post("/extensions/<int:number>/refuse")
@needs("extend_deadline")
@shows("case")
def refuse(case_id: UUID, number: int) -> ResponseReturnValue:
    raw = forms.raw_answers(house().rules().rulebook.forms[REFUSING], request.form)
    command = RefuseExtension(case_id, number, raw)
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(case_id, number, raw, refused.faults, 422)
    flash(t("已答复：不同意延期", "Answered: not extended"))
    return redirect(url_for(".show", case_id=case_id, number=number), 303)


def _askable(case_id: UUID, task_id: int) -> Askable:
    with house().reader.connect() as connection:
        return askable(house(), connection, current_actor(), case_id, task_id, now())


def _asking(
    found: Askable, raw: forms.Raw, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    view = forms.show(house().rules().rulebook.forms[ASKING], raw, faults=faults)
    body = render_template("supervise/ask.html", asking=found, form=view, faults=view.faults)
    return make_response(body, status)


def _page(
    case_id: UUID, number: int, raw: forms.Raw, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = asked(house(), connection, current_actor(), case_id, number, now())
    view = forms.show(house().rules().rulebook.forms[REFUSING], raw, faults=faults)
    body = render_template("supervise/asked.html", asked=found, form=view, faults=view.faults)
    return make_response(body, status)
