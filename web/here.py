"""What a view may ask about the request it answers: the house, the time, the reader, the actor.

Services get all of this as arguments; only views look here.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit
from uuid import uuid4

from flask import current_app, g, request, url_for
from flask_login import current_user

from workflow.actor import PUBLIC, Actor
from workflow.errors import FieldFault

if TYPE_CHECKING:
    from web.sessions import Member
    from workflow.house import House

_KEY = re.compile(r"[0-9a-f]{32}")
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def house() -> "House":
    return cast("House", current_app.extensions["mingjian.house"])


def now() -> datetime:
    """The time of this request, UTC; the same however often one asks."""
    at = g.get("now")
    if at is None:
        clock = cast("Callable[[], datetime]", current_app.extensions["mingjian.clock"])
        at = g.now = clock()
    return cast("datetime", at)


def member() -> "Member | None":
    """Who is signed in, if anybody; asked a dozen times for one page, looked up once."""
    person = g.get("_login_user") or current_user._get_current_object()
    return cast("Member", person) if person.is_authenticated else None


def current_actor() -> Actor:
    """The person on the seat chosen; PUBLIC for somebody without an account."""
    person = member()
    if person is None or person.seat is None:
        return PUBLIC
    seat = person.seat
    return Actor(
        person.account_id, seat.id, seat.role, seat.org, person.name, seat.stands_for, seat.on_behalf
    )


def asked_month(this: date) -> date:
    """The first day of the month that the address names; `this` where it names none."""
    named = _MONTH.fullmatch(request.args.get("month", ""))
    return date(int(named[1]), int(named[2]), 1) if named else this


def asked_day(name: str, usual: date) -> date:
    """A day of the address; `usual` where it is none, or none of this century."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return usual
    return day if 2000 <= day.year <= 2100 else usual


def typed_day(typed: Mapping[str, str], name: str, faults: list[FieldFault]) -> date | None:
    """The day that stands in a field of a form; a text that is none becomes a fault of that field."""
    try:
        return date.fromisoformat(typed[name])
    except ValueError:
        faults.append(FieldFault.of(name, "请写日期，例如2026-11-19", "Write a date, such as 2026-11-19"))
        return None


def polled() -> bool:
    """Whether an open page asks by itself for what has changed, and nobody has done anything."""
    return request.headers.get("X-Poll") == "1"


def request_id() -> str:
    """The number of this request: in the log line, in the answer's header, on error pages."""
    if "request_id" not in g:
        g.request_id = uuid4().hex
    return cast("str", g.request_id)


def request_key() -> str:
    """The id the page gave this submission, so that a second click has no second effect."""
    key = request.form.get("_once", "")
    return key if _KEY.fullmatch(key) else uuid4().hex


def request_key_of(part: str) -> str:
    """The same for one of several commands that a submission gives; `part` tells them apart."""
    return hashlib.sha256(f"{request_key()}.{part}".encode()).hexdigest()[:32]


def own_address(address: str | None) -> str | None:
    """`address` if it is a path of this site, otherwise None: nobody is sent elsewhere."""
    if not address or not address.startswith("/") or address[1:2] in {"/", "\\"}:
        return None
    if any(ord(letter) < 0x20 or letter == "\\" for letter in address):
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc else None


def this_address() -> str:
    """Where a switch of language or size leads back to: this page, if it can be fetched again."""
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    rule = request.url_rule
    if rule is not None and any(
        "GET" in (other.methods or ()) and other.rule == rule.rule
        for other in current_app.url_map.iter_rules()
    ):
        return request.path
    return url_for("public.home")
