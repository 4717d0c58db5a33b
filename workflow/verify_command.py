"""`mingjian audit verify`: the log from end to end, the published files and the due dates against it."""

import json
import sys
from typing import Any

import click

import audit
from audit.agreeing import agreements
from workflow.due_dates import altered
from workflow.house import House
from workflow.progress import bar


@click.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
@click.pass_obj
def verify(settings: Any, as_json: bool) -> None:
    """核对所有链、承诺和开封值，指出第一处错误；数据库、公开的文件、检查点和到期时间与日志核对。

    Check chains, commitments, openings, and name the first fault; compare database, published files and
    checkpoint; hold due dates against the log.
    """
    house: House = settings.house()
    with house.reader.connect() as conn, bar() as progress:
        chains = progress.add_task("核对 verify", total=None)
        report = audit.verify(
            conn, house.vault, lambda done, of: progress.update(chains, completed=done, total=of)
        )
        published = agreements(conn, house.home)
        dates = progress.add_task("期限 due dates", total=None)
        moved = altered(house, conn, lambda done, of: progress.update(dates, completed=done, total=of))
    ok = report.ok and not moved and all(log.ok for log in published)
    if as_json:
        found = {
            **report.as_json(),
            "ok": ok,
            "published": [log.as_json() for log in published],
            "due_dates": [one.as_json() for one in moved],
        }
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for zh, en in (*(log.sentence() for log in published), *report.sentences()):
            click.echo(f"{zh}\n    {en}")
        for one in moved:
            click.echo(f"✘ {one.number} {one.limit}：{one.what.zh}\n    {one.what.en}")
        if not moved:
            click.echo("✔ 到期时间都与日志一致。\n    Every due date is the one the log gives.")
    sys.exit(0 if ok else 1)
