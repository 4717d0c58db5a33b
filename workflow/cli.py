"""One program, `mingjian`. Every command has help in both languages and an exit status that means something:
0 done, 1 done and something is wrong (a fault found, a row refused), 2 the call itself was wrong.
"""

import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from workflow.house import House

OWN = {
    "amount": ("workflow.amounts.command:amount", "计算救助金额。Compute amounts of aid."),
    "audit": ("workflow.audit_command:audit", "日志。The log."),
    "calendar": (
        "workflow.calendar_command:calendar_group",
        "工作日历：一人提出，另一人放行。Working days: one person proposes a table, another releases it.",
    ),
    "channels": (
        "workflow.alerts.command:channels_group",
        "消息通道：谁的消息、从哪里发、发给谁。Where messages go out, whose, and to whom.",
    ),
    "db": ("workflow.store.command:db", "数据库。The database."),
    "demo": (
        "workflow.demo.command:demo",
        "建一个演示县：虚构的人，真实的流程。Build a demonstration county: invented people, real services.",
    ),
    "erase": (
        "workflow.erasing_command:erase",
        "删除一件案卷的个人信息：一人提出，另一人确认。Erase a case's personal data: two people.",
    ),
    "erasures": (
        "workflow.erasing_command:erasures",
        "两人已同意、还没有执行的删除：看队列，或者执行。"
        "What was confirmed and not erased yet: look, or erase.",
    ),
    "export": (
        "workflow.mining.command:export_command",
        "把办理过程导出成流程分析用的数据。Case histories as data for process mining.",
    ),
    "facts": (
        "workflow.facts.command:facts_command",
        "生成核查用的数据表，或说明它们。Build the tables that red flags read, or tell what they mean.",
    ),
    "flags": ("workflow.flags.command:flags_group", "红旗规则。Red flags."),
    "import": (
        "workflow.register.import_commands:import_group",
        "导入 .xlsx 或 .csv：全部导入，或一行也不导入。Import .xlsx or .csv: every row or none.",
    ),
    "inspect": (
        "workflow.player.command:inspect_group",
        "监督检查用，不需要数据库。For an inspection; needs no database.",
    ),
    "lint": (
        "workflow.lint_command:lint",
        "检查流程图、表单、政策：会走错的、不合规定的、画乱的。Check diagrams, forms and policies.",
    ),
    "migrate": (
        "workflow.releasing.moving_command:migrate",
        "把在办案件换到已放行的规则版本：先预览，再迁移。Move running cases to a released version.",
    ),
    "replay": (
        "workflow.replay_command:replay_command",
        "按记录重走案件，逐字节比对状态。Re-execute recorded commands and compare the state byte for byte.",
    ),
    "retention": (
        "workflow.erasing_command:retention",
        "保存期满的资料：预览，或者现在处理（后台每天处理一次）。"
        "What was kept long enough: look, or act now.",
    ),
    "rules": (
        "workflow.releasing.command:rules",
        "规则的版本：一人提出，另一人放行。Versions of the rules: one proposes, another releases.",
    ),
    "run": (
        "workflow.run_commands:run_command",
        "触发免申即享，或做每月高额费用比对。Trigger apply-free aid, or the monthly check of high costs.",
    ),
    "simulate": (
        "workflow.simulation.command:simulate",
        "模拟一个县的2026年，再逐日核对每一次期限提醒。Simulate a county's 2026 and judge each alert.",
    ),
    "spot-check": ("workflow.spot_checks.command:spot_check", "抽查。Spot checks."),
    "user": ("workflow.register.user_commands:user", "账号。Accounts."),
    "witness": (
        "audit.witness.command:witness",
        "见证：在办案单位之外确认日志只增不改。A witness, in other hands than the office's.",
    ),
    "worker": (
        "workflow.worker_command:worker",
        "到时的事：计时器和提醒。What time brings: timers and warnings.",
    ),
}
"""Name → where the command is, and the line of the list. A command is loaded when it is called: the machine
of a village need not read the whole product to work out one amount.
"""
OF_THE_PAGES = {
    "bench": "量一量：每步的时间和字节，与别的系统比。"
    "Measure: time and bytes per transition, against other systems.",
    "serve": "启动网页服务。Serve the pages.",
}
"""Their lines of the list, so that it need not load the pages either."""


class Program(click.Group):
    """Loads a command when it is called, and finds those of other packages (`serve` comes with the pages)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*OWN, *_others()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in OWN:
            module, _, name = OWN[cmd_name][0].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        other = _others().get(cmd_name)
        found: click.Command | None = other.load() if other is not None else None
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self._line(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _line(self, ctx: click.Context, name: str) -> str:
        if name in OWN:
            return OWN[name][1]
        if name in OF_THE_PAGES:
            return OF_THE_PAGES[name]
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=200) if command is not None else ""


def _others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="mingjian.commands")}


class Settings:
    """Where the product lives; the house is opened only by commands that need it."""

    def __init__(self, database: str | None, home: Path | None) -> None:
        self.database, self._home = database, home
        self._house: House | None = None

    @property
    def home(self) -> Path:
        from workflow.house import default_home

        return self._home or default_home()

    @property
    def url(self) -> str:
        from workflow.house import database_url

        return database_url(self.database, self.home)

    def house(self) -> "House":
        if self._house is None:
            from workflow.house import open_house
            from workflow.releasing.telling import console_words

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


def told(function: Callable[[], None]) -> Callable[[], None]:
    """Errors that have words are shown in words, without a trace."""

    @wraps(function)
    def run() -> None:
        from bpmn import RulebookError
        from workflow.errors import WorkflowError

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
