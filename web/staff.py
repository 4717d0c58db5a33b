"""人员岗位: who sits where. One administrator proposes a seat, another confirms it (SD-8)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bpmn import Text
from web.access import allowed, needs
from web.here import current_actor, house, now, request_key, typed_day
from web.language import t
from web.security import code_of
from workflow.appointment_commands import (
    AppointmentCommand,
    ConfirmPassword,
    ConfirmSeat,
    EndSeat,
    ProposePassword,
    ProposeSeat,
    RefusePassword,
    RefuseSeat,
    SetStanding,
)
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.handle import Outcome, handle
from workflow.reading import staff as reading
from workflow.reading.case_file import today
from workflow.register import accounts

bp = Blueprint("staff", __name__, url_prefix="/staff")
FIELDS = ("login", "name", "role", "first", "last")


@bp.get("")
@needs("view_accounts")
def index() -> ResponseReturnValue:
    """What waits for a second administrator, and the seats of the office that the address names."""
    return _office({})


@bp.post("")
@needs("manage_accounts")
def propose() -> ResponseReturnValue:
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    faults: list[FieldFault] = []
    first = typed_day(typed, "first", faults) if typed["first"] else today(now())
    last = typed_day(typed, "last", faults) if typed["last"] else None
    if first is None or faults:
        return _office(typed, faults, 422)
    org = request.args.get("org", "")
    try:
        _do(ProposeSeat(typed["login"], typed["name"], org, typed["role"], first, last))
    except AnswersRefused as refused:
        return _office(typed, refused.faults, 422)
    flash(t("已提出，等另一名系统管理员确认", "Proposed; another administrator has to confirm"))
    return redirect(url_for(".index", org=org), 303)


@bp.post("/proposals/<int:number>")
@needs("manage_accounts")
def decide(number: int) -> ResponseReturnValue:
    """Confirm or refuse, by the button that was pressed. A new account's first password is shown once."""
    if request.form.get("act") != "confirm":
        _do(RefuseSeat(number))
        flash(t("已退回", "Refused"))
        return redirect(url_for(".index"), 303)
    password, made = _made_up()
    done = _do(ConfirmSeat(number, made))
    if not done.number:
        flash(t("已确认，岗位已安排", "Confirmed; the seat is given"))
        return redirect(url_for(".index"), 303)
    return _handed_out(int(done.number), password, Text("账号已建立", "The account is made"))


@bp.post("/<int:number>/password")
@needs("manage_accounts")
def propose_password(number: int) -> ResponseReturnValue:
    """Somebody has forgotten the password."""
    _do(ProposePassword(number))
    flash(t("已提出，等另一名系统管理员确认", "Proposed; another administrator has to confirm"))
    return redirect(url_for(".show", number=number), 303)


@bp.post("/passwords/<int:number>")
@needs("manage_accounts")
def decide_password(number: int) -> ResponseReturnValue:
    """Confirm or refuse, by the button that was pressed. The new password is shown once."""
    if request.form.get("act") != "confirm":
        _do(RefusePassword(number))
        flash(t("已退回", "Refused"))
        return redirect(url_for(".index"), 303)
    password, made = _made_up()
    done = _do(ConfirmPassword(number, made))
    return _handed_out(int(done.number), password, Text("密码已重设", "The password is replaced"))


@bp.get("/<int:number>")
@needs("view_accounts")
def show(number: int) -> ResponseReturnValue:
    """A person with all seats in the county, those that have ended too."""
    return _person(number)


@bp.post("/<int:number>/seats/<int:seat>")
@needs("manage_accounts")
def end(number: int, seat: int) -> ResponseReturnValue:
    """The last day of a seat; nothing typed: at once."""
    faults: list[FieldFault] = []
    yesterday = today(now()) - timedelta(days=1)
    typed = {"last": request.form.get("last", "").strip()}
    last = typed_day(typed, "last", faults) if typed["last"] else yesterday
    if last is None:
        return _person(number, faults, 422)
    try:
        _do(EndSeat(seat, last))
    except AnswersRefused as refused:
        return _person(number, refused.faults, 422)
    flash(t("岗位的结束日期已登记", "The last day of the seat is set"))
    return redirect(url_for(".show", number=number), 303)


@bp.post("/<int:number>/standing")
@needs("manage_accounts")
def standing(number: int) -> ResponseReturnValue:
    """Disable the account, or enable it again."""
    active = request.form.get("act") == "enable"
    _do(SetStanding(number, active))
    flash(t("账号已恢复", "Enabled") if active else t("账号已停用，已登录的立即失效", "Disabled"))
    return redirect(url_for(".show", number=number), 303)


def _do(command: AppointmentCommand) -> Outcome:
    return handle(house(), current_actor(), command, at=now(), request_id=request_key())


def _made_up() -> tuple[str, str]:
    """A password that nobody can guess, and its hash; of one request always the same, so that a second click
    shows what the first one did.
    """
    key = request_key()
    password = accounts.make_password(int.from_bytes(code_of(f"first password {key}")))
    return password, accounts.hash_password(password, code_of(f"salt of a first password {key}")[:16])


def _handed_out(number: int, password: str, title: Text) -> ResponseReturnValue:
    body = render_template("staff/made.html", person=_known(number), password=password, title=title)
    return make_response(body)


def _office(
    typed: Mapping[str, str], faults: Sequence[FieldFault] = (), status: int = 200
) -> ResponseReturnValue:
    actor, book, day = current_actor(), house().rules().rulebook, today(now())
    with house().reader.connect() as connection:
        places = reading.places(connection, actor.org[:6], day)
        place = next((one for one in places if one.code == request.args.get("org", "")), None)
        waiting = reading.waiting(connection, book, actor.org[:6])
        forgotten = reading.forgotten(connection, actor.org[:6])
        seats = reading.seats_at(connection, book, place.code, day) if place else []
    body = render_template(
        "staff/index.html",
        places=places, place=place, seats=seats, waiting=waiting, forgotten=forgotten, typed=typed,
        faults=list(faults), today=day,
        manages=allowed("manage_accounts"), posts=reading.posts_of(book, place) if place else {},
    )  # fmt: skip
    return make_response(body, status)


def _known(number: int) -> reading.Person:
    book, county = house().rules().rulebook, current_actor().org[:6]
    with house().reader.connect() as connection:
        person = reading.person(connection, book, number, county, today(now()))
    if person is None:
        raise NotFound()
    return person


def _person(number: int, faults: Sequence[FieldFault] = (), status: int = 200) -> ResponseReturnValue:
    person = _known(number)
    wanted = request.view_args.get("seat") if request.view_args else None
    chosen = wanted or request.args.get("seat", type=int)
    manages = allowed("manage_accounts") and person.id != current_actor().account_id
    body = render_template(
        "staff/show.html",
        person=person, faults=list(faults), today=today(now()), manages=manages,
        chosen=next((one for one in person.seats if one.id == chosen), None),
        typed=request.form.get("last", ""),
    )  # fmt: skip
    return make_response(body, status)
