"""挂牌督办: the page on which the office answers and the supervisor accepts the answer; the list of them."""

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
from workflow.reading.supervisions import PAGE, standing, told
from workflow.supervisor_commands import AnswerSupervision, EndSupervision

bp = Blueprint("overseen", __name__)
FORM = "supervision_answer"


@bp.get("/supervise/supervisions")
@needs("overdue_board")
def index() -> ResponseReturnValue:
    """What has not ended: of a supervisor's area, or what the own seat owes."""
    with house().reader.connect() as connection:
        found = standing(connection, current_actor(), now())
    return make_response(render_template("supervise/supervisions.html", found=found, most=PAGE))


@bp.get("/cases/<uuid:case_id>/supervisions/<int:number>")
@needs("view_case")
@shows("case")
def show(case_id: UUID, number: int) -> ResponseReturnValue:
    return _page(case_id, number, {})


@bp.post("/cases/<uuid:case_id>/supervisions/<int:number>/answer")
@needs("answer_supervision")
@shows("case")
def answer(case_id: UUID, number: int) -> ResponseReturnValue:
    raw = forms.raw_answers(house().rules().rulebook.forms[FORM], request.form)
    command = AnswerSupervision(case_id, number, raw)
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(case_id, number, raw, refused.faults, 422)
    flash(t("答复已提交，等督办人员摘牌", "The answer is sent; the supervisor ends the supervision"))
    return redirect(url_for(".show", case_id=case_id, number=number), 303)


@bp.post("/cases/<uuid:case_id>/supervisions/<int:number>/end")
@needs("press")
@shows("case")
def end(case_id: UUID, number: int) -> ResponseReturnValue:
    """The supervisor accepts the answer (摘牌)."""
    handle(house(), current_actor(), EndSupervision(case_id, number), at=now(), request_id=request_key())
    flash(t("已摘牌", "The supervision has ended"))
    return redirect(url_for(".show", case_id=case_id, number=number), 303)


def _page(
    case_id: UUID, number: int, raw: forms.Raw, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = told(house(), connection, current_actor(), case_id, number, now())
    view = forms.show(house().rules().rulebook.forms[FORM], raw, faults=faults)
    body = render_template("supervise/supervision.html", told=found, form=view, faults=view.faults)
    return make_response(body, status)
