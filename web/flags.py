"""红旗: the inspector's list, each with its evidence and a conclusion; the rules and their rates."""

from collections.abc import Sequence

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.text import Text
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shown, shows
from workflow.errors import AnswersRefused, FieldFault
from workflow.flag_commands import ConcludeFlag
from workflow.flags.checking import rules_of
from workflow.flags.concluding import CONCLUSIONS, MEANING
from workflow.handle import handle
from workflow.reading.cases import townships
from workflow.reading.flags import SEVERITIES, STATES, Wanted, last_run, listed, one, rates

bp = Blueprint("flags", __name__, url_prefix="/inspect/flags")


@bp.get("")
@needs("view_flags")
@shows("flags")
def index() -> ResponseReturnValue:
    """The list, narrowed by state, rule, severity and township."""
    asked = request.args
    state = asked.get("state", "open")
    wanted = Wanted(
        state if state in STATES else "open",
        asked.get("rule", ""),
        asked.get("severity", ""),
        asked.get("township", ""),
    )
    rules = rules_of(house().home)
    with house().reader.connect() as connection:
        found = listed(connection, rules, wanted, asked.get("page", 1, type=int))
        places = townships(connection, current_actor())
        run = last_run(connection)
    shown(listed=list(dict.fromkeys(line.case_id for line in found.lines if line.case_id)))
    body = render_template(
        "flags/list.html", found=found, wanted=wanted, rules=rules, states=STATES, severities=SEVERITIES,
        townships=places, run=run,
    )  # fmt: skip
    return make_response(body)


@bp.get("/rules")
@needs("view_flags")
def rules() -> ResponseReturnValue:
    """Every rule: what it looks for, its figures, what it cannot see, and how often it was wrong."""
    known = rules_of(house().home)
    with house().reader.connect() as connection:
        found, run = rates(connection, known), last_run(connection)
    body = render_template(
        "flags/rules.html", rates=found, faults=known.faults, severities=SEVERITIES, run=run
    )
    return make_response(body)


@bp.get("/<flag_id>")
@needs("view_flags")
@shows("flag")
def show(flag_id: str) -> ResponseReturnValue:
    return _page(flag_id)


@bp.post("/<flag_id>")
@needs("conclude_flag")
@shows("flag")
def conclude(flag_id: str) -> ResponseReturnValue:
    """Justified, explained or false alarm, with the reason."""
    chosen, reason = request.form.get("conclusion", ""), request.form.get("reason", "")
    command = ConcludeFlag(flag_id, chosen, reason)
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(flag_id, refused.faults, 422)
    flash(t(Text("结论已记下，办案单位看不到", "The conclusion is kept; the office does not see it")))
    return redirect(url_for(".show", flag_id=flag_id), 303)


def _page(flag_id: str, faults: Sequence[FieldFault] = (), status: int = 200) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = one(house(), connection, rules_of(house().home), flag_id)
    shown(found.line.case_id)
    body = render_template(
        "flags/show.html", found=found, faults=list(faults), conclusions=CONCLUSIONS, meaning=MEANING,
        severities=SEVERITIES, typed=request.form,
    )  # fmt: skip
    return make_response(body, status)
