"""`mingjian demo`: build the demonstration county and print who can sign in."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from workflow.demo.county import RECORD, build
from workflow.demo.staff import PASSWORD
from workflow.flags.keeping import run
from workflow.progress import bar

SHOWN = ("vlia1", "vhead1", "twin1", "trev1", "tlead1", "chnd", "cchk", "capr", "fin1", "fin2", "arch",
         "sup1", "sup-msb", "insp", "adm", "adm2")  # fmt: skip


@click.command()
@click.option("--cases", default=300, show_default=True, help="案件数。How many cases.")
@click.option("--seed", default=20261122, show_default=True, help="随机种子。Seed of the invented data.")
@click.option("--who", is_flag=True, help="只列出可以登录的账号。Only say who can sign in.")
@click.pass_obj
def demo(settings: Any, cases: int, seed: int, who: bool) -> None:
    """建一个演示县：虚构的人，真实的流程。Build a demonstration county: invented people, real services."""
    if who:
        show_accounts(settings.home)
        return
    house = settings.house()
    with bar() as progress:
        task = progress.add_task("演示县 demonstration county", total=None)
        built = build(house, cases, seed, lambda done, of: progress.update(task, completed=done, total=of))
        task = progress.add_task("红旗和指标的数据 facts and red flags", total=None)
        run(
            house,
            house.now(),
            progress=lambda what, done, of: progress.update(task, completed=done, total=of),
        )
    click.echo(f"{built.cases} 件案件，{built.commands} 次操作。")
    click.echo(f"{built.cases} cases, {built.commands} commands.")
    show_accounts(house.home)


def show_accounts(home: Path) -> None:
    """A table of the accounts worth trying first, from the record that the building left."""
    record = json.loads((home / RECORD).read_text(encoding="utf-8"))
    table = Table(title="可以登录的账号 · who can sign in")
    for column in ("账号 login", "姓名 name", "岗位 role", "单位 office"):
        table.add_column(column)
    accounts = {account["login"]: account for account in record["accounts"]}
    for login in SHOWN:
        if login in accounts:
            account = accounts[login]
            table.add_row(login, account["name"], account["role"], account["org"])
    Console().print(table)
    click.echo(f"密码都是 {PASSWORD}（演示数据）。Password of all (demonstration data).")
