"""The front door and the pages that say how things are: no account needed."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from web.access import allowed, permission_of, public
from web.here import house, member
from web.navigation import has

bp = Blueprint("public", __name__)
STARTS = ("work.index", "supervise.index", "inspect.index", "case.index")
SUPERVISES = "press"
"""Whoever presses others begins with the board: there are few steps of their own."""


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """To where the reader's work begins."""
    person = member()
    if person is None:
        return redirect(url_for("auth.sign_in"), 303)
    if person.seat is None:
        return redirect(url_for("auth.seats"), 303)
    for endpoint in STARTS[1:] if allowed(SUPERVISES) else STARTS:
        if has(endpoint) and allowed(permission_of(endpoint) or ""):
            return redirect(url_for(endpoint), 303)
    return redirect(url_for("auth.account"), 303)


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    return make_response(render_template("public/privacy.html"))


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    return make_response(render_template("public/accessibility.html"))


@bp.get("/health")
@public
def health() -> ResponseReturnValue:
    """200 when the database answers; for the watchman of the machine."""
    with house().reader.connect() as connection:
        connection.execute(text("SELECT 1"))
    return make_response(("ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}))
