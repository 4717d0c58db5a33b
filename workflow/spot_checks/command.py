"""`mingjian spot-check draw`: draw a sample, or repeat one that was drawn."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from sqlalchemy import select

from workflow.errors import WorkflowError
from workflow.handle import handle
from workflow.house import House
from workflow.register.signing_in import signed_in
from workflow.spot_check_commands import DrawSpotCheck
from workflow.spot_checks.verifying import Verified, verify_plan
from workflow.store.models import SpotCheck


@click.group("spot-check")
def spot_check() -> None:
    """抽查。Spot checks."""


@spot_check.command("draw")
@click.argument("plan", type=int)
@click.option("--verify", "only", is_flag=True, help="只核对，不抽取。Repeat it, change nothing.")
@click.option("--as", "login", metavar="LOGIN", help="以谁的账号抽取。Whose account draws.")
@click.option("--word", help="制定计划时登记的口令。The word that the plan has committed to.")
@click.option(
    "--frame",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="把案件名单写成文件。Write the frame to a file.",
)
@click.pass_obj
def draw_command(
    settings: Any, plan: int, only: bool, login: str | None, word: str | None, frame: Path | None
) -> None:
    """抽取，或者核对一次抽查。Draw the sample of a plan, or repeat it from the published log.

    PLAN 是抽查计划的编号。PLAN is the number of the plan.
    """
    if not only and not (login and word):
        raise click.UsageError("抽取写 --as 和 --word；只核对写 --verify。Say --as and --word, or --verify.")
    house: House = settings.house()
    try:
        if not only:
            actor = signed_in(house, str(login), "run_spot_check")
            command = DrawSpotCheck(plan, str(word))
            handle(house, actor, command, at=house.now(), request_id=uuid4().hex)
        with house.reader.connect() as conn:
            if frame is not None:
                frame.write_bytes(conn.scalar(select(SpotCheck.frame).where(SpotCheck.id == plan)) or b"")
            found = verify_plan(house, conn, plan)
    except WorkflowError as refused:
        raise click.UsageError(f"{refused.message.zh} {refused.message.en}") from refused
    _tell(found)
    if not found.ok:
        raise SystemExit(1)


def _tell(found: Verified) -> None:
    facts = found.facts
    click.echo(f"名单 frame sha256 {facts['frame']}")
    where = f"day {facts['on']}" if "on" in facts else f"entry {facts['size']}"
    click.echo(f"种子位置 seed at {where} of {facts['origin']}")
    for one in found.sample:
        click.echo(f"{one.place:>4}  {one.stratum:<12}  {one.case}")
    for fault in found.faults:
        click.echo(f"✘ {fault.zh} {fault.en}", err=True)
    if found.ok:
        words = ("抽取的结果相符。The sample comes out the same.", "还没有抽取。Not drawn yet.")
        click.echo(f"✔ {words[0] if found.drawn else words[1]}")
