"""`mingjian amount`: claims from JSON lines, results as JSON lines."""

import json
import sys
from pathlib import Path
from typing import BinaryIO

import click

from workflow.amounts.lines import amount_lines
from workflow.amounts.model import Policy
from workflow.amounts.read import packaged, read_folder
from workflow.amounts.refusals import PolicyRefused
from workflow.amounts.vocabulary import DATA

PROGRESS_EVERY = 10_000


@click.command("amount", short_help="计算救助金额。Compute amounts of aid.")
@click.option(
    "--policy",
    "names",
    required=True,
    multiple=True,
    metavar="SET",
    help="政策集的编号（如 plan-2026）或文件夹；写几个即求各部门的最优顺序"
    " / Policy set: its id (plan-2026) or a folder; several give the best order over the departments",
)
@click.argument("file", type=click.File("rb"))
@click.pass_context
def amount(context: click.Context, names: tuple[str, ...], file: BinaryIO) -> None:
    """计算救助金额：每行一笔费用（JSON），每行一个结果；FILE 为 - 时读标准输入。

    Compute amounts of aid: one claim per line (JSON) in, one result per line out; FILE may be -.

    \b
    必填 / required: T O B S M R (文字金额 / amounts as text), categories, kind, admitted, settled, birth
    可选 / optional: earlier [{P, paid, kind}], income, reading, serious_illness_settled, id,
    merge_decision (合并使用限额 / limits used together), persons (救助覆盖人数 / people a grant covers)
    几个政策集时 / with several sets: earlier [{P, paid, kind, policy}]
    临时救助、资助参保的 T 是申请金额、应缴保费 / T is the sum asked for, or the premium

    退出码 0：全部算出；1：有的行不能计算（该行写明原因）；2：政策集有错。
    Exit status 0: all computed; 1: some lines refused (the reason stands in their place); 2: bad policy set.
    """
    policies = [_policy(name) for name in names]
    out = sys.stdout.buffer  # UTF-8 whatever the locale says
    refused = 0
    for done, answer in enumerate(amount_lines(policies, file), start=1):
        refused += "error" in answer
        out.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        if done % PROGRESS_EVERY == 0:
            click.echo(f"{done} 行 / lines …", err=True)
    out.flush()
    if refused:
        click.echo(f"{refused} 行未能计算 / lines refused", err=True)
        context.exit(1)


def _policy(name: str) -> Policy:
    """The packaged set of that id, or else the folder of that name."""
    known = packaged()
    folder = DATA / "policies" / name if name in known else Path(name)
    if not folder.is_dir():
        ids = ", ".join(known)
        raise click.BadParameter(
            f"没有政策集“{name}”；现有：{ids} / no policy set {name!r}; there are: {ids}",
            param_hint="--policy",
        )
    try:
        return read_folder(folder)
    except PolicyRefused as error:
        for each in error.faults:
            click.echo(str(each), err=True)
        raise click.BadParameter(
            f"政策集有{len(error.faults)}处错误 / {len(error.faults)} faults in the policy set",
            param_hint="--policy",
        ) from error
