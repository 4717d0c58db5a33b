"""`mingjian flags`: run the red flags over the whole county, or see whether their files are sound.

Exit status: 0 done, 1 a rule is faulty, 2 the call itself was wrong.
"""

import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.progress import TaskID
from rich.table import Table

from workflow.flags.checking import Rules, rules_of
from workflow.flags.keeping import Outcome, run
from workflow.progress import bar


@click.group("flags")
def flags_group() -> None:
    """红旗规则。Red flags."""


@flags_group.command("run")
@click.option("--rule", "only", multiple=True, metavar="RF-xx", help="只运行这条规则。Only this rule.")
@click.option("--keep-facts", is_flag=True, help="不重新生成数据。Read the facts there are.")
@click.option("--json", "as_json", is_flag=True, help="结果写成 JSON。Results as JSON.")
@click.pass_obj
def run_command(settings: Any, only: tuple[str, ...], keep_facts: bool, as_json: bool) -> None:
    """对全县案件运行红旗规则。Run the red flags over all cases of the county."""
    house = settings.house()
    rules = rules_of(house.home)
    _tell_faults(rules)
    for name in only:
        if name not in rules.rules:
            raise click.BadParameter(
                f"没有这条规则，或者文件有错。No such rule, or its file is faulty: {name}"
            )
    with bar() as progress:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, of: int) -> None:
            name = "核查数据 facts" if what == "facts" else "红旗规则 rules"
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=of)
            progress.update(tasks[name], completed=done, total=of)

        outcome = run(house, house.now(), only=only, rebuild=not keep_facts, progress=told)
    if outcome is not None:
        _show(outcome, as_json)
        sys.exit(1 if rules.faults or any(one.fault for one in outcome.asked.values()) else 0)


@flags_group.command("check")
@click.pass_obj
def check_command(settings: Any) -> None:
    """核对规则文件。See whether the files of the rules are sound."""
    rules = rules_of(settings.home)
    _tell_faults(rules)
    click.echo(f"{len(rules.rules)} 条规则可用。{len(rules.rules)} rules can be used.")
    sys.exit(1 if rules.faults else 0)


def _tell_faults(rules: Rules) -> None:
    for fault in rules.faults:
        click.echo(f"✘ {fault.file} · {fault.element}: {fault.reason.zh} · {fault.reason.en}", err=True)


def _show(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        rows = {
            name: {
                "seconds": round(one.seconds, 3),
                "fault": one.fault,
                "flags": [
                    {"id": f.id, "part": f.part, "case": f.case_id and f.case_id.hex, "subject": f.subject,
                     "severity": f.severity, "evidence": f.evidence}
                    for f in one.found.values()
                ],
            }
            for name, one in outcome.asked.items()
        }  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table()
    for name in ("规则 rule", "名称 name", "级别", "红旗 flags", "秒 s", "问题 fault"):
        table.add_column(name)
    for name, one in outcome.asked.items():
        rule = outcome.rules.rules[name]
        table.add_row(
            name, rule.name.zh, rule.severity, str(len(one.found)) if rule.parts else "—",
            f"{one.seconds:.2f}", one.fault or "",
        )  # fmt: skip
    Console().print(table)
    new = "，".join(f"{severity} {number}" for severity, number in sorted(outcome.new.items())) or "0"
    click.echo(f"共 {outcome.found} 面红旗，新增 {new}。{outcome.found} flags, new: {new}.")
