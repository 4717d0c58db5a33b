"""`mingjian witness` and `python -m audit.witness`: the commands of a witness."""

import os
import sys
from pathlib import Path

import click

from audit.note import NoteRefused
from audit.private import KeyRefused
from audit.witness.answering import Witness
from audit.witness.serving import Server, describe

_state = click.option(
    "--state",
    type=click.Path(path_type=Path),
    required=True,
    help="见证方自己的目录。The witness's own folder.",
)


@click.group()
def witness() -> None:
    """见证：在办案单位之外确认日志只增不改。A witness, in other hands than the office's."""


@witness.command()
@_state
@click.option(
    "--name", required=True, help="密钥名，如 inspection.anfu.example。Name of the key, like a host's."
)
def init(state: Path, name: str) -> None:
    """生成见证密钥，打印写进策略文件的一行。Make a key; print the line for the policy."""
    try:
        made = Witness.create(state, name)
    except (NoteRefused, KeyRefused) as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"witness {name.partition('.')[0]} {made.signer.key.vkey}")


@witness.command()
@_state
@click.argument("vkey")
def trust(state: Path, vkey: str) -> None:
    """从现在起见证这本日志。Watch the log with this key from now on."""
    try:
        key = _opened(state).trust(vkey)
    except NoteRefused as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"✔ {key.name}")


@witness.command()
@_state
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址。Address to listen on.")
@click.option("--port", default=8101, show_default=True, help="端口。Port.")
def serve(state: Path, host: str, port: int) -> None:
    """通过 HTTP 见证。Answer over HTTP."""
    with Server((host, port), _opened(state)) as server:
        click.echo(f"见证服务在 http://{host}:{server.server_port}/ 。The witness is there; Ctrl+C stops it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")


@witness.command()
@_state
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("response", type=click.Path(dir_okay=False, path_type=Path))
def sign(state: Path, request: Path, response: Path) -> None:
    """通过文件见证（U 盘）。Answer by file, for a USB stick.

    Exit status: 0 signed; 1 not signed, the reason is in RESPONSE and told here.
    """
    answer = _opened(state).answer(request.read_bytes())
    beside = response.with_name(f"{response.name}.part")
    beside.write_text(answer.body, encoding="utf-8")
    os.replace(beside, response)
    if answer.status != 200:
        click.echo(f"✘ 没有签名，原因写在 {response} 。Not signed ({answer.status}): {answer.body}", err=True)
        sys.exit(1)
    click.echo("✔ 已签名。Signed.")


@witness.command()
@_state
def show(state: Path) -> None:
    """见证到哪里了。What has been seen."""
    click.echo(describe(_opened(state)), nl=False)


def _opened(state: Path) -> Witness:
    try:
        return Witness(state)
    except KeyRefused as error:
        raise click.UsageError(f"先用 init 生成密钥。Make a key first, with init: {error}") from error
