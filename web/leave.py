"""请假代班: the holder of a seat, or the administrator, names who stands in; exceptions of small offices."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.access import allowed, needs
from web.here import asked_month, current_actor, house, now, request_key, typed_day
from web.language import t
from workflow.deadlines import months_later
from workflow.errors import AnswersRefused, FieldFault
from workflow.handle import handle
from workflow.leave_commands import EndLeave, TakeLeave
from workflow.reading import leaves as reading
from workflow.reading.case_file import today
from workflow.substituting import REASONS, candidates, seat_of

bp = Blueprint("leave", __name__)
FIELDS = ("first", "last", "reason", "substitute")


@bp.get("/leave")
@needs("take_leave")
def index() -> ResponseReturnValue:
    """What is registered, and a form: for the own seat, or for the one the administrator has chosen."""
    return _page({})


@bp.post("/leave")
@needs("take_leave")
def take() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    first, last, faults = _days(typed)
    if first is None or last is None:
        return _page(typed, faults, 422)
    command = TakeLeave(_seat(), request.form.get("substitute", 0, type=int), first, last, typed["reason"])
    try:
        handle(house(), current_actor(), command, at=now(), request_id=request_key())
    except AnswersRefused as refused:
        return _page(typed, refused.faults, 422)
    flash(t("已登记请假，到期自动结束", "Registered; it ends by itself"))
    return redirect(url_for(".index"), 303)


@bp.post("/leave/<int:number>/end")
@needs("take_leave")
def end(number: int) -> ResponseReturnValue:
    """Back before the last day (销假)."""
    handle(house(), current_actor(), EndLeave(number), at=now(), request_id=request_key())
    flash(t("已销假，本人可以办理了", "The leave has ended; the holder acts again"))
    return redirect(url_for(".index"), 303)


@bp.get("/supervise/exceptions")
@needs("view_exceptions")
def exceptions() -> ResponseReturnValue:
    """SD-11, month by month."""
    this = today(now()).replace(day=1)
    month = asked_month(this)
    with house().reader.connect() as connection:
        found = reading.exceptions(house(), connection, current_actor(), month)
    after = months_later(month, 1)
    body = render_template(
        "supervise/exceptions.html",
        found=found, most=reading.PAGE, month=month, before=(month - timedelta(days=1)).replace(day=1),
        after=after if after <= this else None,
    )  # fmt: skip
    return make_response(body)


def _days(typed: Mapping[str, str]) -> tuple[date | None, date | None, list[FieldFault]]:
    faults: list[FieldFault] = []
    return typed_day(typed, "first", faults), typed_day(typed, "last", faults), faults


def _seat() -> int:
    """The seat that is meant: of the administrator the chosen one, of everybody else the own."""
    if allowed("manage_accounts"):
        return request.values.get("seat", 0, type=int)
    actor = current_actor()
    return actor.stands_for or actor.seat_id


def _page(
    typed: Mapping[str, str], faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    actor, manages = current_actor(), allowed("manage_accounts")
    org, book, day = request.args.get("org", ""), house().rules().rulebook, today(now())
    first, last, _ = _days(typed) if typed else (None, None, [])
    with house().reader.connect() as connection:
        seat = seat_of(connection, _seat())
        if seat is not None and seat.org[:6] != actor.org[:6]:
            seat = None
        mine = None if manages else actor.account_id
        known = reading.leaves(connection, book, day, account=mine, county=actor.org[:6])
        offered = candidates(connection, seat, first or day, last or first or day) if seat else []
        places = reading.offices(connection, actor.org[:6]) if manages else []
        seats = reading.seats_at(connection, book, org, day) if org.startswith(actor.org[:6]) else []
    posts = book.roles
    body = render_template(
        "leave/index.html",
        known=known, seat=seat, offered=offered, typed=typed, faults=faults, reasons=REASONS, manages=manages,
        offices=places, org=org, seats=seats, posts=posts, stands_in=actor.stands_for is not None,
    )  # fmt: skip
    return make_response(body, status)
