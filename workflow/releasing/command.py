"""`mingjian rules`: who may change the rules does it here or on the page; both do the same."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from workflow.amounts.figures import signed
from workflow.commands import AdoptProposal, RejectProposal, ReleaseProposal, WithdrawProposal
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, RulesRefused, WorkflowError
from workflow.house import House
from workflow.register.signing_in import AS, allowed, signed_in
from workflow.register.telling import DAY, JSON
from workflow.releasing import bundles, doing
from workflow.releasing.reading import Proposal, Version, proposal, proposals, versions
from workflow.releasing.trial import trials
from workflow.rules import files_of

STATES = {
    "open": "待决定 open",
    "released": "已放行 released",
    "rejected": "已退回 rejected",
    "withdrawn": "已撤回 withdrawn",
    "replaced": "已取代 replaced",
}
STANDINGS = {"in_force": "现行 in force", "coming": "待施行 coming", "former": "旧版 former"}


@click.group()
def rules() -> None:
    """规则的版本：一人提出，另一人放行。Versions of the rules: one proposes, another releases."""


class Told:
    """A refusal with all its faults, as text or JSON; then status 1."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, WorkflowError):
            return
        rows: list[dict[str, str]] = []
        if isinstance(error, RulesRefused):
            rows = [
                {"file": f.file, "element": f.element, "zh": f.reason.zh, "en": f.reason.en}
                for f in error.faults
            ]
        elif isinstance(error, AnswersRefused):
            rows = [{"field": f.field, "zh": f.message.zh, "en": f.message.en} for f in error.faults]
        if self.as_json:
            told = {"done": False, "zh": error.message.zh, "en": error.message.en, "faults": rows}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            for row in rows:
                place = " · ".join(row[key] for key in ("file", "element") if key in row)
                click.echo(f"✘ {place}{'：' if place else ''}{row['zh']} {row['en']}", err=True)
            if not isinstance(error, AnswersRefused):
                click.echo(f"✘ {error.message.zh} {error.message.en}", err=True)
        sys.exit(1)


@rules.command()
@JSON
@click.pass_obj
def status(settings: Any, as_json: bool) -> None:
    """现行版本、各版本的在办案件和提案。The version in force, cases by version, proposals."""
    house: House = settings.house()
    with house.reader.connect() as conn:
        known, made = versions(conn, house.now()), proposals(conn)
    if as_json:
        told = {
            "versions": [_version(each) for each in known],
            "proposals": [_proposal(each) for each in made],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in known:
        who = f"{each.proposed_by} → {each.released_by}" if each.proposal else "随程序 with the program"
        day = each.since.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        click.echo(
            f"{each.short}  {STANDINGS[each.standing]}  {day}  {each.running} 件在办 open cases  {who}"
        )
    for one in made:
        who = one.proposer or "程序更新，无人认领 program, nobody stands for it"
        files = f"{len(one.paths)} 个文件 files"
        stale = "  ▲ 不在最新版本上 not on the newest version" if one.stale else ""
        click.echo(f"#{one.number}  {STATES[one.state]}  {one.short}  {files}  {who}{stale}")


def _version(each: Version) -> dict[str, Any]:
    row = asdict(each)
    return {**row, "since": each.since.isoformat(), "released_at": each.released_at.isoformat()}


def _proposal(one: Proposal) -> dict[str, Any]:
    times: Mapping[str, Any] = {
        "made_at": one.made_at, "proposed_at": one.proposed_at, "decided_at": one.decided_at,
        "valid_from": one.valid_from,
    }  # fmt: skip
    return {
        "number": one.number, "digest": one.digest, "base": one.base, "origin": one.origin,
        "state": one.state, "stale": one.stale, "changed": one.paths, "kept": list(one.kept),
        "note": one.note, "proposer": one.proposer, "decider": one.decider, "reason": one.reason,
        **{name: value.isoformat() if value else None for name, value in times.items()},
    }  # fmt: skip


@rules.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@AS
@click.option(
    "--partial", is_flag=True, help="只替换给出的文件（默认是完整的一套）。Only these files; the rest stays."
)
@click.option("--from", "valid_from", type=DAY, help="施行日期（默认放行时）。The day it begins to hold.")
@click.option("--note", default="", help="改了什么、为什么。What is changed and why.")
@click.option("--replaces", type=int, help="取代自己的哪个提案。An open proposal of one's own.")
@JSON
@click.pass_obj
def propose(
    settings: Any,
    source: Path,
    login: str,
    partial: bool,
    valid_from: datetime | None,
    note: str,
    replaces: int | None,
    as_json: bool,
) -> None:
    """提出修改：SOURCE 是文件夹、zip 或单个文件。Propose a change: a folder, a zip or one file."""
    house: House = settings.house()
    actor = signed_in(house, login, "propose_policy")
    with Told(as_json):
        base, here = doing.newest_files(house)
        if source.is_dir():
            given = bundles.from_folder(source)
        else:
            given = bundles.from_uploads([(source.name, source.read_bytes())], here)
            partial = partial or source.suffix != ".zip"
        number = doing.propose(
            house,
            actor,
            {**here, **given} if partial else given,
            base=base,
            note=note,
            valid_from=valid_from.date() if valid_from else None,
            replaces=replaces,
        )
    _done(number, as_json, "已提出，等另一人放行。Proposed; another person has to release it.")


@rules.command("trial")
@click.argument("number", type=int)
@click.option("--year", type=int, help="哪一年的单据（默认去年）。Bills of which year; last year.")
@AS
@JSON
@click.pass_obj
def try_out(settings: Any, number: int, year: int | None, login: str, as_json: bool) -> None:
    """按提案重算一年的单据，比较总额和人数。Try a proposal on a year's decided bills: sums and people."""
    house: House = settings.house()
    allowed(house, login, "view_policy")
    with Told(as_json), house.reader.connect() as conn:
        chosen = year or house.now().astimezone(SHANGHAI).year - 1
        found = trials(conn, house.rules().policies, proposal(conn, number), chosen)
    if as_json:
        click.echo(json.dumps([each.as_json() for each in found]))
        return
    if not found:
        click.echo("这个提案没有改政策参数。It changes no policy set.")
    for each in found:
        told = each.as_json()
        click.echo(
            f"{each.title.zh} {each.year}年：{each.people}人、{each.bills}张单据；"
            f"原来{told['before']}元，按提案{told['after']}元，相差{told['difference']}元；"
            f"增加{each.more}人，减少{each.less}人，不变{each.same}人，无法测算{each.uncomputed}人。"
        )
        click.echo(
            f"{each.title.en} {each.year}: {each.people} people, {each.bills} bills; "
            f"{told['before']} before, {told['after']} after, {told['difference']}; "
            f"more for {each.more}, less for {each.less}, the same for {each.same}, "
            f"not computed for {each.uncomputed}."
        )
        if each.largest:
            click.echo(f"差额最大 largest: {' '.join(signed(amount) for amount in each.largest)}")
        if each.without_case:
            click.echo(
                f"另有{each.without_case}张单据没有案件（如医院一站式结算），没有算入。"
                f" {each.without_case} more bills were aided without a case and are not counted."
            )


@rules.command()
@click.argument("number", type=int)
@AS
@JSON
@click.pass_obj
def adopt(settings: Any, number: int, login: str, as_json: bool) -> None:
    """认领程序带来的更新。Stand for an update that came with the program."""
    _decide(settings, login, ("load_policy", "propose_policy"), AdoptProposal(number), as_json)
    _done(number, as_json, "已认领，等另一人放行。Adopted; another person has to release it.")


@rules.command()
@click.argument("number", type=int)
@AS
@JSON
@click.pass_obj
def release(settings: Any, number: int, login: str, as_json: bool) -> None:
    """放行别人提出的修改，对新案件生效。Release somebody else's proposal; it holds for new cases."""
    _decide(settings, login, ("release_policy",), ReleaseProposal(number), as_json)
    _done(number, as_json, "已放行，对新案件生效。Released; it holds for new cases.")


@rules.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="退回理由。The reason.")
@AS
@JSON
@click.pass_obj
def reject(settings: Any, number: int, reason: str, login: str, as_json: bool) -> None:
    """退回别人提出的修改。Reject somebody else's proposal."""
    _decide(settings, login, ("release_policy",), RejectProposal(number, reason), as_json)
    _done(number, as_json, "已退回。Rejected.")


@rules.command()
@click.argument("number", type=int)
@AS
@JSON
@click.pass_obj
def withdraw(settings: Any, number: int, login: str, as_json: bool) -> None:
    """撤回自己提出的修改。Withdraw one's own proposal."""
    _decide(settings, login, ("propose_policy", "load_policy"), WithdrawProposal(number), as_json)
    _done(number, as_json, "已撤回。Withdrawn.")


@rules.command()
@click.argument("number", type=int)
@AS
@JSON
@click.pass_obj
def rebase(settings: Any, number: int, login: str, as_json: bool) -> None:
    """在最新版本上重新提出自己的修改。Propose one's own change anew, on the newest version."""
    house: House = settings.house()
    actor = signed_in(house, login, "propose_policy")
    with Told(as_json):
        new = doing.rebase(house, actor, number)
    _done(new, as_json, "已在最新版本上提出。Proposed on the newest version.")


@rules.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--proposal", "number", type=int, help="导出提案（默认最新版本）。A proposal instead.")
@click.pass_obj
def export(settings: Any, folder: Path, number: int | None) -> None:
    """把规则文件写到新文件夹，改好再提出。Write the files to a new folder, to change and propose."""
    house: House = settings.house()
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} 不是空的。{folder} is not empty.")
    with Told(False):
        files = doing.newest_files(house)[1]
        if number is not None:
            with house.reader.connect() as conn:
                files = files_of(conn, proposal(conn, number).manifest)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    click.echo(f"{len(files)} 个文件。{len(files)} files.")


def _decide(
    settings: Any, login: str, permissions: tuple[str, ...], command: doing.Decision, as_json: bool
) -> None:
    house: House = settings.house()
    actor = signed_in(house, login, *permissions)
    with Told(as_json):
        doing.decide(house, actor, command)


def _done(number: int, as_json: bool, words: str) -> None:
    click.echo(json.dumps({"done": True, "proposal": number}) if as_json else f"✔ #{number} {words}")
