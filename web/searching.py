"""Search over all cases for the inspector. What is searched for may name people: it stands in no address."""

from dataclasses import replace

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from web.access import allowed, needs
from web.here import current_actor, house
from web.reads import shown, shows
from workflow.flags.checking import rules_of
from workflow.reading.searching import Hits, Sought, faults_of, places, search

bp = Blueprint("searching", __name__, url_prefix="/inspect/search")


@bp.get("")
@needs("replay")
def index() -> ResponseReturnValue:
    """The form."""
    return _page(Sought(), None)


@bp.post("")
@needs("replay")
@shows("search")
def find() -> ResponseReturnValue:
    """The cases that fit, the newest first; each page is asked for with the form again."""
    shown()
    sought = Sought.of(request.form)
    if not allowed("view_flags"):
        sought = replace(sought, rule="")
    if sought.empty or faults_of(sought):
        return _page(sought, None, 422 if faults_of(sought) else 200)
    with house().reader.connect() as connection:
        found = search(connection, current_actor(), sought, request.form.get("page", 1, type=int))
    shown(listed=[line.id for line in found.lines])
    return _page(sought, found)


def _page(sought: Sought, found: Hits | None, status: int = 200) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        everywhere = places(connection, current_actor())
    book = house().rules().rulebook
    body = render_template(
        "inspect/search.html", sought=sought, found=found, faults=faults_of(sought), places=everywhere,
        states=book.states, outcomes=book.variables["outcome"].values, rules=rules_of(house().home).rules,
    )  # fmt: skip
    return make_response(body, status)
