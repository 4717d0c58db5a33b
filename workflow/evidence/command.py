"""`mingjian audit bundle`: the evidence of a case as one file."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from uuid import uuid4

import click

from workflow.errors import NotAllowed, WorkflowError
from workflow.evidence.handing_out import hand_out
from workflow.register.signing_in import AS, signed_in
from workflow.replay_command import find_case

if TYPE_CHECKING:
    from workflow.cli import Settings


@click.command()
@click.argument("case")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@AS
@click.option("--reason", required=True, help="导出理由，写入日志。Why; goes into the log.")
@click.pass_obj
def bundle(settings: "Settings", case: str, out: Path, login: str, reason: str) -> None:
    """把一件案件的证据打成一个文件，交给监督部门核对。The evidence of a case as one file, to be checked.

    CASE 是案件编号或内部号，OUT 是要写的 .zip 文件。CASE is a number or id, OUT the .zip to write.
    """
    house = settings.house()
    now = house.now()
    actor = signed_in(house, login, "export_case")
    with house.reader.connect() as conn:
        case_id = find_case(conn, case)
    with told(login):
        write_whole(out, lambda file: hand_out(house, actor, case_id, reason, file, now, uuid4().hex))
    click.echo(f"已写入 {out}。Written to {out}.")


@contextmanager
def told(login: str) -> Iterator[None]:
    """What was refused is said in words, with exit status 2."""
    try:
        yield
    except NotAllowed as refused:
        raise click.UsageError(
            f"{login}没有可以导出的岗位。{login} has no seat that may take this away."
        ) from refused
    except WorkflowError as refused:
        raise click.UsageError(f"{refused.message.zh} {refused.message.en}") from refused


def write_whole(out: Path, fill: Callable[[BinaryIO], None]) -> None:
    """A file that is there whole or not at all, for its owner alone."""
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "w+b") as file:
            fill(cast("BinaryIO", file))
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
