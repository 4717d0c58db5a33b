"""流程一览: every flow with its diagram and its table, as the office signs it."""

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from bpmn import Rulebook
from web.access import signed_in
from web.here import house, now
from workflow.errors import NotFound
from workflow.reading.diagrams import diagrams
from workflow.reading.flows import UNITS, below, sheets
from workflow.reading.picture import strips

bp = Blueprint("flows", __name__, url_prefix="/flows")


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    found = sheets(house().rules().rulebook)
    return render_template(
        "flows/index.html",
        numbered=[sheet for sheet in found.values() if sheet.number],
        shared=[sheet for sheet in found.values() if not sheet.number],
    )


@bp.get("/<process>")
@signed_in
def show(process: str) -> ResponseReturnValue:
    """One flow; in print the flows it calls follow, wide drawings in pieces that can be read."""
    book = house().rules().rulebook
    found = sheets(book)
    if process not in found:
        raise NotFound()
    return render_template(
        "flows/show.html", parts_=below(found, process), pieces=strips, units=UNITS, digest=book.digest,
        at=now(),
    )  # fmt: skip


@bp.get("/<process>.bpmn")
@signed_in
def drawing(process: str) -> ResponseReturnValue:
    """The diagram in force."""
    return drawn(house().rules().rulebook, process)


def drawn(book: Rulebook, process: str) -> Response:
    """One diagram of a rule book, for the viewer. Raises NotFound."""
    found = diagrams(book).get(process)
    if found is None:
        raise NotFound()
    response = make_response(book.files[found.file])
    response.headers["Content-Type"] = "application/xml; charset=utf-8"
    response.headers["Cache-Control"] = "private, no-cache"  # after a release another one has this address
    response.add_etag()
    response.make_conditional(request)
    return response
