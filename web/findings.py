"""检查问题: the inspector pins one to an entry and follows it up; the office answers on a page of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.text import Text
from web import forms, papers, uploads
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shown, shows
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.finding_commands import (
    AcceptFinding,
    AnswerFinding,
    CloseFinding,
    DiscardFinding,
    DraftFinding,
    ReturnFinding,
    SendFinding,
)
from workflow.findings.states import MOVES
from workflow.handle import handle
from workflow.permissions import may
from workflow.reading.findings import NAMES, Told, followed, owed, paper_of, told
from workflow.reading.pinning import Pinning, pinning

bp = Blueprint("findings", __name__)
PROOF: Final = "proof"
LATER: Final[Mapping[str, Callable[..., Any]]] = {
    "return": ReturnFinding, "accept": AcceptFinding, "close": CloseFinding,
}  # fmt: skip
DONE: Final[Mapping[str, Text]] = {
    "discard": Text("草稿已作废", "The draft is discarded"),
    "send": Text("已发给被检查单位，等整改答复", "Sent to the office; an answer is owed"),
    "answer": Text("整改答复已提交", "The answer is sent"),
    "return": Text("已退回，答复期限重新计算", "Sent back; the limit runs anew"),
    "accept": Text("已接受整改，到期回头看", "Accepted; it is looked at again on its day"),
    "close": Text("已销号", "Closed"),
}


@bp.get("/inspect/findings")
@needs("view_findings")
@shows("list")
def index() -> ResponseReturnValue:
    """What the inspection has found: drafts, what is owed, what waits for it."""
    return _list(followed, ".show")


@bp.get("/findings")
@needs("answer_finding")
@shows("list")
def of_office() -> ResponseReturnValue:
    """What the inspection has sent to this office."""
    return _list(owed, ".asked")


def _list(read: Callable[..., Any], one: str) -> ResponseReturnValue:
    group, page = request.args.get("group", "all"), request.args.get("page", 1, type=int)
    with house().reader.connect() as connection:
        found = read(connection, current_actor(), group, page, now())
    shown(listed=list(dict.fromkeys(line.case_id for line in found.lines)))
    return make_response(render_template("findings/list.html", found=found, names=NAMES, one=one))


@bp.get("/inspect/<uuid:case_id>/finding")
@needs("make_finding")
@shows("inspection")
def new(case_id: UUID) -> ResponseReturnValue:
    """Pin a finding to one entry (`n` counts from 1, as the page of the case does)."""
    return _draft_page(case_id, request.args.get("n", 1, type=int))


@bp.post("/inspect/<uuid:case_id>/finding")
@needs("make_finding")
@shows("inspection")
def draft(case_id: UUID) -> ResponseReturnValue:
    number = request.form.get("n", 1, type=int)
    try:
        outcome = handle(
            house(), current_actor(), _drafted(case_id, number), at=now(), request_id=request_key()
        )
    except AnswersRefused as refused:
        return _draft_page(case_id, number, refused.faults, 422)
    flash(t("草稿已存，被检查单位看不到", "The draft is kept; the office does not see it"))
    return redirect(url_for(".show", number=int(outcome.number)), 303)


@bp.get("/inspect/findings/<int:number>")
@needs("view_findings")
@shows("finding")
def show(number: int) -> ResponseReturnValue:
    return _page(number)


@bp.post("/inspect/findings/<int:number>")
@needs("make_finding")
@shows("finding")
def act(number: int) -> ResponseReturnValue:
    """Send, discard, send back, accept or close, by the button that was pressed."""
    found, move = _told(number), request.form.get("move", "")
    case_id = found.line.case_id
    if move in LATER:
        command = LATER[move](case_id, number, _raw(MOVES[move].form or ""))
    else:
        command = DiscardFinding(case_id, number) if move == "discard" else SendFinding(case_id, number)
        move = "discard" if move == "discard" else "send"
    return _do(number, move, command, ".show")


@bp.get("/findings/<int:number>")
@needs("answer_finding")
@shows("finding")
def asked(number: int) -> ResponseReturnValue:
    return _page(number)


@bp.post("/findings/<int:number>")
@needs("answer_finding")
@shows("finding")
def answer(number: int) -> ResponseReturnValue:
    """整改: what was done, with papers."""
    found, actor = _told(number), current_actor()
    received = uploads.receive(house().files, request.files, request.form, [PROOF], actor.account_id)
    if received.faults:
        return _page(number, "answer", received.faults, 422, received)
    command = AnswerFinding(found.line.case_id, number, _raw("finding_answer"), received.papers)
    return _do(number, "answer", command, ".asked", received)


@bp.get("/findings/<int:number>/papers/<int:move>/<int:place>")
@needs("view_findings")
@shows("finding")
def proof(number: int, move: int, place: int) -> ResponseReturnValue:
    """A paper that came with the answer, for the inspection."""
    return _paper(number, move, place)


@bp.get("/findings/<int:number>/own-papers/<int:move>/<int:place>")
@needs("answer_finding")
@shows("finding")
def own_proof(number: int, move: int, place: int) -> ResponseReturnValue:
    """The same for the office that has sent it."""
    return _paper(number, move, place)


def _paper(number: int, move: int, place: int) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        found = paper_of(connection, current_actor(), number, move, place)
    shown(found["case"])
    content = house().files.read(found["sha256"])
    return papers.response(content, found["mime"], found["name"])


def _do(
    number: int, move: str, command: Any, back: str, received: uploads.Received | None = None
) -> ResponseReturnValue:
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(number, move, refused.faults, 422, received)
    flash(t(DONE[move]))
    return redirect(url_for(back, number=number), 303)


def _raw(form: str) -> dict[str, str | list[str]]:
    return forms.raw_answers(house().rules().rulebook.forms[form], request.form)


def _drafted(case_id: UUID, number: int) -> DraftFinding:
    """The command as it was typed; entries count from 1 on the page and from 0 in the log."""
    words = request.form.get("entries", "").replace("，", " ").replace("、", " ").replace(",", " ").split()
    typed = [int(word) if word.isascii() and word.isdecimal() and len(word) < 6 else 0 for word in words]
    return DraftFinding(
        case_id,
        number - 1,
        request.form.get("org", ""),
        _raw("finding"),
        tuple(one - 1 for one in typed),
        tuple(request.form.getlist("paper", type=int)),
        request.form.get("flag", ""),
        request.form.get("finding", type=int),
    )


def _draft_page(
    case_id: UUID, number: int, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    """The form; of a draft that is written anew, with what it says."""
    with house().reader.connect() as connection:
        kept = request.values.get("finding", type=int)
        old = told(house(), connection, current_actor(), kept, now()) if kept else None
        if old is not None and old.line.case_id != case_id:
            raise NotFound()
        found = pinning(house(), connection, current_actor(), case_id, number)
    sent = request.method == "POST"
    typed = _typed(request.form) if sent else _written(old, found)
    raw = _raw("finding") if sent else (old.draft if old else {})
    view = forms.show(house().rules().rulebook.forms["finding"], raw, faults=faults)
    own = [fault for fault in faults if fault.field in {"org", "flag", "entries"}]
    summary = [*own, *(fault for fault in view.faults if fault.field != "form-top")]
    body = render_template(
        "findings/draft.html", found=found, form=view, faults=summary, typed=typed, kept=kept,
        kinds=house().rules().rulebook.papers,
    )  # fmt: skip
    return make_response(body, status)


def _typed(form: Any) -> dict[str, Any]:
    chosen = form.getlist("paper", type=int)
    return {
        "org": form.get("org"),
        "flag": form.get("flag", ""),
        "entries": form.get("entries", ""),
        "papers": chosen,
    }


def _written(old: Told | None, found: Pinning) -> dict[str, Any]:
    """What the form holds before anything is typed; a red flag may come with the address that led here."""
    if old is None:
        flag = request.args.get("flag", "")[:16]
        return {
            "org": found.office,
            "flag": flag,
            "entries": "",
            "papers": [],
        }
    entries = " ".join(str(one + 1) for one in old.evidence["entries"])
    return {"org": old.org, "flag": old.line.flag, "entries": entries, "papers": old.evidence["papers"]}


def _told(number: int) -> Told:
    with house().reader.connect() as connection:
        return told(house(), connection, current_actor(), number, now())


def _page(
    number: int,
    move: str = "",
    faults: Sequence[FieldFault] = (),
    status: int = 200,
    received: uploads.Received | None = None,
) -> ResponseReturnValue:
    """One finding, with a form for each move that is possible; the one tried keeps what was typed."""
    found = _told(number)
    shown(found.line.case_id)
    book = house().rules().rulebook
    views = {
        name: forms.show(
            book.forms[how.form],
            _raw(how.form) if name == move else {},
            faults=faults if name == move else (),
        )
        for name, how in MOVES.items()
        if how.form and name != "draft" and name in found.moves
    }
    wrong = [fault for fault in faults if fault.field.startswith("paper.")]
    wrong = wrong or [*(views[move].faults if move in views else ())]
    named = {PROOF: Text("整改的证明材料", "Papers that show it")}
    account = current_actor().account_id
    body = render_template(
        "findings/show.html",
        told=found, forms=views, faults=wrong,
        kinds=book.papers, papers=uploads.show(named, [], received, faults, account),
        inspects=may(current_actor().role, "view_findings") is not None,
    )  # fmt: skip
    return make_response(body, status)
