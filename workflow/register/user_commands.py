"""`mingjian user`: accounts and seats."""

import json
from datetime import date, datetime
from typing import Any

import click
from sqlalchemy import Connection, select

from workflow.register import accounts, seats
from workflow.register.staffing import recorded
from workflow.register.telling import DAY, JSON, Settings, Told, today_of
from workflow.store import transaction
from workflow.store.models import Account, Organisation, Seat


@click.group()
def user() -> None:
    """账号。Accounts."""


@user.command("list")
@click.option("--org", help="只列这个单位（代码）。Only this organisation (its code).")
@JSON
@click.pass_obj
def list_users(settings: Settings, org: str | None, as_json: bool) -> None:
    """列出账号和今天有效的岗位。List the accounts and the seats valid today."""
    house = settings.house()
    with house.reader.connect() as conn:
        found = _users(conn, today_of(house), org)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for person in found:
        held = "，".join(f"{seat['role']} {seat['organisation']}" for seat in person["seats"])
        state = "" if person["active"] else "（停用 disabled）"
        click.echo(f"{person['login']}\t{person['name']}{state}\t{held or '（没有岗位 no seat）'}")
    click.echo(f"共 {len(found)} 个账号。{len(found)} accounts.", err=True)


def _users(conn: Connection, today: date, org: str | None) -> list[dict[str, Any]]:
    names = {row.code: row.name for row in conn.execute(select(Organisation.code, Organisation.name))}
    held: dict[int, list[dict[str, str]]] = {}
    for seat in conn.execute(select(Seat.__table__).order_by(Seat.id)):
        if seat.valid_from <= today and (seat.valid_to is None or seat.valid_to >= today):
            place = {"org": seat.org, "organisation": names[seat.org], "role": seat.role}
            held.setdefault(seat.account_id, []).append(place)
    return [
        {"login": row.login, "name": row.name, "active": row.active, "seats": held.get(row.id, [])}
        for row in conn.execute(select(Account.__table__).order_by(Account.login))
        if org is None or any(seat["org"] == org for seat in held.get(row.id, []))
    ]


@user.command()
@click.argument("login")
@click.argument("name")
@click.option("--org", required=True, help="单位代码。Code of the organisation.")
@click.option("--role", required=True, help="角色代码，如 TREV。Role code, such as TREV.")
@click.option("--phone", help="电话。Telephone.")
@click.option("--from", "valid_from", type=DAY, help="生效日期（默认今天）。First day (default today).")
@click.option("--to", "valid_to", type=DAY, help="失效日期。Last day.")
@click.option(
    "--ask", is_flag=True, help="自己输入密码（默认随机生成）。Type the password (default: made up)."
)
@JSON
@click.pass_obj
def add(
    settings: Settings,
    login: str,
    name: str,
    org: str,
    role: str,
    phone: str | None,
    valid_from: datetime | None,
    valid_to: datetime | None,
    ask: bool,
    as_json: bool,
) -> None:
    """新建账号和岗位；账号已有时只加岗位。Add an account and a seat, or only a seat."""
    house = settings.house()
    with Told(as_json), transaction(house.engine) as conn, recorded(house, conn):
        known = conn.scalar(select(Account.id).where(Account.login == accounts.clean_login(login)))
        password = None
        if known is None:
            password = _ask_password() if ask else accounts.make_password()
            known = accounts.create(
                conn, login, name, at=house.now(), password=password, phone=phone, handed_out=not ask
            )
        seats.give_seat(
            conn,
            known,
            org,
            role,
            roles=house.rules().rulebook.roles,
            valid_from=valid_from.date() if valid_from else today_of(house),
            valid_to=valid_to.date() if valid_to else None,
        )
    shown = None if ask else password
    if as_json:
        click.echo(json.dumps({"login": accounts.clean_login(login), "password": shown}))
    else:
        click.echo("已建立。Done." + (f"\n初始密码 First password: {shown}" if shown else ""))


@user.command()
@click.argument("login")
@click.pass_obj
def disable(settings: Settings, login: str) -> None:
    """停用账号，已登录的立即失效。Disable an account; its sessions end at once."""
    house = settings.house()
    with transaction(house.engine) as conn, recorded(house, conn):
        accounts.set_active(conn, accounts.find(conn, login), False)
    click.echo("已停用。Disabled.")


@user.command()
@click.argument("login")
@click.pass_obj
def enable(settings: Settings, login: str) -> None:
    """重新启用账号。Enable an account again."""
    house = settings.house()
    with transaction(house.engine) as conn, recorded(house, conn):
        accounts.set_active(conn, accounts.find(conn, login), True)
    click.echo("已启用。Enabled.")


@user.command()
@click.argument("login")
@click.option(
    "--ask", is_flag=True, help="自己输入密码（默认随机生成）。Type the password (default: made up)."
)
@click.pass_obj
def password(settings: Settings, login: str, ask: bool) -> None:
    """重设密码，已登录的立即失效。Set a new password; its sessions end at once."""
    made = _ask_password() if ask else accounts.make_password()
    house = settings.house()
    with Told(False), transaction(house.engine) as conn, recorded(house, conn):
        accounts.change_password(conn, accounts.find(conn, login), made, handed_out=not ask)
    click.echo("已重设。Done." if ask else f"新密码 New password: {made}")


def _ask_password() -> str:
    typed: str = click.prompt("密码 Password", hide_input=True, confirmation_prompt=True)
    return typed
