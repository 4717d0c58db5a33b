"""`mingjian simulate`: a county-year through the real services, judged by its alerts or with abuses in it."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from workflow.alerts.recipients import LEVEL_NAMES
from workflow.bench.databases import fresh
from workflow.demo.hands import Simulated
from workflow.house import open_house, wall_clock
from workflow.progress import bar
from workflow.simulation.abuses.planting import Ground
from workflow.simulation.abuses.planting import live as plant
from workflow.simulation.judge import judge
from workflow.simulation.punctuality import Punctuality, punctuality, whole
from workflow.simulation.throw_away import never_wait_for_the_disk
from workflow.simulation.verdict import Verdict
from workflow.simulation.year import SEED, Lived, Plan, live

WIDTH = 130
COLUMNS = (
    "准时\non time", "办结\ndone", "超期\nlate", "未办\nopen", "已过期\npast", "中位\nmedian", "九成\nP90",
)  # fmt: skip
SHOWN = 20  # faults told one by one


@click.command()
@click.option(
    "--cases", default=2_000, show_default=True, type=click.IntRange(1), help="案件数。How many cases."
)
@click.option("--seed", default=SEED, show_default=True, help="随机种子。Seed of the invented data.")
@click.option(
    "--json", "to", metavar="FILE|-",
    help="结果写成 JSON，- 为标准输出。Results as JSON, - is stdout.",
)  # fmt: skip
@click.option(
    "--database-postgresql", "server", metavar="URL",
    help="在这台 PostgreSQL 的临时库里做。In a throw-away database of this PostgreSQL.",
)  # fmt: skip
@click.option(
    "--abuses", is_flag=True,
    help="不核对提醒，在诚实的案件中按指标文件埋入各种违规。Plant abuses among honest cases instead.",
)  # fmt: skip
@click.option(
    "--manifest", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="埋入了什么，写成 JSON。What was planted, as JSON.",
)  # fmt: skip
@click.option(
    "--keep", metavar="HOME", type=click.Path(file_okay=False, path_type=Path),
    help="留下这个县，供检查使用；文件夹须为空。Leave the county there, for inspection; an empty folder.",
)  # fmt: skip
def simulate(
    cases: int, seed: int, to: str | None, server: str | None, abuses: bool, manifest: Path | None,
    keep: Path | None,
) -> None:  # fmt: skip
    """模拟一个县的2026年，再逐日核对每一次期限提醒。Simulate a county's 2026 and judge each alert.

    有人办得慢，有人请假忘了交接，有人指定了代班，督办人员给一部分期限延期。Officers are slow, or away and
    forgetful; others name who stands in; supervisors extend some limits.

    退出状态：0 提醒一次不多、一次不少，1 有差错。Exit status: 0 no alert too many or too few, 1 otherwise.
    """
    if abuses:
        _plant(Ground(cases, seed=seed), manifest, keep, server)
        return
    if manifest is not None or keep is not None:
        raise click.UsageError("--manifest, --keep: 只和 --abuses 一起用。Only together with --abuses.")
    plan = Plan(cases, seed=seed)
    console = Console(stderr=to == "-", width=None if sys.stdout.isatty() else WIDTH)
    with fresh(server) as place:
        with _progress() as told:
            clock = Simulated(wall_clock())
            house = open_house(place.url, place.home, now=clock)
            never_wait_for_the_disk(house)
            try:
                lived = live(house, plan, clock, told("全县一年 the year"))
                verdict = judge(house, lived.rounds, plan.end, told("逐日核对 the judge"))
                with house.reader.connect() as conn:
                    steps = punctuality(conn, plan.end)
            finally:
                house.close()
        console.print(_table(steps))  # before the thousands of papers are deleted, which takes its time
        console.print(_sums(verdict, lived), soft_wrap=True)
        if to is not None:
            lines = [step.as_json() for step in steps]
            _write(to, {"cases": cases, "seed": seed, "commands": lived.commands, "leaves": lived.leaves,
                        "verdict": verdict.as_json(), "steps": lines})  # fmt: skip
    for fault in verdict.faults[:SHOWN]:
        click.echo(f"✘ {fault.number} {fault.limit}: {fault.what.zh} · {fault.what.en}", err=True)
    sys.exit(1 if verdict.faults else 0)


def _plant(ground: Ground, manifest: Path | None, keep: Path | None, server: str | None) -> None:
    """Live a year with abuses in it, and say what was planted. Exit status 1 if a planting failed."""
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.UsageError(f"{keep}: 文件夹不是空的。The folder is not empty.")
    with fresh(server) as place, _progress() as told:
        url, home = (place.url, place.home) if keep is None else (None, keep)
        clock = Simulated(wall_clock())
        house = open_house(url, home, now=clock)
        try:
            lived = plant(house, ground, clock, told("全县一年 the year"))
        finally:
            house.close()
    if manifest is not None:
        lived.manifest.write(manifest)
    planted = lived.manifest.planted
    abuses, near = sum(not one.near for one in planted), sum(one.near for one in planted)
    honest, rules = lived.manifest.honest, len({one.rule for one in planted if not one.near})
    click.echo(
        f"{lived.manifest.cases} 件案件，其中诚实的 {honest} 件，{lived.commands} 次操作；"
        f"埋入 {rules} 类违规 {abuses} 处，擦边而不违规的 {near} 处。"
    )
    click.echo(
        f"{lived.manifest.cases} cases, {honest} of them honest, {lived.commands} commands; "
        f"{abuses} abuses of {rules} rules planted, {near} near-misses."
    )
    for failed in lived.failed:
        click.echo(f"✘ {failed}", err=True)
    sys.exit(1 if lived.failed else 0)


@contextmanager
def _progress() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    with bar() as progress:

        def told(name: str) -> Callable[[int, int], None]:
            task = progress.add_task(name, total=None)
            return lambda done, of: progress.update(task, completed=done, total=of)

        yield told


def _table(steps: Sequence[Punctuality]) -> Table:
    """Narrow enough for a terminal of eighty columns; times in hours."""
    table = Table(
        title="各环节准时情况，最差的在前 · punctuality by step, the worst first",
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip
    table.add_column("环节\nstep", no_wrap=True)
    table.add_column("时限\nlimit", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for step in steps:
        table.add_row(
            step.name, step.limit, f"{step.on_time:.1%}", str(step.done), str(step.late), str(step.open),
            str(step.open_late), f"{step.median_hours:.0f} h", f"{step.p90_hours:.0f} h",
        )  # fmt: skip
    done, late, waiting, late_still = (
        str(sum(getattr(step, name) for step in steps)) for name in ("done", "late", "open", "open_late")
    )
    table.add_section()
    table.add_row("合计 all", "", f"{whole(steps):.1%}", done, late, waiting, late_still, "", "")
    return table


def _sums(verdict: Verdict, lived: Lived) -> str:
    raised = {name: verdict.raised[level] for level, name in LEVEL_NAMES.items()}
    zh = "，".join(f"{name.zh} {number}" for name, number in raised.items())
    en = "; ".join(f"{number} {name.en.lower()}" for name, number in raised.items())
    return (
        f"{verdict.cases} 件案件，{lived.commands} 次操作，{verdict.limits} 个时限，"
        f"其中延期 {verdict.extended} 个，超期 {verdict.overdue} 个。\n"
        f"提醒：{zh}。{lived.leaves} 次请假有人代班，其间应通知代班人员 {verdict.stood_in} 次；"
        f"改派 {verdict.handed_over} 次。"
        f"差错 {len(verdict.faults)} 处。\n"
        f"{verdict.cases} cases, {lived.commands} commands, {verdict.limits} limits, "
        f"{verdict.extended} of them extended, {verdict.overdue} ran out.\n"
        f"Alerts: {en}. {lived.leaves} leaves with a substitute, "
        f"who had to be told {verdict.stood_in} times; {verdict.handed_over} steps handed over. "
        f"{len(verdict.faults)} faults."
    )


def _write(to: str, results: dict[str, Any]) -> None:
    text = json.dumps(results, ensure_ascii=False, indent=1)
    if to == "-":
        click.echo(text)
    else:
        Path(to).write_text(text + "\n", encoding="utf-8")
