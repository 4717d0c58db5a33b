"""`mingjian erase` and `mingjian retention`: the same as the pages, for whoever works at the machine."""

import json
from typing import Any
from uuid import uuid4

import click
from sqlalchemy import select

from audit.erasing import may_destroy
from workflow.deadlines import SHANGHAI
from workflow.erasure_commands import ConfirmErasure, ErasureCommand, ProposeErasure, RefuseErasure
from workflow.finishing_erasures import Finished, finish_all, queue
from workflow.handle import handle
from workflow.house import House
from workflow.register.signing_in import AS, signed_in
from workflow.register.telling import JSON
from workflow.releasing.command import Told
from workflow.replay_command import find_case
from workflow.retention import look, run_retention
from workflow.store.models import Case, Erasure


@click.command()
@click.argument("case")
@click.option("--basis", metavar="ID", help="提出删除：法律依据。Propose: the legal basis.")
@click.option("--confirm", is_flag=True, help="另一人确认，立即删除。Another person confirms: it is erased.")
@click.option("--refuse", is_flag=True, help="不同意，或者撤回。Refuse, or take back.")
@click.option("--reason", default="", help="理由，写入日志。Why; goes into the log.")
@AS
@JSON
@click.pass_obj
def erase(
    settings: Any, case: str, basis: str | None, confirm: bool, refuse: bool, reason: str, login: str,
    as_json: bool,
) -> None:  # fmt: skip
    """删除一件案卷的个人信息：一人提出，另一人确认。Erase a case's personal data: two people.

    CASE 是案件编号或内部号。CASE is a case number or id.
    """
    if (basis is not None) + confirm + refuse != 1:
        raise click.UsageError("写 --basis、--confirm 或 --refuse 之一。Say --basis, --confirm or --refuse.")
    house: House = settings.house()
    actor = signed_in(house, login, "decide_erasure", "propose_erasure")
    with Told(as_json):
        with house.reader.connect() as conn:
            case_id = find_case(conn, case)
            waiting = select(Erasure.id).where(Erasure.case_id == case_id, Erasure.state == "open")
            number = conn.scalar(waiting) or 0
        command: ErasureCommand = ProposeErasure(case_id, basis or "", reason)
        if confirm:
            command = ConfirmErasure(case_id, number)
        elif refuse:
            command = RefuseErasure(case_id, number, reason)
        done = handle(house, actor, command, at=house.now(), request_id=uuid4().hex)
    with house.reader.connect() as conn:
        erased = conn.scalar(select(Case.erased_at).where(Case.id == case_id)) is not None
    if as_json:
        told = {"done": True, "erased": erased, "case": done.number, "entry": done.seq}
        click.echo(json.dumps(told))
        return
    zh, en = {
        ProposeErasure: ("已提出，等另一人确认", "proposed; another person has to confirm"),
        ConfirmErasure: ("个人信息已删除", "the personal data are erased")
        if erased
        else ("已确认，等待 mingjian_eraser 执行", "confirmed; waits for mingjian_eraser"),
        RefuseErasure: ("没有删除", "nothing was erased"),
    }[type(command)]
    click.echo(f"✔ {done.number} {zh}（日志第{done.seq + 1}条）：{en} (entry {done.seq + 1})")


@click.command("erasures")
@click.option("--finish", is_flag=True, help="现在执行。Carry them out now.")
@JSON
@click.pass_obj
def erasures(settings: Any, finish: bool, as_json: bool) -> None:
    """两人已同意、还没有执行的删除：看队列，或者执行。What was confirmed and not erased yet: look, or erase.

    数据库分用户时，要用有删除权的用户（mingjian_eraser）执行。Where database users are separate, it takes the
    user who may delete (mingjian_eraser).
    """
    house: House = settings.house()
    with house.reader.connect() as conn:
        waiting, able = queue(conn), may_destroy(conn)
    if finish and waiting and not able:
        raise click.ClickException(
            "这个数据库用户不能删除，请用 mingjian_eraser。This user may not delete: use mingjian_eraser."
        )
    done = finish_all(house, house.now()) if finish else Finished((), ())
    if as_json:
        left = [{"case": one.number, "reason": why.message.en} for one, why in done.left]
        erased = [one.number for one in done.done]
        click.echo(json.dumps({"waiting": len(waiting), "done": erased, "left": left}))
    else:
        for one in () if finish else waiting:
            since = one.since.astimezone(SHANGHAI).isoformat(" ", "minutes") if one.since else ""
            click.echo(f"{one.place}. {one.number}，{since} 确认 confirmed")
        for one in done.done:
            click.echo(f"✔ {one.number} 个人信息已删除 the personal data are erased")
        for one, why in done.left:
            click.echo(f"✘ {one.number} {why.message.zh} {why.message.en}")
        if not waiting:
            click.echo("没有等待执行的删除。Nothing waits to be erased.")
    if done.left:
        raise SystemExit(1)


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="只看，不动。Look; change nothing.")
@JSON
@click.pass_obj
def retention(settings: Any, dry_run: bool, as_json: bool) -> None:
    """保存期满的资料：预览，或者现在处理（后台每天处理一次）。What was kept long enough: look, or act now.

    案卷期满只提醒档案人员；删除个人信息由两人决定。Of cases the archive is told; erasing takes two people.
    """
    house: House = settings.house()
    at = house.now()
    with house.reader.connect() as conn:
        found = look(conn, house.retention(), at)
    done = 0 if dry_run else run_retention(house, at)
    if as_json:
        rows = [
            {"what": one.kept.id, "years": one.kept.years, "then": one.kept.then, "count": one.count,
             "before": one.before and one.before.isoformat()}
            for one in found
        ]  # fmt: skip
        click.echo(
            json.dumps({"day": at.astimezone(SHANGHAI).date().isoformat(), "kept": rows, "done": done})
        )
        return
    for one in found:
        kept = one.kept
        zh = f"保存{kept.years}年" if kept.years is not None else "永久保存"
        en = f"{kept.years} years" if kept.years is not None else "for ever"
        over = "" if kept.then == "keep" else f"，期满 {one.count}（早于 {one.before}）"
        click.echo(f"{kept.name.zh}：{zh}{over}\n    {kept.name.en}: {en}, over: {one.count}")
    if not dry_run:
        click.echo(f"✔ 已处理 {done} 项。Done: {done}.")
