"""Every route says who may call it; one that does not is refused.

`@public`: anybody. `@signed_in`: whoever has an account. `@needs("view_case")`: whoever sits on a seat
whose role has this action in the matrix of domain 6.1. Area, relatives and separation of duties are
asked by the services, which know the case.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bpmn.text import Text
from web.here import current_actor, member, this_address
from workflow.errors import NotAllowed
from workflow.permissions import may

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"
SIGNED_IN = "signed_in"
ATTRIBUTE = "mingjian_permission"
PUBLIC_BODY = 64 * 1024  # nobody without an account sends more than a few words


def declare(permission: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, permission)
        return view

    return mark


def public(view: View) -> View:
    return declare(PUBLIC)(view)


def signed_in(view: View) -> View:
    return declare(SIGNED_IN)(view)


def needs(action: str) -> Callable[[View], View]:
    """`action` is a line of the matrix of domain 6.1."""
    return declare(action)


def permission_of(endpoint: str) -> str | None:
    return getattr(current_app.view_functions.get(endpoint), ATTRIBUTE, None)


def allowed(action: str) -> bool:
    """Whether the seat of the reader has this action; for showing or leaving out a link."""
    return may(current_actor().role, action) is not None


def limit_body() -> None:
    """Before the form is read: somebody without an account may send only a little."""
    if request.endpoint is not None and permission_of(request.endpoint) == PUBLIC:
        request.max_content_length = PUBLIC_BODY


def guard() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # the 404 comes from the routing
    permission = permission_of(request.endpoint)
    if permission is None:
        raise NotAllowed(
            "undeclared",
            Text("这个地址没有写明谁可以使用，不能打开。", "This address does not say who may use it."),
        )
    if permission == PUBLIC:
        return None
    person = member()
    if person is None:
        return _to_sign_in()
    if permission == SIGNED_IN:
        return None
    if person.handed_out:
        return redirect(url_for("auth.account"), 303)
    if person.seat is None:
        return redirect(url_for("auth.seats", next=this_address()), 303)
    if may(person.seat.role, permission) is None:
        raise NotAllowed(
            "role",
            Text(
                f"您现在的岗位是{person.seat.org_name}{person.seat.role_name.zh}，这一页不归这个岗位。"
                "换一个岗位，或者请系统管理员调整岗位。",
                f"Your seat is {person.seat.role_name.en} at {person.seat.org_name}; this page belongs "
                "to other seats. Change your seat, or ask the administrator.",
            ),
        )
    return None


def _to_sign_in() -> ResponseReturnValue:
    if request.headers.get("X-Requested-With") == "fetch":
        abort(401)
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("auth.sign_in", next=this_address()), 303)
    from web.auth import ask_to_sign_in_again

    return ask_to_sign_in_again()


def routes(app: Flask) -> list[tuple[str, str, str | None]]:
    """(methods, address, permission) of every route, for the test that lists them."""
    table = []
    for rule in app.url_map.iter_rules():
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        table.append((methods, rule.rule, getattr(app.view_functions[rule.endpoint], ATTRIBUTE, None)))
    return sorted(table, key=lambda row: (row[1], row[0]))
