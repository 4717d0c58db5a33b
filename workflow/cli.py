"""One program, `mingjian`. Every command has help in both languages and an exit status that means something:
0 done, 1 done and something is wrong (a fault found, a row refused), 2 the call itself was wrong.
"""

import json
import sys
from collections.abc import Callable
from functools import wraps
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from sqlalchemy import select

from audit.witness.command import witness
from bpmn import RulebookError
from bpmn.rulebook import DATA, SUFFIXES
from workflow.alerts.command import channels_group
from workflow.amounts.command import amount
from workflow.calendar_command import calendar_group
from workflow.demo.command import demo
from workflow.engine.lint import Fault, examine_folder
from workflow.erasing_command import erase, erasures, retention
from workflow.errors import WorkflowError
from workflow.evidence.command import bundle as bundle_command
from workflow.evidence.mirroring import mirror
from workflow.evidence.replaying import replay_bundle
from workflow.facts.command import facts_command
from workflow.flags.checking import check as check_flags
from workflow.flags.command import flags_group
from workflow.house import House, database_url, default_home, open_house
from workflow.log_commands import keys, policy, recover_command, sequence_command, status
from workflow.mining.command import export_command
from workflow.player.command import inspect_group
from workflow.progress import bar
from workflow.register.commands import import_group, user
from workflow.releasing.command import rules
from workflow.releasing.moving_command import migrate
from workflow.releasing.telling import console_words
from workflow.replay import Replayed, replay, replay_all
from workflow.rules import policy_faults
from workflow.run_commands import run_command
from workflow.simulation.command import simulate
from workflow.spot_checks.command import spot_check
from workflow.store.command import db
from workflow.store.models import Case
from workflow.verify_command import verify

stderr = Console(stderr=True)


class Program(click.Group):
    """Also finds commands of other packages (`serve` comes with the pages)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(point.name for point in self._points())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for point in self._points():
            if point.name == cmd_name:
                command: click.Command = point.load()
                return command
        return None

    @staticmethod
    def _points() -> Any:
        return entry_points(group="mingjian.commands")


class Settings:
    """Where the product lives; the house is opened only by commands that need it."""

    def __init__(self, database: str | None, home: Path | None) -> None:
        self.database, self.home = database, home or default_home()
        self._house: House | None = None

    @property
    def url(self) -> str:
        return database_url(self.database, self.home)

    def house(self) -> House:
        if self._house is None:
            self._house = open_house(self.database, self.home)
            click.get_current_context().find_root().call_on_close(self._house.close)
            for line in console_words(self._house):
                click.echo(line, err=True)
        return self._house


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--database",
    metavar="URL",
    help="数据库地址（默认：数据目录里的 SQLite）。Database (default: SQLite in the home folder).",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="数据目录（默认 ~/.mingjian）。Home folder (default ~/.mingjian).",
)
@click.pass_context
def mingjian(context: click.Context, database: str | None, home: Path | None) -> None:
    """明鉴：医疗救助流程与案卷。Mingjian: case management for medical assistance."""
    context.obj = Settings(database, home)


@mingjian.command()
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
    settings: Settings, case: str | None, every: bool, bundle: Path | None, as_json: bool
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


mingjian.add_command(replay_command, "replay")


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


def find_case(conn: Any, given: str) -> UUID:
    """A case by its number or its id."""
    try:
        wanted = Case.id == UUID(given)
    except ValueError:
        wanted = Case.number == given
    found: UUID | None = conn.scalar(select(Case.id).where(wanted))
    if found is None:
        raise click.UsageError(f"没有案件 {given}。There is no case {given}.")
    return found


@mingjian.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
def lint(folder: Path | None, as_json: bool) -> None:
    """检查流程图、表单、政策：会走错的、不合规定的、画乱的。Check diagrams, forms and policies.

    FOLDER 默认是随程序的数据目录。FOLDER: the program's own data unless told otherwise.
    """
    folder = folder or DATA
    report = examine_folder(folder)
    faults = list(report.faults)
    if (folder / "policies").is_dir():
        paths = (path for path in folder.rglob("*.*") if path.suffix in SUFFIXES)
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        faults += [Fault(f.file, f.element, f.reason) for f in policy_faults(files, alone=bool(faults))]
    flags = {path.name: path.read_bytes() for path in sorted((folder / "flags").glob("RF-*.toml"))}
    faults += [Fault(f"flags/{f.file}", f.element, f.reason) for f in check_flags(flags).faults]
    if as_json:
        rows = [
            {"file": f.file, "element": f.element, "zh": f.reason.zh, "en": f.reason.en, "path": f.path}
            for f in faults
        ]
        found = {"faults": rows, "explored": dict(report.explored)}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for scope, number in report.explored.items():
            click.echo(f"{scope}: 探索了 {number} 个局面 {number} markings explored")
        for f in faults:
            click.echo(f"✘ {f.file} · {f.element}: {f.reason.zh} · {f.reason.en}")
            if f.path:
                click.echo(f"    走法 way: {' → '.join(f.path)}")
        if not faults:
            click.echo("✔ 没有问题。Nothing to mend.")
    sys.exit(1 if faults else 0)


@mingjian.group("audit")
def audit_group() -> None:
    """日志。The log."""


for command in (verify, status, policy, keys, recover_command, sequence_command):
    audit_group.add_command(command)


@mingjian.command()
@click.option("--once", is_flag=True, help="办完现在到时的就结束。Do what is due now and stop.")
@click.pass_obj
def worker(settings: Settings, once: bool) -> None:
    """到时的事：计时器和提醒。What time brings: timers and warnings."""
    from workflow.flags.nightly import run_if_due
    from workflow.jobs import Worker, run_until_quiet

    house = settings.house()
    if once:
        done = run_until_quiet(house, house.now())
        run_if_due(house, house.now())
        click.echo(
            f"计时器 {done.timers}，提醒 {done.alarms}，发出消息 {done.messages}。"
            f" {done.timers} timers, {done.alarms} warnings, {done.messages} messages sent."
        )
        return
    click.echo("后台任务已启动，Ctrl+C 结束。The worker runs; Ctrl+C stops it.")
    Worker(house).run()


def told(function: Callable[[], None]) -> Callable[[], None]:
    """Errors that have words are shown in words, without a trace."""

    @wraps(function)
    def run() -> None:
        try:
            function()
        except WorkflowError as error:
            click.echo(f"✘ {error.message.zh} {error.message.en}", err=True)
            sys.exit(1)
        except RulebookError as error:
            for fault in error.faults:
                click.echo(
                    f"✘ {fault.file} · {fault.element}: {fault.reason.zh} · {fault.reason.en}", err=True
                )
            sys.exit(1)

    return run


@told
def main() -> None:
    """The entry point of the program."""
    mingjian(prog_name="mingjian")


audit_group.add_command(bundle_command)
audit_group.add_command(mirror)
mingjian.add_command(amount)
mingjian.add_command(calendar_group)
mingjian.add_command(channels_group)
mingjian.add_command(db)
mingjian.add_command(demo)
mingjian.add_command(export_command)
mingjian.add_command(erase)
mingjian.add_command(erasures)
mingjian.add_command(inspect_group)
mingjian.add_command(migrate)
mingjian.add_command(retention)
mingjian.add_command(rules)
mingjian.add_command(run_command)
mingjian.add_command(simulate)
mingjian.add_command(spot_check)
mingjian.add_command(user)
mingjian.add_command(witness)
mingjian.add_command(facts_command)
mingjian.add_command(flags_group)
mingjian.add_command(import_group, "import")
