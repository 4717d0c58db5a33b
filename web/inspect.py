"""The inspector's pages: a case entry by entry, the bytes, what they commit to, and whether all of it holds.

The entries hold no personal value. Sealed values open only after a reason, which goes into the log.
"""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

import audit
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.reads import shown, shows
from workflow.commands import LogReading
from workflow.errors import FieldFault
from workflow.handle import handle
from workflow.permissions import require
from workflow.reading.case_file import CaseFile, case_file
from workflow.reading.case_row import read_case
from workflow.reading.cases import Wanted, cases
from workflow.reading.diagrams import Visit, chain_to, diagrams, mark
from workflow.reading.inspection import inspect, visits_at
from workflow.reading.readers import readers
from workflow.reasons import LONGEST, reason_faults
from workflow.replay import replay

bp = Blueprint("inspect", __name__, url_prefix="/inspect")
OPEN_FOR = 3600  # seconds


@bp.get("")
@needs("replay")
@shows("list")
def index() -> ResponseReturnValue:
    """Choose a case: by its number, or from the newest ones."""
    wanted = Wanted(number=request.args.get("number", "").strip())
    book = house().rules().rulebook
    with house().reader.connect() as connection:
        found = cases(connection, book, current_actor(), wanted, request.args.get("page", 1, type=int))
    shown(listed=[line.id for line in found.lines])
    if wanted.number and len(found.lines) == 1:
        return redirect(url_for(".show", case_id=found.lines[0].id), 303)
    return make_response(render_template("inspect/index.html", list=found, wanted=wanted))


@bp.get("/<uuid:case_id>")
@needs("replay")
@shows("inspection")
def show(case_id: UUID) -> ResponseReturnValue:
    return _entry(case_id, request.args.get("n", 1, type=int))


@bp.post("/<uuid:case_id>")
@needs("replay")
@shows("inspection")
def open_values(case_id: UUID) -> ResponseReturnValue:
    """Open the sealed values of a case for an hour. Who, when and why goes into its log first."""
    number = request.form.get("n", 1, type=int)
    reason = request.form.get("reason", "").strip()
    if faults := reason_faults(reason):
        return _entry(case_id, number, faults, 422)
    command = LogReading(case_id, "entries", reason[:LONGEST])
    handle(house(), current_actor(), command, at=now(), request_id=request_key())
    session["opened"] = [case_id.hex, int(now().timestamp())]
    return redirect(url_for(".show", case_id=case_id, n=number), 303)


@bp.get("/<uuid:case_id>/readers")
@needs("replay")
@shows("readers")
def who_looked(case_id: UUID) -> ResponseReturnValue:
    """Who has looked at this case, in the log of reads; why only while the case is open to the reader."""
    actor, opened = current_actor(), _is_open(case_id)
    page = request.args.get("page", 1, type=int)
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        require(actor, "replay", area=row.village)
        found = readers(house(), connection, house().rules().rulebook, case_id, page, opened=opened)
        report = audit.verify(connection, house().vault, chain=audit.chain_of(case_id, audit.READS))
    body = render_template("inspect/readers.html", row=row, found=found, opened=opened, report=report)
    return make_response(body)


def _is_open(case_id: UUID) -> bool:
    kept = session.get("opened")
    if not isinstance(kept, list) or len(kept) != 2:
        return False
    return bool(kept[0] == case_id.hex and 0 <= int(now().timestamp()) - kept[1] <= OPEN_FOR)


def _entry(
    case_id: UUID, number: int, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    actor = current_actor()
    opened = _is_open(case_id)
    with house().reader.connect() as connection:
        file = case_file(house(), connection, actor, case_id, now())
        require(actor, "replay", area=file.row.village)
        found = inspect(house(), connection, file.row, number, opened=opened)
        replayed = replay(house(), connection, case_id) if request.args.get("replay") == "1" else None
    known = diagrams(file.rules.rulebook)
    then = visits_at(file.visits, [place.done_seq for place in file.places], found.event)
    process = _process(file, found.event.process, then)
    steps = mark(known, process, then, {"outcome": file.row.outcome})
    body = render_template(
        "inspect/show.html",
        file=file, found=found, opened=opened, replayed=replayed, faults=list(faults),
        shown=known[process], steps=steps,
    )  # fmt: skip
    return make_response(body, status)


def _process(file: CaseFile, process: str | None, then: Sequence[Visit]) -> str:
    """The diagram to show beside an entry: below the top one, where its step is or the case stood then."""
    if process is None or process == file.row.flow:
        standing = [visit.process for visit in then if visit.done_at is None]
        process = standing[-1] if standing else file.row.flow
    chain = chain_to(diagrams(file.rules.rulebook), file.row.flow, process)
    return chain[1] if len(chain) > 1 else chain[0]
