"""The file of one case: where it stands, what happened, papers, money, letters; and the list of cases."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from bpmn import Text
from web import papers, uploads
from web.access import needs
from web.flows import drawn
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shown, shows
from workflow import engine
from workflow.actor import Actor
from workflow.cases.erasing import ERASED
from workflow.commands import AttachPaper, LogReading
from workflow.errors import FieldFault, NotFound
from workflow.handle import handle
from workflow.permissions import may
from workflow.reading import supervisions
from workflow.reading.access import access_to
from workflow.reading.case_file import CaseFile, case_file
from workflow.reading.case_row import read_case
from workflow.reading.cases import Wanted, cases, townships
from workflow.reading.diagrams import chain_to, diagrams, mark
from workflow.reading.offers import from_a_case
from workflow.reading.said import Reader
from workflow.reading.timeline import timeline
from workflow.reasons import LONGEST, reason_faults
from workflow.store.models import Paper

bp = Blueprint("case", __name__, url_prefix="/cases")


@bp.get("")
@needs("view_case")
@shows("list")
def index() -> ResponseReturnValue:
    """The cases of one's area; state, township and number stand in the address, people never do."""
    wanted = Wanted(
        state=request.args.get("state", ""),
        township=request.args.get("township", ""),
        number=request.args.get("number", "").strip(),
    )
    return _list(wanted, request.args.get("page", 1, type=int))


@bp.post("")
@needs("view_case")
@shows("search")
def find() -> ResponseReturnValue:
    """Find a person's cases by the whole name or the whole identity number."""
    person = "".join(request.form.get("person", "").split())
    if not person:
        return redirect(url_for(".index"), 303)
    return _list(Wanted(person=person), 1)


def _list(wanted: Wanted, page: int) -> ResponseReturnValue:
    actor = current_actor()
    book = house().rules().rulebook
    with house().reader.connect() as connection:
        found = cases(connection, book, actor, wanted, page)
        places = townships(connection, actor)
    shown(listed=[line.id for line in found.lines])
    body = render_template("case/index.html", list=found, wanted=wanted, townships=places, states=book.states)
    return make_response(body)


@bp.get("/<uuid:case_id>")
@needs("view_case")
@shows("case")
def show(case_id: UUID) -> ResponseReturnValue:
    return _file(case_id, request.args.get("diagram", ""))


def _file(
    case_id: UUID,
    diagram: str = "",
    *,
    revealed: Mapping[str, str] | None = None,
    faults: Sequence[FieldFault] = (),
    status: int = 200,
) -> ResponseReturnValue:
    actor = current_actor()
    with house().reader.connect() as connection:
        file = case_file(house(), connection, actor, case_id, now())
        events = timeline(house(), connection, file.row, Reader(file.access.sealed, file.access.objections))
        overseen = supervisions.of_case(connection, case_id, now())
        urged = supervisions.urged(house(), connection, actor, case_id) if file.open else None
    known = diagrams(file.rules.rulebook)
    standing = file.leading.process if file.leading else file.row.flow
    chain = chain_to(known, file.row.flow, standing)
    shown = diagram if diagram in known else chain[1] if len(chain) > 1 else chain[0]
    steps = mark(known, shown, file.visits, {"outcome": file.row.outcome})
    body = render_template(
        "case/show.html",
        file=file, events=events, chain=[known[name] for name in chain], shown=known[shown], steps=steps,
        actions=_actions(actor, file), revealed=revealed or {}, faults=list(faults),
        own_task=_own_task(actor, file), pressed=_pressed(file), supervisions=overseen, urged=urged,
        offers=from_a_case(house().rules(), actor, file.row),
    )  # fmt: skip
    return make_response(body, status)


def _own_task(actor: Actor, file: CaseFile) -> int | None:
    """The open step of this very seat, for the link to its form."""
    return next(
        (p.id for p in file.open if p.kind == "user" and (p.org, p.role_code) == (actor.org, actor.role)),
        None,
    )


def _pressed(file: CaseFile) -> str | None:
    """The open step a supervisor would press, as the pages of `pressing` name it."""
    step = file.leading
    return f"{file.id.hex}.{step.id}" if step is not None and step.kind == "user" else None


def _actions(actor: Actor, file: CaseFile) -> Mapping[str, bool]:
    going = file.row.closed_at is None
    heard = engine.awaited(file.rules.model, file.row.engine) if going else frozenset()
    return {
        "withdraw": "withdrawn" in heard and may(actor.role, "withdraw") is not None,
        "death": "applicant_died" in heard and may(actor.role, "report_death") is not None,
        "pause": {"case_paused", "case_resumed"} & heard == {"case_paused"}
        and may(actor.role, "pause_case") is not None,
        "resume": "case_resumed" in heard and may(actor.role, "pause_case") is not None,
        "press": going and may(actor.role, "press") is not None,
        "extend": going and may(actor.role, "extend_deadline") is not None,
        "paper": going and may(actor.role, "upload_paper") is not None,
        "full_id": may(actor.role, "view_full_id") is not None,
        "account": may(actor.role, "view_account") is not None,
        "erasure": not going and may(actor.role, "view_erasures") is not None,
    }


@bp.post("/<uuid:case_id>/reveal")
@needs("view_account")
@shows("case")
def reveal(case_id: UUID) -> ResponseReturnValue:
    """Show a full number once, to somebody who says why; the log keeps who, when and why."""
    what = "account" if request.form.get("what") == "account" else "full_id"
    reason = request.form.get("reason", "").strip()
    if faults := reason_faults(reason, f"reason-{what}"):
        return _file(case_id, faults=faults, status=422)
    command = LogReading(case_id, what, reason[:LONGEST])
    handle(house(), current_actor(), command, at=now(), request_id=request_key())
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
    if row.erased_at is not None:
        raise NotFound(ERASED)
    number = row.id_number if what == "full_id" else row.account_number or ""
    return _file(case_id, revealed={what: number})


@bp.get("/<uuid:case_id>/diagrams/<process>.bpmn")
@needs("view_case")
def diagram(case_id: UUID, process: str) -> ResponseReturnValue:
    """The drawing this case lives by, out of the rule book it was started on."""
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access_to(connection, current_actor(), row)
    return drawn(house().rules(row.rulebook).rulebook, process)


def _paper(case_id: UUID, paper_id: int) -> Paper:
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access = access_to(connection, current_actor(), row)
        found = connection.execute(
            select(Paper.kind, Paper.sha256, Paper.mime, Paper.name).where(
                Paper.id == paper_id, Paper.case_id == case_id
            )
        ).first()
    if row.erased_at is not None:
        raise NotFound(ERASED)
    if found is None or not access.paper(found.kind):
        raise NotFound()
    return Paper(kind=found.kind, sha256=found.sha256, mime=found.mime, name=found.name)


@bp.get("/<uuid:case_id>/papers/<int:paper_id>")
@needs("view_case")
@shows("paper")
def paper(case_id: UUID, paper_id: int) -> ResponseReturnValue:
    found = _paper(case_id, paper_id)
    content = house().files.read(found.sha256)
    return papers.response(content, found.mime, found.name, download=request.args.get("download") == "1")


@bp.get("/<uuid:case_id>/papers/<int:paper_id>/view")
@needs("view_case")
def paper_view(case_id: UUID, paper_id: int) -> ResponseReturnValue:
    """A page that holds one picture, fitted to the frame it is shown in."""
    found = _paper(case_id, paper_id)
    kinds = house().rules().rulebook.papers
    name = kinds[found.kind].name if found.kind in kinds else Text(found.kind, found.kind)
    address = url_for(".paper", case_id=case_id, paper_id=paper_id)
    response = make_response(render_template("case/paper.html", address=address, name=name))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; img-src 'self'; style-src 'self'; frame-ancestors 'self'; base-uri 'none'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@bp.get("/<uuid:case_id>/papers/new")
@needs("upload_paper")
@shows("case")
def new_paper(case_id: UUID) -> ResponseReturnValue:
    return _paper_page(case_id)


@bp.post("/<uuid:case_id>/papers/new")
@needs("upload_paper")
@shows("case")
def add_paper(case_id: UUID) -> ResponseReturnValue:
    """Add papers of one kind outside a step; each is a command of its own, so one never blocks another."""
    kinds = house().rules().rulebook.papers
    kind = request.form.get("kind", "")
    if kind not in kinds:
        return _paper_page(case_id, [FieldFault("kind", Text("请选择材料种类", "Choose what it is"))], 422)
    files = request.files.copy()
    files.setlist(f"paper.{kind}", request.files.getlist("file"))
    received = uploads.receive(house().files, files, request.form, [kind], current_actor().account_id)
    faults = [FieldFault("file", fault.message) for fault in received.faults]
    if not received.papers and not faults:
        faults = [FieldFault("file", Text("还没有选文件", "No file is chosen"))]
    key = request_key()
    for number, new in enumerate(received.papers):
        handle(
            house(), current_actor(), AttachPaper(case_id, new), at=now(), request_id=_numbered(key, number)
        )
    if faults:
        return _paper_page(case_id, faults, 422)
    flash(t(f"已补充{len(received.papers)}份材料", f"{len(received.papers)} paper(s) added"))
    return redirect(url_for(".show", case_id=case_id) + "#papers", 303)


def _numbered(key: str, number: int) -> str:
    return key if number == 0 else f"{key[:-4]}{number:04x}"


def _paper_page(case_id: UUID, faults: Sequence[FieldFault] = (), status: int = 200) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access_to(connection, current_actor(), row)
    kinds = house().rules(row.rulebook).rulebook.papers
    body = render_template(
        "case/add_paper.html", row=row, kinds=kinds, chosen=request.form.get("kind", ""), faults=list(faults)
    )
    return make_response(body, status)
