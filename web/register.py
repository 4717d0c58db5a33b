"""At the window: find or register a person, household and bills; then the application itself.

Identity numbers travel in the body of a form only, never in an address.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from web import forms, uploads
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from workflow.commands import OpenCase
from workflow.errors import AnswersRefused, FieldFault
from workflow.handle import handle
from workflow.reading.case_file import today
from workflow.reading.people import RELATIONS, Applicant, applicant_by_id
from workflow.register import applicants, one_bill

bp = Blueprint("register", __name__, url_prefix="/register")
FLOW = "ma_ordinary_county"
FORM = "application"
PAPERS = (
    "application_form", "id_card", "household_register", "category_certificate", "diagnosis", "invoice",
    "settlement_statement", "passbook",
)  # fmt: skip


@bp.get("")
@needs("file_application")
def index() -> ResponseReturnValue:
    return make_response(render_template("register/index.html", faults=[], typed=""))


@bp.post("")
@needs("file_application")
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
@needs("file_application")
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
@needs("file_application")
def person(person_id: int) -> ResponseReturnValue:
    return _known_page(person_id)


@bp.post("/people/<int:person_id>/bills")
@needs("file_application")
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
        kinds=one_bill.kinds_of_bill(rules.policies, today(now()), current_actor().org, FLOW),
    )  # fmt: skip
    return make_response(body, status)


@bp.get("/people/<int:person_id>/apply")
@needs("file_application")
def apply(person_id: int) -> ResponseReturnValue:
    return _application(person_id, {}, [])


@bp.post("/people/<int:person_id>/apply")
@needs("file_application")
def apply_now(person_id: int) -> ResponseReturnValue:
    """Open the case. A second click finds the case that the first one has opened."""
    rules = house().rules()
    raw = forms.raw_answers(rules.rulebook.forms[FORM], request.form)
    chosen = sorted({int(each) for each in request.form.getlist("claims") if each.isdecimal()})
    received = uploads.receive(house().files, request.files, request.form, PAPERS, current_actor().account_id)
    faults: list[FieldFault] = list(received.faults)
    if not faults:
        papers = tuple(sorted(received.papers, key=lambda paper: (paper.kind, paper.sha256)))
        policy = one_bill.policy_today(rules.policies, today(now()), current_actor().org, FLOW)
        command = OpenCase(FLOW, policy, person_id, tuple(chosen), raw, papers)
        try:
            outcome = handle(house(), current_actor(), command, at=now(), request_id=request_key())
        except AnswersRefused as error:
            faults = list(error.faults)
        else:
            flash(t(f"申请已登记，编号{outcome.number}", f"Registered under {outcome.number}"))
            return redirect(url_for("case.show", case_id=outcome.case_id), 303)
    return _application(person_id, raw, chosen, received, faults, 422)


def _application(
    person_id: int,
    raw: forms.Raw,
    chosen: Sequence[int],
    received: uploads.Received | None = None,
    faults: Sequence[FieldFault] = (),
    status: int = 200,
) -> ResponseReturnValue:
    rules = house().rules()
    with house().reader.connect() as connection:
        ready, applicant = _known(connection, person_id)
    view = forms.show(rules.rulebook.forms[FORM], raw, faults=faults)
    kinds = {kind: rules.rulebook.papers[kind].name for kind in PAPERS if kind in rules.rulebook.papers}
    papers = uploads.show(kinds, (), received, faults, current_actor().account_id)
    own: list[Any] = [
        fault for fault in faults if fault.field == "claims" or fault.field.startswith("paper.")
    ]
    body = render_template(
        "register/apply.html",
        ready=ready, person=applicant, form=view, papers=papers, chosen=chosen,
        faults=[*own, *(fault for fault in view.faults if fault.field != "form-top" or not own)],
    )  # fmt: skip
    return make_response(body, status)
