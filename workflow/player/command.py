"""`mingjian inspect bundle`: a case from its evidence bundle, step by step; needs no database."""

import sys
from pathlib import Path

import click

from audit.checker.mingjian_check import NOTE, Policy, Refused, read_policy
from workflow.evidence.replaying import BundleRefused
from workflow.player.from_bundle import record_of_bundle
from workflow.player.telling import lines_of


@click.group("inspect")
def inspect_group() -> None:
    """监督检查用，不需要数据库。For an inspection; needs no database."""


@inspect_group.command("bundle")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--policy", "policy_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="监督部门自己保管的策略文件。The policy that the inspection keeps itself.",
)  # fmt: skip
@click.option("--english", is_flag=True, help="用英文输出。Print English.")
def bundle(file: Path, policy_file: Path | None, english: bool) -> None:
    """一条一条重走证据包里的案件，写出办理经过。Run the case of a bundle again, entry by entry, and tell it.

    FILE 是证据包。退出状态：0 全部相符，1 有不符，2 读不出来。Exit status: 0 sound, 1 not, 2 unreadable.
    """
    language = "en" if english else "zh"
    try:
        found = record_of_bundle(file, _policy(policy_file))
    except BundleRefused as refused:
        click.echo(f"✘ {refused.message(language)}")
        sys.exit(2)
    for mark, what in found.report.sentences():
        click.echo(f"{mark} {what.en if english else what.zh}".strip())
    click.echo()
    for line in lines_of(found.record, language):
        click.echo(line)
    sound = all(frame.verdict.sound and frame.linked for frame in found.record.film.frames)
    sys.exit(0 if sound and not found.report.counts["bad"] else 1)


def _policy(file: Path | None) -> Policy | None:
    if file is None:
        return None
    try:
        return read_policy(file.read_bytes()[: NOTE + 1])
    except Refused as error:
        raise click.UsageError(f"{error.what.zh} {error.what.en}") from error
