"""换版: running cases move to a newer version of the rules. First every case with what stays and why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bpmn import Text
from web.access import needs
from web.here import current_actor, house, now, request_key_of
from web.language import t
from web.reads import shown, shows
from workflow.cases.migrating import Preview, previews, proposers
from workflow.errors import NotFound
from workflow.reading.paging import page_of
from workflow.releasing.differences import FileChange, differences
from workflow.releasing.moving import barred, move, those_known, waiting, waiting_by_flow
from workflow.releasing.reading import Version, versions
from workflow.rules import released_files

bp = Blueprint("moving", __name__, url_prefix="/policy/moves")
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """The version to move to, and which flow's cases; None: of all flows."""

    version: Version
    flow: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that was to be moved; `reasons` why it stayed."""

    case: Preview
    reasons: tuple[Text, ...]


@bp.get("")
@needs("migrate_case")
@shows("list")
def index() -> ResponseReturnValue:
    """The cases under other rules that can be moved, those that cannot, and what changes for each."""
    with house().reader.connect() as connection:
        known = _targets(connection)
        chosen = _chosen(known)
        flows = waiting_by_flow(connection, chosen.version.digest)
        total = flows.get(chosen.flow, 0) if chosen.flow else sum(flows.values())
        page = page_of(total, request.args.get("page", 1, type=int), PER_PAGE)
        cases = waiting(connection, chosen.version.digest, chosen.flow, skip=page.skip, most=PER_PAGE)
        own = current_actor().account_id in proposers(connection, chosen.version.digest)
    found = _previews(cases, chosen.version.digest)
    with house().reader.connect() as connection:
        changes = _changes(connection, found, chosen.version.digest)
    shown(listed=cases)
    body = render_template(
        "policy/moves.html",
        versions=known, chosen=chosen, flows=flows, total=total, at=page, own=own, changes=changes,
        going=[one.case for one in found if not one.reasons],
        staying=[one for one in found if one.reasons],
        names={row.id: row.name for row in house().rules().rulebook.flows.values()},
    )  # fmt: skip
    return make_response(body)


@bp.post("")
@needs("migrate_case")
@shows("list")
def confirm() -> ResponseReturnValue:
    """Each ticked case by its own command; what is refused is told, the others are moved."""
    with house().reader.connect() as connection:
        chosen = _chosen(_targets(connection))
    target = chosen.version.digest
    ticked = _ticked()
    if not ticked:
        flash(t("还没有选案卷，先在前面打勾", "Nothing is chosen yet; tick the cases first"))
        return redirect(_list(chosen), 303)
    results = [_move(one, target) for one in previews(house(), ticked, target)]
    refused = [one for one in results if one.reasons]
    shown(listed=[one.case.case_id for one in results])
    done = len(results) - len(refused)
    if not refused:
        flash(t(f"已换版{done}件，待办、期限、草稿都在", f"{done} moved, with steps, dates and drafts"))
        return redirect(_list(chosen), 303)
    body = render_template(
        "policy/moved.html", chosen=chosen, refused=refused, back=_list(chosen),
        done=[one for one in results if not one.reasons],
    )  # fmt: skip
    return make_response(body, 200 if done else 409)


def _move(case: Preview, target: str) -> Moved:
    """Give one case its command, under a key made from the page's and its own."""
    key = request_key_of(case.case_id.hex)
    return Moved(case, move(house(), current_actor(), case.case_id, target, key))


def _targets(connection: Connection) -> list[Version]:
    """The versions that hold or have held, each digest once, the one in force first."""
    known: dict[str, Version] = {}
    for each in versions(connection, now()):
        if each.standing != "coming":
            known.setdefault(each.digest, each)
    return list(known.values())


def _chosen(known: Sequence[Version]) -> Choice:
    """What the address or the form asks for. Raises NotFound for a version that does not hold."""
    wanted = request.values.get("to") or known[0].short
    version = next((each for each in known if each.short == wanted), None)
    if version is None:
        raise NotFound()
    flow = request.values.get("flow")
    return Choice(version, flow if flow in house().rules().rulebook.flows else None)


def _list(chosen: Choice) -> str:
    return url_for("moving.index", to=chosen.version.short, flow=chosen.flow)


def _ticked() -> list[UUID]:
    """Cases of this page, each once; what is no case id is nothing."""
    found = []
    for word in request.form.getlist("case")[:PER_PAGE]:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    with house().reader.connect() as connection:
        return those_known(connection, list(dict.fromkeys(found)))


def _previews(cases: Sequence[UUID], target: str) -> list[Moved]:
    """What can be seen beforehand: what the new rules have no place for, and whom the reader may not move."""
    with house().reader.connect() as connection:
        forbidden = barred(connection, current_actor(), cases)
    return [
        Moved(one, (*one.reasons, forbidden[one.case_id]) if one.case_id in forbidden else one.reasons)
        for one in previews(house(), cases, target)
    ]


def _changes(
    connection: Connection, found: Sequence[Moved], target: str
) -> Mapping[str, Sequence[FileChange]]:
    """Version the listed cases live by → the files in which the chosen one differs from it."""
    new = released_files(connection, target)
    before = dict.fromkeys(one.case.rulebook for one in found)
    return {digest[:12]: differences(released_files(connection, digest), new) for digest in before}
