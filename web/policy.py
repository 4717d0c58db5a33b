"""政策与流程版本: which rules are in force, what is proposed, and the second person's decision."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date

from flask import Blueprint, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from bpmn import Fault, Text
from web.access import needs
from web.here import current_actor, house, now, request_key
from workflow.commands import AdoptProposal, RejectProposal, ReleaseProposal, WithdrawProposal
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, FieldFault, RulesRefused
from workflow.permissions import may
from workflow.releasing import bundles, doing
from workflow.releasing.differences import differences
from workflow.releasing.reading import Proposal, proposal, proposals, versions
from workflow.releasing.trial import changed_sets, trials
from workflow.rules import files_of, released_files

bp = Blueprint("policy", __name__, url_prefix="/policy")
SHOWN = 50
EARLIEST = 2000


@bp.get("")
@needs("view_policy")
def index() -> ResponseReturnValue:
    """The versions with their running cases, and the proposals."""
    return _index()


def _index(
    faults: Sequence[FieldFault] = (), refused: Sequence[Fault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        known, made = versions(connection, now()), proposals(connection)
    body = render_template(
        "policy/index.html",
        versions=known[:SHOWN], waiting=[one for one in made if one.open],
        decided=[one for one in made if not one.open][:SHOWN],
        refused=[*refused, *(house().refused if not refused else ())], faults=list(faults),
        may_propose=may(current_actor().role, "propose_policy") is not None, typed=request.form,
    )  # fmt: skip
    return make_response(body, status)


@bp.post("/proposals")
@needs("propose_policy")
def propose() -> ResponseReturnValue:
    """Files handed in, single or zipped, become a proposal together with the others of the newest version."""
    uploads = [(each.filename or "", each.read()) for each in request.files.getlist("files") if each.filename]
    try:
        if not uploads:
            raise AnswersRefused([FieldFault("files", Text("还没有选文件", "No file is chosen"))])
        base, here = doing.newest_files(house())
        given = bundles.from_uploads(uploads, here)
        whole = request.form.get("whole") == "1"
        number = doing.propose(
            house(), current_actor(), given if whole else {**here, **given},
            base=base, note=request.form.get("note", "").strip(),
            valid_from=_day(request.form.get("valid_from", "")), request_id=request_key(),
        )  # fmt: skip
    except AnswersRefused as wrong:
        return _index(wrong.faults, status=422)
    except RulesRefused as wrong:
        return _index([FieldFault("files", wrong.message)], wrong.faults, 422)
    return redirect(url_for(".show", number=number), 303)


def _day(typed: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        words = Text("日期写成2026-12-01的样子", "Write the date like 2026-12-01")
        raise AnswersRefused([FieldFault("valid_from", words)]) from None


@bp.get("/proposals/<int:number>")
@needs("view_policy")
def show(number: int) -> ResponseReturnValue:
    return _show(number)


def _show(
    number: int, faults: Sequence[FieldFault] = (), refused: Sequence[Fault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = proposal(connection, number)
        changes = differences(released_files(connection, found.base), files_of(connection, found.manifest))
    body = render_template(
        "policy/show.html",
        one=found,
        changes=changes,
        faults=list(faults),
        refused=refused,
        acts=_acts(found),
        to_try=found.open and bool(changed_sets(found)),
    )
    return make_response(body, status)


@bp.get("/proposals/<int:number>/trial")
@needs("view_policy")
def try_out(number: int) -> ResponseReturnValue:
    """What the proposal would have given on a year's decided bills: sums and people, no names."""
    last = now().astimezone(SHANGHAI).year - 1
    year = min(last + 1, max(EARLIEST, request.args.get("year", last, type=int)))
    with house().reader.connect() as connection:
        one = proposal(connection, number)
        found = trials(connection, house().rules().policies, one, year)
    body = render_template(
        "policy/trial.html", one=one, trials=found, year=year, years=(last + 1, last, last - 1)
    )
    return make_response(body)


def _acts(one: Proposal) -> frozenset[str]:
    """What the reader may do with it now."""
    actor = current_actor()
    if not one.open:
        return frozenset()
    own = one.proposer_id == actor.account_id
    can = {name for name in ("propose_policy", "release_policy", "load_policy") if may(actor.role, name)}
    acts = set()
    if one.proposer_id is None and not one.stale and can & {"propose_policy", "load_policy"}:
        acts.add("adopt")
    if own:
        acts.add("withdraw")
        if one.stale and "propose_policy" in can:
            acts.add("rebase")
    if "release_policy" in can and not own:
        acts.add("reject")
        if one.proposer_id is not None and not one.stale:
            acts.add("release")
    return frozenset(acts)


@bp.post("/proposals/<int:number>/adopt")
@needs("view_policy")
def adopt(number: int) -> ResponseReturnValue:
    doing.decide(house(), current_actor(), AdoptProposal(number), request_id=request_key())
    return redirect(url_for(".show", number=number), 303)


@bp.post("/proposals/<int:number>/release")
@needs("release_policy")
def release(number: int) -> ResponseReturnValue:
    try:
        doing.decide(house(), current_actor(), ReleaseProposal(number), request_id=request_key())
    except RulesRefused as wrong:
        return _show(number, [FieldFault("decision", wrong.message)], wrong.faults, 422)
    return redirect(url_for(".show", number=number), 303)


@bp.post("/proposals/<int:number>/reject")
@needs("release_policy")
def reject(number: int) -> ResponseReturnValue:
    command = RejectProposal(number, request.form.get("reason", ""))
    try:
        doing.decide(house(), current_actor(), command, request_id=request_key())
    except AnswersRefused as wrong:
        return _show(number, wrong.faults, status=422)
    return redirect(url_for(".show", number=number), 303)


@bp.post("/proposals/<int:number>/withdraw")
@needs("view_policy")
def withdraw(number: int) -> ResponseReturnValue:
    doing.decide(house(), current_actor(), WithdrawProposal(number), request_id=request_key())
    return redirect(url_for(".show", number=number), 303)


@bp.post("/proposals/<int:number>/rebase")
@needs("propose_policy")
def rebase(number: int) -> ResponseReturnValue:
    try:
        new = doing.rebase(house(), current_actor(), number, request_id=request_key())
    except RulesRefused as wrong:
        return _show(number, [FieldFault("decision", wrong.message)], wrong.faults, 422)
    return redirect(url_for(".show", number=new), 303)


@bp.get("/files.zip")
@needs("view_policy")
def files() -> ResponseReturnValue:
    """All files of the newest version, to be changed at the desk."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(doing.newest_files(house())[1].items()):
            archive.writestr(zipfile.ZipInfo(f"rules/{path}"), text)
    content.seek(0)
    return send_file(content, "application/zip", as_attachment=True, download_name="rules.zip")
