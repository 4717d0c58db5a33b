"""`mingjian replay`: the recorded commands of a case, executed again."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from sqlalchemy import Connection, select

from workflow.evidence.replaying import replay_bundle
from workflow.progress import bar
from workflow.replay import Replayed, replay, replay_all
from workflow.store.models import Case

if TYPE_CHECKING:
    from workflow.cli import Settings


@click.command("replay")
@click.argument("case", required=False)
@click.option("--all", "every", is_flag=True, help="所有案件。Every case.")
@click.option(
    "--bundle",
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE",
    help="证据包，不用数据库。An evidence bundle; needs no database.",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
@click.pass_obj
def replay_command(
    settings: "Settings", case: str | None, every: bool, bundle: Path | None, as_json: bool
) -> None:
    """按记录重走案件，逐字节比对状态。Re-execute recorded commands and compare the state byte for byte.

    CASE 是案件编号（2026-0276）或内部号。CASE is a case number or id.
    """
    if bool(case) + every + bool(bundle) != 1:
        raise click.UsageError(
            "写一个案件编号，或者 --all，或者 --bundle。Name one case, or --all, or --bundle."
        )
    results: list[Replayed] = []
    with bar() as progress:
        task = progress.add_task("重放 replay", total=None)
        if bundle:
            results.append(replay_bundle(bundle))
        elif every:
            house = settings.house()
            results.extend(
                replay_all(house, lambda done, of: progress.update(task, completed=done, total=of))
            )
        else:
            house = settings.house()
            with house.reader.connect() as conn:
                results.append(replay(house, conn, find_case(conn, str(case))))
    bad = [result for result in results if result.difference]
    if as_json:
        click.echo(json.dumps([_replayed(result) for result in results], ensure_ascii=False))
    else:
        for result in bad:
            difference = result.difference
            if difference:
                said = f"{difference.what.zh} · {difference.what.en}"
                click.echo(f"✘ {result.number} #{difference.seq}: {said}")
        steps, same = sum(result.commands for result in results), len(results) - len(bad)
        click.echo(
            f"{'✘' if bad else '✔'} {len(results)} 件案件，{steps} 步，{same} 件逐字节一致。"
            f" {len(results)} cases, {steps} steps, {same} identical byte for byte."
        )
    sys.exit(1 if bad else 0)


def _replayed(result: Replayed) -> dict[str, Any]:
    difference = result.difference
    return {
        "case": str(result.case_id),
        "number": result.number,
        "entries": result.entries,
        "commands": result.commands,
        "identical": difference is None,
        "difference": difference
        and {"seq": difference.seq, "zh": difference.what.zh, "en": difference.what.en},
    }


def find_case(conn: Connection, given: str) -> UUID:
    """A case by its number or its id."""
    try:
        wanted = Case.id == UUID(given)
    except ValueError:
        wanted = Case.number == given
    found: UUID | None = conn.scalar(select(Case.id).where(wanted))
    if found is None:
        raise click.UsageError(f"没有案件 {given}。There is no case {given}.")
    return found
