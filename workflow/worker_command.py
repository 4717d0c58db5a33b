"""`mingjian worker`: what time brings, in a process of its own."""

from typing import TYPE_CHECKING

import click

from workflow.flags.nightly import run_if_due
from workflow.jobs import Worker, run_until_quiet
from workflow.staying import stay

if TYPE_CHECKING:
    from workflow.cli import Settings


@click.command()
@click.option("--once", is_flag=True, help="办完现在到时的就结束。Do what is due now and stop.")
@click.pass_obj
def worker(settings: "Settings", once: bool) -> None:
    """到时的事：计时器和提醒。What time brings: timers and warnings."""
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
    stay()
    Worker(house).run()
