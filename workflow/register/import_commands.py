"""`mingjian import`: tables that come from outside, every row or none."""

import csv
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection

from workflow.house import House
from workflow.register.bills import import_claims
from workflow.register.organisations import SINCE, import_units, seed_county
from workflow.register.rosters import Imported, import_rosters
from workflow.register.sheets import read_sheet
from workflow.register.staff import import_staff
from workflow.register.staffing import recorded
from workflow.register.telling import DAY, JSON, Settings, Told, today_of
from workflow.store import transaction

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
CHECK = click.option("--check", is_flag=True, help="只检查，不导入。Check only; import nothing.")


class _Rehearsed(Exception):
    """Ends a transaction that was meant to leave nothing behind."""


@click.group("import")
def import_group() -> None:
    """导入 .xlsx 或 .csv：全部导入，或一行也不导入。Import .xlsx or .csv: every row or none."""


def _run(
    settings: Settings, as_json: bool, check: bool, work: Callable[[Connection, House], dict[str, Any]]
) -> dict[str, Any]:
    """Do the work in one transaction; `check` rolls it back."""
    house = settings.house()
    done: dict[str, Any] = {}
    with Told(as_json):
        try:
            with transaction(house.engine) as conn:
                done = work(conn, house)
                if check:
                    raise _Rehearsed
        except _Rehearsed:
            pass
    return {"imported": not check, **done}


def _report(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False))
        return
    for warning in done.get("warnings", ()):
        click.echo(
            f"▲ 第{warning['row']}行 row {warning['row']} · {warning['column']}："
            f"{warning['zh']} {warning['en']}",
            err=True,
        )
    head = "已导入。Imported." if done["imported"] else "检查通过，没有导入。Checked; nothing was imported."
    figures = ", ".join(f"{key} {value}" for key, value in done.items() if type(value) is int)
    click.echo(f"{head} {figures}")


def _figures(imported: Imported) -> dict[str, Any]:
    figures = asdict(imported)
    figures["warnings"] = [
        {"row": w.row, "column": w.column, "zh": w.message.zh, "en": w.message.en} for w in imported.warnings
    ]
    return figures


@import_group.command()
@FILE
@CHECK
@JSON
@click.pass_obj
def rosters(settings: Settings, file: Path, check: bool, as_json: bool) -> None:
    """救助对象花名册。Rosters of categories.

    必填列 Required: 公民身份号码, 姓名, 类别, 认定部门, 生效日期。新人还要 For somebody new: 村。
    """

    def work(conn: Connection, house: House) -> dict[str, Any]:
        names = house.rules().categories
        return _figures(import_rosters(conn, read_sheet(file), categories=names, at=house.now()))

    _report(_run(settings, as_json, check, work), as_json)


@import_group.command()
@FILE
@CHECK
@JSON
@click.pass_obj
def claims(settings: Settings, file: Path, check: bool, as_json: bool) -> None:
    """已结算的医疗费用。Settled bills.

    必填列 Required: 公民身份号码, 姓名, 医院, 发票号, 类型, 入院日期, 结算日期, 医疗总费用, 目录外费用,
    基本医保支付, 大病保险支付。
    """

    def work(conn: Connection, house: House) -> dict[str, Any]:
        return _figures(
            import_claims(conn, read_sheet(file), kinds=house.rules().kinds, today=today_of(house))
        )

    _report(_run(settings, as_json, check, work), as_json)


@import_group.command()
@FILE
@click.option(
    "--passwords",
    type=click.Path(dir_okay=False, path_type=Path),
    help="初始密码写入新文件（默认显示在屏幕上）。First passwords go to this new file.",
)
@CHECK
@JSON
@click.pass_obj
def staff(settings: Settings, file: Path, passwords: Path | None, check: bool, as_json: bool) -> None:
    """工作人员、账号和岗位。Staff: accounts and seats.

    必填列 Required: 登录名, 姓名, 单位, 岗位, 生效日期。
    """
    if passwords is not None and passwords.exists():
        raise click.UsageError(f"{passwords} 已经存在。{passwords} is there already.")
    made: dict[str, str] = {}

    def work(conn: Connection, house: House) -> dict[str, Any]:
        sheet = read_sheet(file)
        with recorded(house, conn), Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("账号 accounts", total=None)
            result = import_staff(
                conn,
                sheet,
                roles=house.rules().rulebook.roles,
                at=house.now(),
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
        made.update(result.passwords)
        if passwords is not None and not check:
            # Before the commit: an account nobody knows the password of would be of no use.
            _write_passwords(passwords, made)
        return {"rows": result.rows, "accounts": result.accounts, "seats": result.seats}

    done = _run(settings, as_json, check, work)
    if passwords is None and not check and as_json:
        done["passwords"] = made
    _report(done, as_json)
    if passwords is None and not check and not as_json:
        for login, first in made.items():
            click.echo(f"{login}\t{first}")


def _write_passwords(path: Path, made: dict[str, str]) -> None:
    """Readable by the owner only."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["登录名", "初始密码"])
        writer.writerows(made.items())


@import_group.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", type=DAY, help="这些单位从哪天起有效。The day from which the units are valid.")
@CHECK
@JSON
@click.pass_obj
def organisations(
    settings: Settings, file: Path | None, since: datetime | None, check: bool, as_json: bool
) -> None:
    """县、乡镇、村名单；不写文件时用安福县。Divisions of a county; without a file, Anfu."""

    def work(conn: Connection, house: House) -> dict[str, Any]:
        day = since.date() if since else SINCE
        if file is None:
            return {"added": seed_county(conn, since=day)}
        return {"added": import_units(conn, read_sheet(file), since=day)}

    _report(_run(settings, as_json, check, work), as_json)
