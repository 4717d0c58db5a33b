"""删除个人信息: one person proposes it for a closed case, another confirms or refuses."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.erasing import may_destroy
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shown, shows
from workflow.erasure_commands import ConfirmErasure, ErasureCommand, ProposeErasure, RefuseErasure
from workflow.errors import AnswersRefused, FieldFault
from workflow.finishing_erasures import queue
from workflow.handle import handle
from workflow.permissions import may, require
from workflow.reading.case_row import read_case
from workflow.reading.erasures import SHOWN, overview, proposals_of

bp = Blueprint("erasure", __name__)


@bp.get("/erasures")
@needs("view_erasures")
@shows("list")
def index() -> ResponseReturnValue:
    """What waits for a second person, and the cases that have been kept long enough."""
    with house().reader.connect() as connection:
        found = overview(house(), connection, current_actor(), now())
    shown(listed=[line.id for line in (*found.waiting, *found.confirmed, *found.due)])
    return make_response(render_template("erasure/index.html", found=found, most=SHOWN))


@bp.get("/cases/<uuid:case_id>/erasure")
@needs("view_erasures")
@shows("case")
def show(case_id: UUID) -> ResponseReturnValue:
    return _page(case_id)


@bp.post("/cases/<uuid:case_id>/erasure")
@needs("view_erasures")
@shows("case")
def act(case_id: UUID) -> ResponseReturnValue:
    """Propose, confirm or refuse, by the button that was pressed."""
    number, reason = request.form.get("erasure", 0, type=int), request.form.get("reason", "")
    done: dict[str, tuple[ErasureCommand, str]] = {
        "propose": (
            ProposeErasure(case_id, request.form.get("basis", ""), reason),
            t("已提出，等另一人确认", "Proposed; another person has to confirm"),
        ),
        "confirm": (ConfirmErasure(case_id, number), t("个人信息已删除", "The personal data are erased")),
        "refuse": (RefuseErasure(case_id, number, reason), t("已退回", "Refused")),
    }
    command, words = done.get(request.form.get("act", ""), done["propose"])
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as error:
        return _page(case_id, error.faults, 422)
    with house().reader.connect() as connection:
        if isinstance(command, ConfirmErasure) and read_case(connection, case_id).erased_at is None:
            words = t("已确认，等待执行，还没有删除", "Confirmed; it waits to be carried out")
    flash(words)
    return redirect(url_for(".show", case_id=case_id), 303)


def _page(case_id: UUID, faults: Sequence[FieldFault] = (), status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        require(actor, "view_erasures", area=row.village, met={"second_person"})
        found = proposals_of(house(), connection, row)
        at_once = may_destroy(connection)
        queued = next((one for one in queue(connection) if one.case_id == case_id), None)
    waiting = next((one for one in found if one.state == "open"), None)
    mine = waiting is not None and waiting.proposer_id == actor.account_id
    decides = may(actor.role, "decide_erasure") is not None
    body = render_template(
        "erasure/show.html",
        row=row, found=found, waiting=waiting, mine=mine, faults=list(faults), typed=request.form,
        bases=house().retention().bases, may_decide=decides and not mine, at_once=at_once, queued=queued,
        may_propose=decides or may(actor.role, "propose_erasure") is not None,
    )  # fmt: skip
    return make_response(body, status)
