"""`mingjian db …`: the layout of the database and who may do what in it."""

from typing import TYPE_CHECKING

import click

from workflow.store import transaction
from workflow.store.grants import NotPossible, grant
from workflow.store.migrations import upgrade

if TYPE_CHECKING:
    from workflow.cli import Settings


@click.group()
def db() -> None:
    """数据库。The database."""


@db.command("upgrade")
@click.pass_obj
def upgrade_command(settings: "Settings") -> None:
    """升级数据库结构到最新版。Bring the database to the newest layout."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    changed = upgrade(settings.url)
    click.echo("已升级到最新版。Upgraded." if changed else "已是最新版。Already newest.")


@db.command("grant")
@click.option(
    "--prefix", default="mingjian", show_default=True, help="用户名的前缀。What the names begin with."
)
@click.pass_obj
def grant_command(settings: "Settings", prefix: str) -> None:
    """建立分开的数据库用户，只给各自需要的权限（PostgreSQL）。Separate database users, each with its rights.

    用能建用户的账号连接；每次升级数据库结构以后再执行一次。密码另设。
    Connect as somebody who may create users; do it again after every upgrade. Passwords are set apart.
    """
    house = settings.house()
    try:
        with transaction(house.engine) as conn:
            names = grant(conn, prefix)
    except NotPossible as error:
        raise click.ClickException(f"没有执行。Nothing was done: {error}") from error
    for role, name in names.items():
        click.echo(f"✔ {role}: {name}")
