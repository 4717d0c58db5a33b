"""`mingjian channels`: look at the office's file of channels, and try one."""

import sys
from typing import Any
from uuid import uuid4

import click

from bpmn import RulebookError
from workflow.alerts import channels as reading
from workflow.alerts.channels import FILE, SMTP, Channels, read_channels
from workflow.alerts.secrets import SecretMissing, secret
from workflow.alerts.transport import ChannelDown, Message, Refused, send
from workflow.house import wall_clock


@click.group("channels")
def channels_group() -> None:
    """消息通道：谁的消息、从哪里发、发给谁。Where messages go out, whose, and to whom."""


@channels_group.command()
@click.pass_obj
def check(settings: Any) -> None:
    """检查通道文件和密钥，一条不发。Check the file and its secrets; nothing is sent."""
    found = _read(settings)
    wrong = 0
    for name, channel in found.channels.items():
        missing = [each for each in (channel.secret, channel.sign) if each and not _has(settings, each)]
        wrong += len(missing)
        told = "✔" if not missing else f"✘ 没有密钥 no secret: {', '.join(missing)}"
        click.echo(f"{name} · {channel.kind} · {channel.host or channel.url} {told}")
    for rule in found.rules:
        whom = ", ".join(rule.to) or rule.channel
        click.echo(f"  {rule.name}: {' '.join(rule.desks)} → {whom} ({'now' if rule.now else 'digest'})")
    if not found.channels:
        click.echo(f"没有 {FILE}，消息只在系统内。No {FILE}: messages stay inside.")
    sys.exit(1 if wrong else 0)


@channels_group.command("test")
@click.argument("name")
@click.option("--to", default="", help="邮件通道的收件地址。The address, for mail.")
@click.pass_obj
def test_command(settings: Any, name: str, to: str) -> None:
    """用一个通道发一条测试消息。Send one test message by the channel NAME."""
    channel = _read(settings).channels.get(name)
    if channel is None:
        raise click.UsageError(f"没有通道 {name}。There is no channel {name}.")
    if (channel.kind == SMTP) is not bool(to):
        raise click.UsageError("邮件通道要写 --to，机器人不写。--to is for mail and only for mail.")
    message = Message(
        f"test-{uuid4().hex}", to, "【明鉴】测试消息", "这是一条测试消息，不用处理。", wall_clock()
    )
    try:
        send(settings.home, channel, message)
    except (ChannelDown, Refused) as error:
        click.echo(f"✘ 没有发出：{error}。Not sent: {error}.", err=True)
        sys.exit(1)
    click.echo("✔ 已发出。Sent.")


@channels_group.command()
def example() -> None:
    """打印一份样例文件。Print an example of the file."""
    text = reading.__doc__ or ""
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ") or not line]
    click.echo("\n".join(lines).strip())


def _read(settings: Any) -> Channels:
    try:
        return read_channels(settings.home)
    except RulebookError as refused:
        for fault in refused.faults:
            click.echo(f"✘ {fault.file} · {fault.element}: {fault.reason.zh} · {fault.reason.en}", err=True)
        sys.exit(1)


def _has(settings: Any, name: str) -> bool:
    try:
        secret(settings.home, name)
    except SecretMissing:
        return False
    return True
