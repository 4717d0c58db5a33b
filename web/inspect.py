"""The inspector's pages: a case entry by entry, the bytes, what they commit to, and whether all of it holds.

The entries hold no personal value. Sealed values open only after a reason, which goes into the log.
"""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

import audit
from audit.merkle import leaf_hash
from web.access import needs
from web.flows import drawn
from web.here import current_actor, house, now, request_key
from web.reads import shown, shows
from workflow.commands import LogReading
from workflow.errors import FieldFault, NotFound
from workflow.handle import handle
from workflow.permissions import require
from workflow.player.from_house import Played, record_of
from workflow.player.moment import MARKS, head_then, jumps_from, moment_at
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case
from workflow.reading.cases import Wanted, cases
from workflow.reading.inspection import openings_of
from workflow.reading.office_log import office_log
from workflow.reading.office_words import GROUPS
from workflow.reading.readers import readers
from workflow.reasons import LONGEST, reason_faults

bp = Blueprint("inspect", __name__, url_prefix="/inspect")
OPEN_FOR = 3600  # seconds
DIGEST = 64  # hex digits of a rule book


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
    """The player. Without a number in the address the case is opened: executed and verified anew."""
    fresh = "n" not in request.args or request.args.get("again") == "1"
    return _entry(case_id, request.args.get("n", 1, type=int), fresh=fresh)


@bp.get("/<uuid:case_id>/diagrams/<rules>/<process>.bpmn")
@needs("replay")
def diagram(case_id: UUID, rules: str, process: str) -> ResponseReturnValue:
    """The drawing a case lived by at one of its entries."""
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        require(current_actor(), "replay", area=row.village)
    if len(rules) != DIGEST:
        raise NotFound()
    return drawn(house().rules(rules).rulebook, process)


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
    actor, opened = current_actor(), is_open(case_id)
    page = request.args.get("page", 1, type=int)
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        require(actor, "replay", area=row.village)
        found = readers(house(), connection, house().rules().rulebook, case_id, page, opened=opened)
        report = audit.verify(connection, house().vault, chain=audit.chain_of(case_id, audit.READS))
    body = render_template("inspect/readers.html", row=row, found=found, opened=opened, report=report)
    return make_response(body)


@bp.get("/office")
@needs("replay")
@shows("office_log")
def office() -> ResponseReturnValue:
    """What the log says beside the cases, and whether that chain is sound."""
    group, page = request.args.get("group", ""), request.args.get("page", 1, type=int)
    with house().reader.connect() as connection:
        found = office_log(connection, house().rules().rulebook, group, page)
        report = audit.verify(connection, house().vault, chain=audit.SYSTEM_CHAIN)
    return make_response(
        render_template("inspect/office.html", found=found, group=group, groups=GROUPS, report=report)
    )


def is_open(case_id: UUID) -> bool:
    """Whether this reader has opened the case, with a reason, within the last hour."""
    kept = session.get("opened")
    if not isinstance(kept, list) or len(kept) != 2:
        return False
    return bool(kept[0] == case_id.hex and 0 <= int(now().timestamp()) - kept[1] <= OPEN_FOR)


def _entry(
    case_id: UUID, number: int, faults: Sequence[FieldFault] = (), status: int = 200, *, fresh: bool = False
) -> ResponseReturnValue:
    actor = current_actor()
    opened = is_open(case_id)
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access_to(connection, actor, row)
        require(actor, "replay", area=row.village)
        played = record_of(house(), connection, row, now(), opened=opened, fresh=fresh)
        record = played.record
        if not record.film.frames:
            raise NotFound()
        place = min(max(1, number), len(record.film.frames)) - 1
        moment = moment_at(record, place)
        sealed = openings_of(
            house(), connection, case_id, moment.entry, moment.rules, opened=opened
        )  # fmt: skip
    body = render_template(
        "inspect/show.html",
        row=row, played=played, record=record, m=moment, sealed=sealed, opened=opened, faults=list(faults),
        jumps=jumps_from(record, place), kinds=MARKS, forked=_forked(played),
        heads=[(frame, head_then(record, frame)) for frame in record.film.frames],
        raw=(record.encoded[place] or b"").decode(errors="replace"),
    )  # fmt: skip
    return make_response(body, status)


def _forked(played: Played) -> int | None:
    """The number of the entry that is another one now than when this reader last looked at the case."""
    record, kept = played.record, session.get("stood")
    last = len(record.encoded) - 1
    encoded = record.encoded[last]
    session["stood"] = [record.case_id.hex, last, leaf_hash(encoded).hex() if encoded is not None else ""]
    if not isinstance(kept, list) or len(kept) != 3 or kept[0] != record.case_id.hex:
        return None
    before = record.encoded[kept[1]] if 0 <= kept[1] <= last else None
    there = leaf_hash(before).hex() if before is not None else ""
    return None if there == kept[2] else int(kept[1]) + 1
