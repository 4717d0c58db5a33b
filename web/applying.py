"""Open a case: at the window for a registered person, or from the page of another case.

Which flows there are, what their forms ask and which papers they offer is data (bpmn/flows.toml).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn import Text
from web import forms, uploads
from web.access import needs
from web.here import current_actor, house, now, request_key
from web.language import t
from web.reads import shows
from workflow.commands import OpenCase
from workflow.errors import AnswersRefused, FieldFault
from workflow.handle import handle
from workflow.reading.access import access_to
from workflow.reading.case_file import today
from workflow.reading.case_row import read_case
from workflow.reading.offers import AID, Offer, at_the_window, from_a_case, offered
from workflow.reading.people import applicant_by_id
from workflow.register import applicants

bp = Blueprint("applying", __name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is about: the person, what is opened, and where the way back leads."""

    offer: Offer
    person_id: int
    name: str
    masked: str
    bills: Sequence[Any]
    back: str
    about: Any = None


@bp.get("/register/people/<int:person_id>/apply")
@needs("use_window")
@shows("person")
def apply(person_id: int) -> ResponseReturnValue:
    return _page(_at_the_window(person_id, AID))


@bp.post("/register/people/<int:person_id>/apply")
@needs("use_window")
@shows("person")
def apply_now(person_id: int) -> ResponseReturnValue:
    """Open the case. A second click finds the case that the first one has opened."""
    return _open(_at_the_window(person_id, AID))


@bp.get("/register/people/<int:person_id>/apply/<flow>")
@needs("use_window")
@shows("person")
def apply_for(person_id: int, flow: str) -> ResponseReturnValue:
    return _page(_at_the_window(person_id, flow))


@bp.post("/register/people/<int:person_id>/apply/<flow>")
@needs("use_window")
@shows("person")
def apply_for_now(person_id: int, flow: str) -> ResponseReturnValue:
    return _open(_at_the_window(person_id, flow))


@bp.get("/cases/<uuid:case_id>/open/<flow>")
@needs("view_case")
@shows("case")
def from_case(case_id: UUID, flow: str) -> ResponseReturnValue:
    return _page(_from_case(case_id, flow))


@bp.post("/cases/<uuid:case_id>/open/<flow>")
@needs("view_case")
@shows("case")
def from_case_now(case_id: UUID, flow: str) -> ResponseReturnValue:
    """Open an appeal, a recovery or the like, tied to the case it is about."""
    return _open(_from_case(case_id, flow))


def _at_the_window(person_id: int, word: str) -> Asked:
    rules, day = house().rules(), today(now())
    offer = offered(at_the_window(rules, current_actor(), day), word)
    with house().reader.connect() as connection:
        ready = applicants.ready(connection, current_actor(), person_id)
        person = applicant_by_id(connection, rules.categories, person_id, day)
    back = url_for("register.person", person_id=person_id)
    return Asked(offer, person_id, person.name, person.id_masked, ready.bills, back)


def _from_case(case_id: UUID, flow: str) -> Asked:
    with house().reader.connect() as connection:
        row = read_case(connection, case_id)
        access_to(connection, current_actor(), row)
    offer = offered(from_a_case(house().rules(), current_actor(), row), flow)
    back = url_for("case.show", case_id=case_id)
    return Asked(offer, row.applicant_id, row.person, "", (), back, row)


def _open(asked: Asked) -> ResponseReturnValue:
    row = asked.offer.row
    raw = forms.raw_answers(house().rules().rulebook.forms[row.form], request.form)
    chosen = sorted({int(each) for each in request.form.getlist("claims") if each.isdecimal()})
    received = uploads.receive(
        house().files, request.files, request.form, row.papers, current_actor().account_id
    )
    faults: list[FieldFault] = list(received.faults)
    if not faults:
        papers = tuple(sorted(received.papers, key=lambda paper: (paper.kind, paper.sha256)))
        command = OpenCase(
            asked.offer.flow, asked.offer.policy, asked.person_id, tuple(chosen), raw, papers,
            about=asked.about.id if asked.about is not None else None,
        )  # fmt: skip
        try:
            outcome = handle(house(), current_actor(), command, at=now(), request_id=request_key())
        except AnswersRefused as error:
            faults = list(error.faults)
        else:
            flash(t(f"已登记，编号{outcome.number}", f"Registered under {outcome.number}"))
            return redirect(url_for("case.show", case_id=outcome.case_id), 303)
    return _page(asked, raw, chosen, received, faults, 422)


def _page(
    asked: Asked,
    raw: forms.Raw | None = None,
    chosen: Sequence[int] = (),
    received: uploads.Received | None = None,
    faults: Sequence[FieldFault] = (),
    status: int = 200,
) -> ResponseReturnValue:
    book = house().rules().rulebook
    view = forms.show(book.forms[asked.offer.row.form], raw or {}, faults=faults)
    kinds: dict[str, Text] = {kind: book.papers[kind].name for kind in asked.offer.row.papers}
    papers = uploads.show(kinds, (), received, faults, current_actor().account_id)
    own = [fault for fault in faults if fault.field == "claims" or fault.field.startswith("paper.")]
    body = render_template(
        "register/apply.html",
        asked=asked, form=view, papers=papers, chosen=chosen,
        faults=[*own, *(fault for fault in view.faults if fault.field != "form-top" or not own)],
    )  # fmt: skip
    return make_response(body, status)
