"""Beside the player: its chronicle for print, two cases side by side, a case out of an evidence bundle."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from bpmn import Text
from web import pdf
from web.access import needs
from web.here import current_actor, house, now
from web.inspect import is_open
from web.language import t
from web.reads import shown, shows
from workflow.errors import FieldFault
from workflow.evidence.replaying import BundleRefused
from workflow.permissions import require
from workflow.player.comparing import align
from workflow.player.from_bundle import beside, record_of_bundle
from workflow.player.from_house import Played, record_of
from workflow.player.moment import MARKS, Moment, chronicle
from workflow.reading.access import access_to
from workflow.reading.case_row import read_case
from workflow.reading.picture import Picture, picture
from workflow.store.models import Case

bp = Blueprint("replaying", __name__, url_prefix="/inspect")


def _played(case_id: UUID) -> tuple[Any, Played]:
    """The case for this inspector, executed now.

    Raises:
        NotFound, NotAllowed
    """
    actor = current_actor()
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access_to(connection, actor, row)
        require(actor, "replay", area=row.village)
        opened = is_open(case_id)
        return row, record_of(house(), connection, row, now(), opened=opened, fresh=True)


@bp.get("/<uuid:case_id>/chronicle.pdf")
@needs("replay")
@shows("chronicle")
def printed(case_id: UUID) -> Response:
    """Every entry on paper: who, from which seat, when, what it changed, what running it again gave."""
    row, played = _played(case_id)
    number = played.record.number
    body = render_template(
        "inspect/chronicle.html", row=row, played=played, record=played.record, kinds=MARKS,
        moments=chronicle(played.record),
    )  # fmt: skip
    title = t(f"案件办理经过 {number}", f"Chronicle of case {number}")
    return pdf.response(pdf.pdf_of(body, title=title, language=t("zh-CN", "en")), f"{number}.pdf")


@bp.get("/compare")
@needs("replay")
@shows("comparison")
def compare() -> ResponseReturnValue:
    """Two cases beside each other, step by step: the first of a kind beside the first, and so on."""
    numbers = [request.args.get(key, "").strip() for key in ("a", "b")]
    found, faults = _both(numbers)
    shown(listed=list(dict.fromkeys(found)))
    sides = [_played(case_id)[1].record for case_id in found] if len(found) > 1 else []
    rows = align(*(list(chronicle(side)) for side in sides)) if sides else []
    body = render_template(
        "inspect/compare.html", numbers=numbers, faults=faults, kinds=MARKS, sides=sides, ids=found, rows=rows
    )  # fmt: skip
    return make_response(body, 422 if faults else 200)


def _both(numbers: Sequence[str]) -> tuple[list[UUID], list[FieldFault]]:
    with house().reader.connect() as connection:
        known = {
            row.number: row.id
            for row in connection.execute(select(Case.number, Case.id).where(Case.number.in_(numbers)))
        }
    unknown = Text("没有这个编号", "There is no such number")
    faults = [
        FieldFault(key, unknown)
        for key, number in zip("ab", numbers, strict=True)
        if all(numbers) and number not in known
    ]
    return [known[number] for number in numbers if number in known], faults


@bp.get("/bundle")
@needs("replay")
def bundle() -> ResponseReturnValue:
    """Where a bundle is handed in; it is read and forgotten."""
    return make_response(render_template("inspect/bundle.html", found=None, faults=[]))


@bp.post("/bundle")
@needs("replay")
@shows("bundle_shown")
def read_bundle() -> ResponseReturnValue:
    """The case of a bundle, executed again on the diagrams that are in it. Nothing of it is kept."""
    shown()
    file = request.files.get("bundle")
    if file is None or not file.filename:
        return _refused(Text("请选择证据包文件", "Choose the file of the bundle"))
    with TemporaryDirectory(prefix="mingjian-bundle-") as folder:
        path = Path(folder) / "bundle.zip"
        file.save(path)
        file.close()
        try:
            found = record_of_bundle(path, name=t("证据包", "the bundle"))
        except BundleRefused as refused:
            return _refused(refused.message)
        with house().reader.connect() as connection:
            told = beside(house(), connection, found)
            here = connection.scalar(select(Case.id).where(Case.id == found.record.case_id))
        shown(here)
        moments = list(chronicle(found.record))
        body = render_template(
            "inspect/bundle.html", found=found, record=found.record, told=told, here=here, kinds=MARKS,
            moments=moments, pictures=_pictures(moments), faults=[],
        )  # fmt: skip
    return make_response(body)


def _pictures(moments: Sequence[Moment]) -> dict[tuple[str, str], Picture]:
    """Rule book and process → the diagram as the bundle's own file draws it."""
    found: dict[tuple[str, str], Picture] = {}
    for one in moments:
        if one.rules is not None and one.drawn is not None:
            key = (one.rules.digest, one.drawn.process)
            if key not in found:
                found[key] = picture(one.rules.rulebook.files[one.drawn.file])
    return found


def _refused(why: Text) -> ResponseReturnValue:
    body = render_template("inspect/bundle.html", found=None, faults=[FieldFault("bundle", why)])
    return make_response(body, 422)
