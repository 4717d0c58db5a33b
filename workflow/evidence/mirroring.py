"""`mingjian audit mirror`: for the inspection, on a machine of its own; needs no database."""

import json
import sys
from pathlib import Path

import click

from audit.checker.mingjian_check import NOTE, Refused, Report, read_policy
from audit.mirror import Mirror, source_reader


@click.command()
@click.argument("source")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--policy", "policy_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE", help="监督部门自己保管的策略文件。The policy that the inspection keeps itself.",
)  # fmt: skip
@click.option("--case", metavar="ID", help="看这件案件的条目是否齐全。Whether this case is complete.")
@click.option("--english", is_flag=True, help="用英文输出。Print English.")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
def mirror(
    source: str, folder: Path, policy_file: Path, case: str | None, english: bool, as_json: bool
) -> None:
    """下载整本公开日志，全部核对，留一份自己的。Download the whole published log, check all, keep a copy.

    SOURCE 是日志地址或文件夹，FOLDER 是自己的文件夹。SOURCE: address or folder of the log; FOLDER: one's own.
    """
    report = Report(source)
    try:
        policy = read_policy(policy_file.read_bytes()[: NOTE + 1])
    except Refused as error:
        report.give_up(error)
    else:
        kept = Mirror(folder, policy)
        kept.update(source_reader(source), report)
        if case:
            kept.tell_case(case, report)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        for mark, what in report.sentences():
            click.echo(f"{mark} {what.en if english else what.zh}".strip())
    sys.exit(report.status)
