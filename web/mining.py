"""Case histories as data for process mining, taken away from a page."""

from collections.abc import Mapping, Sequence
from datetime import date

from flask import Blueprint, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from bpmn.text import Text
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.taking import filled
from workflow.errors import AnswersRefused, FieldFault
from workflow.mining.handing_out import OCEL, SUFFIXES, XES, Export, hand_out
from workflow.mining.selection import Selection
from workflow.reading.cases import townships

bp = Blueprint("mining", __name__, url_prefix="/inspect/export")
NO_DAY = Text("不是日期，写成2026-03-01这样", "Not a date; write it like 2026-03-01")
BACKWARDS = Text("结束的日子早于开始的日子", "The last day is before the first")


@bp.get("")
@needs("export_log")
def show() -> ResponseReturnValue:
    return _page({})


@bp.post("")
@needs("export_log")
def take() -> ResponseReturnValue:
    """The file. Who, when, what and why goes into the log before a byte of it leaves."""
    raw = {name: value.strip() for name, value in request.form.items()}
    form = OCEL if raw.get("form") == OCEL else XES
    try:
        export = Export(form, _selection(raw), raw.get("reason", ""), raw.get("identified") == "1")
        with filled() as file:
            hand_out(house(), current_actor(), export, file, now(), request_key())
    except AnswersRefused as error:
        return _page(raw, error.faults, 422)
    mime = "application/xml" if form == XES else "application/json"
    name = f"mingjian-{now():%Y%m%d}{SUFFIXES[form]}"
    return send_file(file, mimetype=mime, as_attachment=True, download_name=name)


def _selection(raw: Mapping[str, str]) -> Selection:
    """What the form says. Raises AnswersRefused."""
    days: dict[str, date | None] = {}
    faults = []
    for name in ("since", "until"):
        try:
            days[name] = date.fromisoformat(raw[name]) if raw.get(name) else None
        except ValueError:
            faults.append(FieldFault(name, NO_DAY))
    since, until = days.get("since"), days.get("until")
    if since and until and until < since:
        faults.append(FieldFault("until", BACKWARDS))
    if faults:
        raise AnswersRefused(faults)
    numbers = tuple(raw.get("numbers", "").replace("，", " ").replace(",", " ").split())
    return Selection(since, until, raw.get("flow", ""), raw.get("township", ""), numbers)


def _page(
    raw: Mapping[str, str], faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        places = townships(connection, current_actor())
    flows = house().rules().rulebook.flows
    body = render_template(
        "evidence/histories.html", raw=raw, faults=list(faults), places=places, flows=flows
    )
    return make_response(body, status)
