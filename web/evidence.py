"""Taking the evidence of a case away, and what checking it shows and does not show."""

import hashlib
from collections.abc import Sequence
from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from web.access import needs
from web.here import current_actor, house, now, request_key
from web.taking import filled
from workflow.errors import AnswersRefused, FieldFault
from workflow.evidence.bundle import CHECKER
from workflow.evidence.handing_out import hand_out
from workflow.permissions import require
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case

bp = Blueprint("evidence", __name__)


@bp.get("/cases/<uuid:case_id>/evidence")
@needs("export_case")
def show(case_id: UUID) -> ResponseReturnValue:
    return _page(case_id)


@bp.post("/cases/<uuid:case_id>/evidence")
@needs("export_case")
def take(case_id: UUID) -> ResponseReturnValue:
    """The bundle. Who, when and why goes into the log before a byte of it leaves."""
    reason = request.form.get("reason", "")
    try:
        with filled() as file:
            hand_out(house(), current_actor(), case_id, reason, file, now(), request_key())
            with house().reader.connect() as connection:
                number = read_case(connection, case_id).number
    except AnswersRefused as error:
        return _page(case_id, error.faults, 422)
    name = f"mingjian-{number}.zip"
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)


def _page(case_id: UUID, faults: Sequence[FieldFault] = (), status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access = access_to(connection, actor, row)
    require(actor, "export_case", area=row.village, met={"reason"})
    body = render_template("evidence/show.html", row=row, access=access, faults=list(faults))
    return make_response(body, status)


@bp.get("/inspect/checking")
@needs("export_case")
def checking() -> ResponseReturnValue:
    """In plain words: what is checked by whom, and what nobody can see from where."""
    digest = hashlib.sha256(CHECKER.read_bytes()).hexdigest()
    return make_response(render_template("evidence/checking.html", digest=digest, name=CHECKER.name))


@bp.get("/inspect/mingjian_check.py")
@needs("export_case")
def checker() -> Response:
    return send_file(
        BytesIO(CHECKER.read_bytes()),
        mimetype="text/x-python",
        as_attachment=True,
        download_name=CHECKER.name,
    )
