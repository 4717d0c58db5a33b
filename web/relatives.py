"""近亲属备案: everybody on duty files the near relatives, and sees what is on file (domain 6.2)."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from bpmn.text import Text
from web.access import needs
from web.here import current_actor, house, now, request_key
from workflow.commands import FileRelative
from workflow.errors import AnswersRefused, FieldFault
from workflow.handle import handle
from workflow.register.kinship import RELATIONS
from workflow.register.masking import mask_id
from workflow.store.models import Kin

bp = Blueprint("relatives", __name__, url_prefix="/relatives")


@dataclass(frozen=True, slots=True)
class Filed:
    name: str
    id_masked: str
    relation: Text
    filed_at: datetime


@bp.get("")
@needs("file_relative")
def index() -> ResponseReturnValue:
    return make_response(_page({}, ()))


@bp.post("")
@needs("file_relative")
def file() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "") for name in ("name", "id_number", "relation")}
    actor = current_actor()
    command = FileRelative(actor.account_id, typed["name"], typed["id_number"], typed["relation"])
    try:
        handle(house(), actor, command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return make_response(_page(typed, refused.faults), 422)
    return redirect(url_for(".index", filed=1), 303)


def _page(typed: dict[str, str], faults: tuple[FieldFault, ...]) -> str:
    with house().reader.connect() as connection:
        rows = connection.execute(
            select(Kin.name, Kin.id_number, Kin.relation, Kin.filed_at)
            .where(Kin.account_id == current_actor().account_id)
            .order_by(Kin.filed_at.desc())
        ).all()
    filed = [Filed(row.name, mask_id(row.id_number), RELATIONS[row.relation], row.filed_at) for row in rows]
    return render_template(
        "relatives/index.html", filed=filed, typed=typed, faults=faults, relations=RELATIONS,
        done="filed" in request.args,
    )  # fmt: skip
