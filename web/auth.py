"""Signing in and out, choosing a seat, one's own account."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import InvalidToken
from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from bpmn.text import Text
from web import sessions
from web.access import public, signed_in
from web.here import current_actor, house, member, now, own_address, request_id
from web.limits import signing_in
from web.logs import log
from web.security import sealer
from workflow.actor import Actor
from workflow.errors import FieldFault, NotFound
from workflow.register import accounts
from workflow.register.staffing import recorded
from workflow.store import transaction
from workflow.store.models import Account

bp = Blueprint("auth", __name__)
KEPT_FOR = 12 * 3600
KEPT_LIMIT = 256 * 1024
NOT_KEPT = {"csrf_token", "kept"}


def _limited(view: Any) -> Any:
    for limit in signing_in:
        view = limit(view)
    return view


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    if member() is not None:
        return redirect(own_address(request.args.get("next")) or url_for("public.home"), 303)
    return _door(next_address=own_address(request.args.get("next")))


@bp.post("/sign-in")
@public
@_limited
def sign_in_now() -> ResponseReturnValue:
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    faults = []
    if not login:
        faults.append(FieldFault("login", Text("还没有填账号", "The account is missing")))
    if not password:
        faults.append(FieldFault("password", Text("还没有填密码", "The password is missing")))
    row = None
    if not faults:
        proved = accounts.authenticate(house().reader, login, password)
        row = None if proved is None else _account(proved)
        if row is None:
            log.warning("sign_in_failed")
            faults.append(
                FieldFault(
                    "login",
                    Text(
                        "账号或密码不对。连续输错5次，要等30分钟。",
                        "Account or password is wrong. After five failures you have to wait 30 minutes.",
                    ),
                )
            )
    if faults or row is None:
        return _door(
            faults=faults, login=login, next_address=own_address(request.form.get("next")), status=422
        )
    kept = _opened(request.form.get("kept"), row.id)
    with house().reader.connect() as connection:
        seats = sessions.read_seats(connection, row.id, now())
    sessions.begin(row, seats)
    log.info("signed_in", account=row.id)
    if kept is not None:
        if len(seats) > 1:
            sessions.choose(next((seat for seat in seats if seat.id == kept.get("seat")), seats[0]))
        return _account_page(carried=request.form["kept"]) if row.handed_out else _go_on(kept)
    target = own_address(request.form.get("next"))
    if len(seats) > 1:
        return redirect(url_for("auth.seats", next=target), 303)
    return redirect(target or url_for("public.home"), 303)


def _go_on(kept: dict[str, Any]) -> ResponseReturnValue:
    return make_response(render_template("auth/go_on.html", address=kept["path"], fields=kept["fields"]))


def _account(account_id: int) -> Any:
    with house().reader.connect() as connection:
        return connection.execute(select(Account.__table__).where(Account.id == account_id)).one()


def _door(
    *,
    faults: list[FieldFault] | None = None,
    login: str = "",
    next_address: str | None = None,
    kept: str | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    body = render_template(
        "auth/sign_in.html",
        faults=faults or [],
        login=login,
        next_address=next_address,
        kept=kept or request.form.get("kept"),
    )
    return make_response(body, status)


def ask_to_sign_in_again() -> ResponseReturnValue:
    """For a submission whose session has ended: the page to sign in, carrying what was typed.

    What was typed travels encrypted and is given back only to the same account.
    """
    account = sessions.last_account()
    kept = None
    if account is not None:
        fields = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT]
        plain = json.dumps(
            {
                "account": account,
                "seat": session.get("seat"),
                "path": request.full_path.rstrip("?"),
                "fields": fields,
            }
        ).encode()
        if len(plain) <= KEPT_LIMIT:
            kept = sealer("kept").encrypt(plain).decode()
    return _door(kept=kept, status=401)


def _opened(token: str | None, account_id: int) -> dict[str, Any] | None:
    if not token:
        return None
    try:
        content: dict[str, Any] = json.loads(sealer("kept").decrypt(token.encode(), ttl=KEPT_FOR))
    except InvalidToken:
        return None
    return content if content["account"] == account_id and own_address(content["path"]) else None


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    sessions.end()
    return redirect(url_for("auth.sign_in"), 303)


@bp.get("/seats")
@signed_in
def seats() -> ResponseReturnValue:
    return make_response(
        render_template("auth/seats.html", next_address=own_address(request.args.get("next")))
    )


@bp.post("/seats")
@signed_in
def choose_seat() -> ResponseReturnValue:
    wanted = request.form.get("seat", "")
    seat = next((seat for seat in current_user.seats if str(seat.id) == wanted), None)
    if seat is None:
        raise NotFound(Text("您没有这个岗位，或者它今天无效。", "You do not hold this seat today."))
    sessions.choose(seat)
    return redirect(own_address(request.form.get("next")) or url_for("public.home"), 303)


@bp.get("/account")
@signed_in
def account() -> ResponseReturnValue:
    return _account_page(changed=request.args.get("changed") == "1")


def _account_page(
    faults: Sequence[FieldFault] = (), *, changed: bool = False, carried: str = "", status: int = 200
) -> ResponseReturnValue:
    """`carried`: sealed, what was typed when a session had ended; it goes on once the password is changed."""
    shortest = accounts.SHORTEST_PASSWORD
    body = render_template(
        "auth/account.html", faults=faults, changed=changed, carried=carried, shortest=shortest
    )
    return make_response(body, status)


@bp.post("/account/password")
@signed_in
@_limited
def change_password() -> ResponseReturnValue:
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    faults = []
    with house().reader.connect() as connection:
        stored = connection.scalar(select(Account.password).where(Account.id == current_user.account_id))
    if stored is None or not accounts.verify_password(stored, old):
        faults.append(FieldFault("old", Text("现在的密码不对", "The present password is wrong")))
    if len(new) < accounts.SHORTEST_PASSWORD:
        faults.append(
            FieldFault(
                "new",
                Text(
                    f"新密码只有{len(new)}位，至少要{accounts.SHORTEST_PASSWORD}位",
                    f"The new password has {len(new)} characters; "
                    f"at least {accounts.SHORTEST_PASSWORD} are needed",
                ),
            )
        )
    elif new == old:
        faults.append(FieldFault("new", Text("新密码和现在的一样", "The new password is the present one")))
    if new != again:
        faults.append(FieldFault("again", Text("两次填的新密码不一样", "The two new passwords differ")))
    if faults:
        return _account_page(faults, carried=request.form.get("carried", ""), status=422)
    own = current_user.account_id
    actor = current_actor() if current_user.seat else Actor(own, 0, "", "")
    with (
        transaction(house().engine) as connection,
        recorded(house(), connection, actor, own, request_id()),
    ):
        epoch = accounts.change_password(connection, own, new)
    sessions.renew(current_user.account_id, epoch)
    log.info("password_changed", account=current_user.account_id)
    carried = _opened(request.form.get("carried"), own)
    return redirect(url_for("auth.account", changed=1), 303) if carried is None else _go_on(carried)
