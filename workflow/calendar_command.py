"""`mingjian calendar`: the table of working days, put forward by one person and released by another."""

import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, select

from workflow.calendar_commands import CalendarCommand, RejectCalendar, ReleaseCalendar
from workflow.calendars import read_table
from workflow.deadlines import CalendarRefused
from workflow.handle import handle
from workflow.house import House
from workflow.recounting import recount
from workflow.register.signing_in import AS, signed_in
from workflow.store.models import Account, CalendarProposal, CalendarYear, Clock

NUMBER = click.argument("number", type=int)


@click.group("calendar")
def calendar_group() -> None:
    """工作日历：一人提出，另一人放行。Working days: one person proposes a table, another releases it."""


@calendar_group.command()
@click.pass_obj
def status(settings: Any) -> None:
    """有哪些年份、几个期限暂定、哪些表等放行。Years, provisional limits, tables that wait."""
    house: House = settings.house()
    with house.reader.connect() as conn:
        years = conn.scalars(select(CalendarYear.year).order_by(CalendarYear.year)).all()
        running = Clock.provisional & Clock.stopped_at.is_(None)
        provisional = conn.scalar(select(func.count()).select_from(Clock).where(running)) or 0
        waiting = conn.execute(
            select(CalendarProposal.id, CalendarProposal.years, CalendarProposal.source, Account.name)
            .join(Account, Account.id == CalendarProposal.proposed_by)
            .where(CalendarProposal.state == "open")
            .order_by(CalendarProposal.id)
        ).all()
    span = f"{years[0]}–{years[-1]}" if years else "—"
    click.echo(f"{span}，{provisional} 个期限暂定。{provisional} provisional limits.")
    for row in waiting:
        told = ", ".join(map(str, row.years))
        click.echo(f"#{row.id}  {told}  {row.source}  {row.name}  等放行 waits for release")


@calendar_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="依据的通知，写文号。The notice it comes from.")
@AS
@click.pass_obj
def propose(settings: Any, file: Path, source: str, login: str) -> None:
    """提出一份表：日期, 类型（休/班）, 名称。Put a table forward: day, kind, name (.xlsx or .csv)."""
    house: House = settings.house()
    actor = signed_in(house, login, "propose_calendar")
    try:
        command = read_table(house, file.read_bytes(), file.name, source)
    except CalendarRefused as refused:
        for fault in refused.faults:
            click.echo(f"✘ {fault.element}：{fault.reason.zh} · {fault.reason.en}", err=True)
        sys.exit(1)
    outcome = handle(house, actor, command, at=house.now(), request_id=uuid4().hex)
    click.echo(
        f"✔ 第{outcome.number}号，等另一个人放行。Proposal {outcome.number}: somebody else has to release it."
    )


@calendar_group.command()
@NUMBER
@AS
@click.pass_obj
def release(settings: Any, number: int, login: str) -> None:
    """放行一份表，随后重算在办期限。Release a table; running limits are counted anew."""
    house: House = settings.house()
    _decide(house, login, ReleaseCalendar(number))
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("期限 limits", total=None)
        moved = recount(house, lambda done, of: bar.update(task, completed=done, total=of))
    click.echo(f"✔ 已放行，{moved} 个期限有变动。Released; {moved} limits have moved.")


@calendar_group.command()
@NUMBER
@AS
@click.pass_obj
def reject(settings: Any, number: int, login: str) -> None:
    """退回一份表，或者撤回自己提出的。Reject a table, or take one's own back."""
    _decide(settings.house(), login, RejectCalendar(number))
    click.echo("✔ 已退回。Rejected.")


def _decide(house: House, login: str, command: CalendarCommand) -> None:
    actor = signed_in(house, login, "release_calendar", "propose_calendar")
    handle(house, actor, command, at=house.now(), request_id=uuid4().hex)
