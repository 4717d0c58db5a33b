"""People of the small county in front of their browsers."""

import io

from flask import Flask
from pages.visiting import Visitor
from PIL import Image

from web import create_app
from workflow.store.models import Account


def photo(colour: str = "white") -> bytes:
    """A small picture that really is one."""
    content = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "PNG")
    return content.getvalue()


def at_the_desk(county, login: str) -> Visitor:
    """Somebody of the county who has signed in just now (how that is done is tested elsewhere)."""
    visitor = Visitor(_pages(county))
    actor, now = county.staff[login].actor, int(county.clock.at.timestamp())
    epoch = county.rows(Account, Account.id == actor.account_id)[0].epoch
    with visitor.client.session_transaction() as session:
        session.update(_user_id=f"{actor.account_id}.{epoch}", _fresh=True, seen=now, since=now)
        session["seat"] = actor.seat_id
    return visitor


def _pages(county) -> Flask:
    """The application, made once for everybody of a county."""
    made = getattr(county, "pages", None)
    if made is None or made.extensions["mingjian.house"] is not county.house:
        made = county.pages = create_app(county.house, clock=county.clock, testing=True)
    return made


def form_of(case, node: str) -> str:
    return f"/cases/{case.id}/tasks/{case.task(node).id}"


def answers_for(county, case, node: str, **answers) -> dict[str, str | list[str]]:
    """What the demonstration would type into a step."""
    return dict(county.completion(case, node, answers).answers)
