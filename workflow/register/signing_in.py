"""Who gives an order on the command line proves it by the password, as on the sign-in page."""

import sys
from uuid import uuid4

import click

from workflow.actor import Actor
from workflow.cases.refusing import log_refusal
from workflow.deadlines import SHANGHAI
from workflow.house import House
from workflow.permissions import may
from workflow.register import accounts
from workflow.register.seats import seats_of

AS = click.option("--as", "login", metavar="LOGIN", required=True, help="以谁的账号。Whose account.")


def signed_in(house: House, login: str, *actions: str) -> Actor:
    """The person that login and password prove, on the seat that has one of these actions.

    The password is asked for; without a terminal it is the first line of the input.
    """
    if sys.stdin.isatty():
        password = click.prompt("密码 Password", hide_input=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    account = accounts.authenticate(house.reader, login, password)
    if account is None:
        raise _failed("账号或密码不对。Account or password is wrong.")
    with house.reader.connect() as conn:
        if accounts.is_handed_out(conn, account):
            raise _failed("先在网页上把首次密码改掉。Change the first password on the page before.")
        seats = seats_of(conn, account, house.now().astimezone(SHANGHAI).date())
    if not seats:
        raise _failed("这个账号今天没有岗位。This account holds no seat today.")
    return next((seat for seat in seats if any(may(seat.role, action) for action in actions)), seats[0])


def allowed(house: House, login: str, action: str) -> Actor:
    """As `signed_in`, for a question that no command asks: without the action it is refused, and logged."""
    actor = signed_in(house, login, action)
    if may(actor.role, action) is None:
        log_refusal(house, actor, None, {"action": action, "detail": "role"}, house.now(), uuid4().hex)
        raise _failed(f"{login}没有可以这样做的岗位。{login} has no seat that may do this.")
    return actor


def _failed(words: str) -> SystemExit:
    click.echo(f"✘ {words}", err=True)
    return SystemExit(1)
