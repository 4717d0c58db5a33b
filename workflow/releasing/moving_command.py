"""`mingjian migrate`: chosen cases move to released rules, after a preview; each one whole or not at all."""

import json
import sys
from typing import Any
from uuid import UUID, uuid4

import click
from sqlalchemy import Connection, select

from bpmn import Text
from workflow.cases.migrating import Preview, previews
from workflow.house import House
from workflow.progress import bar
from workflow.register.signing_in import signed_in
from workflow.register.telling import JSON
from workflow.releasing.command import Told
from workflow.releasing.moving import move, waiting
from workflow.releasing.reading import find_version
from workflow.store.models import Case


@click.command()
@click.option(
    "--to", required=True, metavar="DIGEST", help="目标版本，或 current（现行）。Version, or current."
)
@click.option(
    "--case", "numbers", multiple=True, metavar="N", help="案件编号，可重复。Case number; repeat it."
)
@click.option("--flow", help="某一流程的在办案件。Running cases of one flow.")
@click.option("--all", "every", is_flag=True, help="所有在办案件。Every running case.")
@click.option("--preview", is_flag=True, help="只看结果，不迁移。Tell what would happen; change nothing.")
@click.option("--yes", is_flag=True, help="迁移。Move them.")
@click.option("--as", "login", metavar="LOGIN", help="以谁的账号（迁移时必填）。Whose account; with --yes.")
@JSON
@click.pass_obj
def migrate(
    settings: Any,
    to: str,
    numbers: tuple[str, ...],
    flow: str | None,
    every: bool,
    preview: bool,
    yes: bool,
    login: str | None,
    as_json: bool,
) -> None:
    """把在办案件换到已放行的规则版本：先预览，再迁移。Move running cases to a released version.

    待办、期限、草稿都保留；不能迁移的说明原因，留在原版本。Open steps, dates and drafts are kept.
    """
    if preview == yes:
        raise click.UsageError("写 --preview 或 --yes。Say --preview or --yes.")
    if sum((bool(numbers), flow is not None, every)) != 1:
        raise click.UsageError("写 --case、--flow 或 --all 之一。Choose by --case, --flow or --all.")
    if yes and login is None:
        raise click.UsageError("迁移要写 --as 账号。Moving needs --as LOGIN.")
    house: House = settings.house()
    actor = signed_in(house, login, "migrate_case") if login and yes else None
    with Told(as_json), house.reader.connect() as conn:
        target = find_version(conn, to, house.now())
        cases = _chosen(conn, numbers, flow, target)
    rows = []
    with bar() as progress:
        task = progress.add_task("迁移 migrate" if yes else "预览 preview", total=len(cases))
        for found in previews(house, cases, target):
            reasons = found.reasons
            if actor is not None and not reasons:
                reasons = move(house, actor, found.case_id, target, uuid4().hex)
            rows.append((found, reasons))
            progress.advance(task)
    bad = sum(bool(reasons) for _, reasons in rows)
    if as_json:
        click.echo(
            json.dumps(
                {"to": target, "moved": yes, "cases": [_row(*row) for row in rows]}, ensure_ascii=False
            )
        )
    else:
        for row in rows:
            _say(*row)
        words = ("已迁移", "moved") if yes else ("可以迁移", "can be moved")
        click.echo(
            f"{'✘' if bad else '✔'} {len(rows)} 件，{words[0]} {len(rows) - bad} 件，不能迁移 {bad} 件。"
            f" {len(rows)} cases, {len(rows) - bad} {words[1]}, {bad} not."
        )
    sys.exit(1 if bad else 0)


def _chosen(conn: Connection, numbers: tuple[str, ...], flow: str | None, target: str) -> list[UUID]:
    """The numbers given, in their order; else the running cases under other rules, oldest first."""
    if not numbers:
        return waiting(conn, target, flow)
    known = {
        row.number: row.id
        for row in conn.execute(select(Case.number, Case.id).where(Case.number.in_(numbers)))
    }
    missing = [number for number in numbers if number not in known]
    if missing:
        raise click.UsageError(f"没有案件 {'、'.join(missing)}。There is no case {', '.join(missing)}.")
    return [known[number] for number in dict.fromkeys(numbers)]


def _row(found: Preview, reasons: tuple[Text, ...]) -> dict[str, Any]:
    return {
        "case": str(found.case_id),
        "number": found.number,
        "flow": found.flow,
        "from": found.rulebook,
        "steps": list(found.steps),
        "possible": not reasons,
        "reasons": [{"zh": reason.zh, "en": reason.en} for reason in reasons],
    }


def _say(found: Preview, reasons: tuple[Text, ...]) -> None:
    steps = "、".join(found.steps) or "—"
    click.echo(f"{'✘' if reasons else '✔'} {found.number}  {found.rulebook[:12]}  {steps}")
    for reason in reasons:
        click.echo(f"    {reason.zh}\n    {reason.en}")
