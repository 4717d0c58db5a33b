"""At the window: find or register a person, household and bills.

Identity numbers travel in the body of a form only, never in an address.
"""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shows
from workflow.errors import AnswersRefused, FieldFault
from workflow.reading.case_file import today
from workflow.reading.offers import at_the_window
from workflow.reading.people import RELATIONS, Applicant, applicant_by_id
from workflow.register import applicants, one_bill

bp = Blueprint("register", __name__, url_prefix="/register")


@bp.get("")
@needs("use_window")
def index() -> ResponseReturnValue:
    return make_response(render_template("register/index.html", faults=[], typed=""))


@bp.post("")
@needs("use_window")
@shows("search", redirects=True)
def find() -> ResponseReturnValue:
    """Look up an identity number: to the person, or to the page that registers somebody new."""
    typed = request.form.get("id_number", "")
    with house().reader.connect() as connection:
        try:
            number, person = applicants.find(connection, current_actor(), typed, today(now()))
        except AnswersRefused as error:
            body = render_template("register/index.html", faults=error.faults, typed=typed)
            return make_response(body, 422)
    if person is None:
        return _person_page({"id_number": number})
    return redirect(url_for(".person", person_id=person), 303)


@bp.post("/people")
@needs("use_window")
def add_person() -> ResponseReturnValue:
    raw = request.form.to_dict()
    try:
        person = applicants.register_person(house(), current_actor(), raw, at=now(), request_id=request_key())
    except AnswersRefused as error:
        return _person_page(raw, error.faults, 422)
    flash(t("已登记", "Registered"))
    return redirect(url_for(".person", person_id=person), 303)


def _person_page(
    raw: Mapping[str, str], faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    with house().reader.connect() as connection:
        villages = applicants.villages_of(connection, current_actor())
    relations = {code: name for code, name in RELATIONS.items() if code != "self"}
    body = render_template(
        "register/new_person.html", raw=raw, faults=list(faults), villages=villages, relations=relations
    )
    return make_response(body, status)


def _known(connection: Connection, person_id: int) -> tuple[applicants.Ready, Applicant]:
    ready = applicants.ready(connection, current_actor(), person_id)
    person = applicant_by_id(connection, house().rules().categories, person_id, today(now()))
    return ready, person


@bp.get("/people/<int:person_id>")
@needs("use_window")
@shows("person")
def person(person_id: int) -> ResponseReturnValue:
    return _known_page(person_id)


@bp.post("/people/<int:person_id>/bills")
@needs("use_window")
@shows("person")
def add_bill(person_id: int) -> ResponseReturnValue:
    raw = request.form.to_dict()
    try:
        one_bill.register_bill(house(), current_actor(), person_id, raw, at=now(), request_id=request_key())
    except AnswersRefused as error:
        return _known_page(person_id, raw, error.faults, 422)
    flash(t("单据已登记", "The bill has been registered"))
    return redirect(url_for(".person", person_id=person_id), 303)


def _known_page(
    person_id: int, raw: Mapping[str, str] | None = None, faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    rules = house().rules()
    with house().reader.connect() as connection:
        ready, applicant = _known(connection, person_id)
    body = render_template(
        "register/person.html",
        ready=ready, person=applicant, raw=raw or {}, faults=list(faults),
        kinds=one_bill.kinds_of_bill(rules.policies, today(now()), current_actor().org),
        offers=at_the_window(rules, current_actor(), today(now())),
    )  # fmt: skip
    return make_response(body, status)
