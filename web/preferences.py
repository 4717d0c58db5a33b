"""Language and 长辈版 (large print), switchable on every page, with or without JavaScript."""

from typing import cast

from flask import Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update

from web.access import public
from web.here import house, member, own_address, this_address
from web.language import COOKIE as LANGUAGE_COOKIE
from web.language import LANGUAGES
from workflow.store import transaction
from workflow.store.models import Account

ELDER_COOKIE = "mj_elder"
YEAR = 365 * 24 * 3600


def elder() -> bool:
    """Whether the reader wants large print: the switch first, then what the account says."""
    if "elder" not in g:
        chosen = request.cookies.get(ELDER_COOKIE)
        person = member() if chosen not in {"0", "1"} else None
        g.elder = chosen == "1" or (person is not None and person.elder)
    return cast("bool", g.elder)


@public
def preferences() -> ResponseReturnValue:
    """Take a switch and go back. It changes nothing but how pages look, so it needs no token."""
    back = own_address(request.form.get("next")) or url_for("public.home")
    response = redirect(back, 303)
    chosen: dict[str, object] = {}
    wanted = request.form.get("language")
    if wanted in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, wanted, max_age=YEAR, samesite="Lax", secure=request.is_secure, httponly=True
        )
        chosen["language"] = wanted
    large = request.form.get("elder")
    if large in {"0", "1"}:
        response.set_cookie(
            ELDER_COOKIE, large, max_age=YEAR, samesite="Lax", secure=request.is_secure, httponly=True
        )
        chosen["elder"] = large == "1"
    person = member()
    if person is not None and chosen:
        with transaction(house().engine) as connection:
            connection.execute(update(Account).where(Account.id == person.account_id).values(**chosen))
    return response


def install(app: Flask) -> None:
    app.add_url_rule("/preferences", "preferences", preferences, methods=["POST"])
    app.jinja_env.globals.update(elder=elder, this_address=this_address)
