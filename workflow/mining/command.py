"""`mingjian export`: case histories as data for process mining."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from workflow.evidence.command import told, write_whole
from workflow.mining.handing_out import OCEL, XES, Export, hand_out
from workflow.mining.selection import Selection
from workflow.register.signing_in import AS, signed_in
from workflow.register.telling import DAY

if TYPE_CHECKING:
    from workflow.cli import Settings


@click.command("export")
@click.argument("form", metavar="FORMAT", type=click.Choice([XES, OCEL]))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.option("--reason", required=True, help="导出理由，写入日志。Why; goes into the log.")
@click.option("--from", "since", type=DAY, metavar="DAY", help="从这一天登记的起。Registered from that day.")
@click.option("--to", "until", type=DAY, metavar="DAY", help="到这一天登记的止。Registered up to that day.")
@click.option("--flow", default="", metavar="ID", help="只要这个流程的，如 ma_ordinary_county。Of one flow.")
@click.option("--township", default="", metavar="CODE", help="只要这个乡镇的，12位代码。Of one township.")
@click.option(
    "--case",
    "numbers",
    multiple=True,
    metavar="NUMBER",
    help="只要这些案件，可重复。These cases; repeatable.",
)
@click.option(
    "--identified", is_flag=True,
    help="保留案卷和人员编号、单位、准确时间和金额。With numbers, offices, exact times and amounts.",
)  # fmt: skip
@click.pass_obj
def export_command(
    settings: "Settings",
    form: str,
    out: Path,
    login: str,
    reason: str,
    since: datetime | None,
    until: datetime | None,
    flow: str,
    township: str,
    numbers: tuple[str, ...],
    identified: bool,
) -> None:
    """把办理过程导出成流程分析用的数据。Case histories as data for process mining.

    FORMAT：xes（IEEE 1849）或 ocel（OCEL 2.0，JSON）。默认换成化名：同一份文件里前后一致，
    不同文件对不上；时间到分钟，金额分档。
    Pseudonyms unless asked otherwise: the same within one file, others in the next; times to the minute,
    amounts in bands.
    """
    house = settings.house()
    actor = signed_in(house, login, "export_log")
    selection = Selection(since and since.date(), until and until.date(), flow, township, numbers)
    export, now = Export(form, selection, reason, identified), house.now()
    counted: list[int] = []
    with told(login):
        write_whole(
            out,
            lambda file: counted.append(hand_out(house, actor, export, file, now, uuid4().hex)),
        )
    click.echo(f"{counted[0]} 件案件，已写入 {out}。{counted[0]} cases, written to {out}.")
