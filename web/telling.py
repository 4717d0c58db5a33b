"""Tell a case something outside its steps: withdrawal, death, rest and going on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn import Text
from web import forms
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shows
from workflow.commands import PauseCase, ReportDeath, ResumeCase, Withdraw
from workflow.errors import AnswersRefused, FieldFault
from workflow.handle import handle
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case

bp = Blueprint("telling", __name__, url_prefix="/cases")


@dataclass(frozen=True, slots=True)
class Telling:
    """Form, command, what comes of it, and whether it cannot be undone."""

    form: str
    command: Callable[[UUID, forms.Raw], Withdraw | ReportDeath | PauseCase | ResumeCase]
    follows: Text
    final: bool = False


TELLINGS: Mapping[str, Telling] = {
    "withdrawal": Telling(
        "withdrawal", Withdraw,
        Text("提交后案卷终止，不能恢复；申请人以后可以重新申请。",
             "The case ends and cannot be taken up again; the applicant may file anew."),
        final=True,
    ),
    "death": Telling(
        "death", ReportDeath,
        Text("提交后全部期限停止计算，由乡镇核实；不属实的，案件接着办。",
             "All limits stand still and the township verifies it; if it is not so, the case goes on."),
    ),
    "pause": Telling(
        "pause_case", PauseCase,
        Text("提交后全部期限停止计算，各环节不能办理，直到恢复。",
             "All limits stand still and no step can be done until the case goes on."),
    ),
    "resume": Telling(
        "resume_case", ResumeCase,
        Text("提交后各环节恢复办理，期限接着计算。", "The steps open again and the limits run on."),
    ),
}  # fmt: skip


@bp.get("/<uuid:case_id>/leave/<any(withdrawal, death):kind>")
@needs("withdraw")
@shows("case")
def leave(case_id: UUID, kind: str) -> ResponseReturnValue:
    return _page(case_id, TELLINGS[kind], {})


@bp.post("/<uuid:case_id>/leave/<any(withdrawal, death):kind>")
@needs("withdraw")
@shows("case")
def leave_now(case_id: UUID, kind: str) -> ResponseReturnValue:
    """The applicant takes the application back, or has died."""
    return _tell(case_id, TELLINGS[kind])


@bp.get("/<uuid:case_id>/rest/<any(pause, resume):kind>")
@needs("pause_case")
@shows("case")
def rest(case_id: UUID, kind: str) -> ResponseReturnValue:
    return _page(case_id, TELLINGS[kind], {})


@bp.post("/<uuid:case_id>/rest/<any(pause, resume):kind>")
@needs("pause_case")
@shows("case")
def rest_now(case_id: UUID, kind: str) -> ResponseReturnValue:
    """Let the case rest, or go on."""
    return _tell(case_id, TELLINGS[kind])


def _tell(case_id: UUID, telling: Telling) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
    raw = forms.raw_answers(house().rules(row.rulebook).rulebook.forms[telling.form], request.form)
    try:
        handle(house(), current_actor(), telling.command(case_id, raw), at=now(), request_id=request_key())
    except AnswersRefused as error:
        return _page(case_id, telling, raw, error.faults, 422)
    flash(t("已登记", "Registered"))
    return redirect(url_for("case.show", case_id=case_id), 303)


def _page(
    case_id: UUID, telling: Telling, raw: forms.Raw, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access_to(connection, current_actor(), row)
    view = forms.show(house().rules(row.rulebook).rulebook.forms[telling.form], raw, faults=faults)
    body = render_template("case/tell.html", row=row, form=view, telling=telling, faults=view.faults)
    return make_response(body, status)
