"""`mingjian run …`: the runs that find people who never applied."""

import json
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from workflow.runs import apply_free, early_warning

RUNS = {"apply-free": apply_free, "early-warning": early_warning}


@click.command("run")
@click.argument("which", type=click.Choice(sorted(RUNS)))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
@click.pass_obj
def run_command(settings: Any, which: str, as_json: bool) -> None:
    """触发免申即享，或做每月高额费用比对。Trigger apply-free aid, or the monthly check of high costs."""
    house = settings.house()
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(which, total=None)
        found = RUNS[which](house, house.now(), lambda done, of: bar.update(task, completed=done, total=of))
    if as_json:
        told = {"looked_at": found.looked_at, "opened": found.opened, "nothing_due": found.nothing_due,
                "refused": [{"bill": bill, "reason": why.en} for bill, why in found.refused]}  # fmt: skip
        click.echo(json.dumps(told))
        return
    click.echo(f"查看{found.looked_at}项，新开案件{found.opened}件，其余{found.nothing_due}项不需要办理。")
    click.echo(
        f"{found.looked_at} looked at, {found.opened} cases opened, nothing due for {found.nothing_due}."
    )
    for bill, why in found.refused:
        click.echo(f"单据{bill}要人工处理：{why.zh} Bill {bill} needs a person: {why.en}")
