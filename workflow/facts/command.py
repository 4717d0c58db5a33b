"""`mingjian facts`: what the tables are called that the SQL of a red flag reads."""

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from workflow.facts.building import build
from workflow.facts.schema import tables
from workflow.progress import bar


@click.command("facts")
@click.option("--describe", metavar="TABLE|all", help="说明数据表和各列。Tell what tables and columns mean.")
@click.pass_obj
def facts_command(settings: Any, describe: str | None) -> None:
    """生成核查用的数据表，或说明它们。Build the tables that red flags read, or tell what they mean."""
    if describe is not None:
        _describe(describe)
        return
    house = settings.house()
    with bar() as progress:
        task = progress.add_task("核查数据 facts", total=None)
        built = build(house, house.now(), lambda done, of: progress.update(task, completed=done, total=of))
    click.echo(f"{built.cases} 件案件，{built.entries} 条日志。")
    click.echo(f"{built.cases} cases, {built.entries} entries of the log.")


def _describe(wanted: str) -> None:
    known = tables()
    if wanted != "all" and wanted not in known:
        raise click.BadParameter(f"没有这张表。No such table: {wanted}. {', '.join(known)}")
    for each in known.values() if wanted == "all" else (known[wanted],):
        shown = Table(title=f"{each.name} · {each.about.zh} · {each.about.en}", title_justify="left")
        for name in ("列 column", "类型 type", "中文", "English"):
            shown.add_column(name)
        for column in each.columns.values():
            shown.add_row(column.name, column.kind, column.about.zh, column.about.en)
        Console().print(shown)
