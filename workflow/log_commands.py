"""`mingjian audit …`: where the log stands, its keys and witnesses, and going on after a restored backup."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from audit import LOG, READS, index, keyring
from audit.keyring import KeyUnknown
from audit.keys_in_use import in_use
from audit.note import Key, NoteRefused
from audit.policy import Policy, PolicyFaulty
from audit.private import KeyRefused
from audit.rotation import (
    IN_A_FILE,
    NothingToRecover,
    Where,
    recover,
    retire_tree,
    rotate_application,
    rotate_tree,
)
from audit.sequencer import NotHere
from audit.standing import standing
from audit.system import NOBODY, append_system
from audit.tiles import Folder
from audit.token_key import Place
from workflow.erasing_again import erase_again
from workflow.house import House
from workflow.sequencing import Sequencing, sequence
from workflow.store import transaction

_LOGS = {"cases": LOG, "reads": READS}
_which = click.argument("which", type=click.Choice(["application", *_LOGS]))


def _operator() -> dict[str, Any]:
    """Who sits at the machine; the log knows them as its operator, not by name."""
    return {**NOBODY, "role": "OPERATOR"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
@click.pass_obj
def status(settings: Any, as_json: bool) -> None:
    """公开日志到哪里了，见证方在不在。How far the published log is, and which witnesses answer."""
    found = standing(settings.home)
    if as_json:
        click.echo(json.dumps([log.as_json() for log in found], ensure_ascii=False))
        return
    for log in found:
        for zh, en in log.sentences():
            click.echo(f"{zh}\n    {en}")


@click.command("sequence")
@click.option("--once", is_flag=True, help="只做一轮。One turn only.")
@click.pass_obj
def sequence_command(settings: Any, once: bool) -> None:
    """只做一件事：给条目排号并公开日志，可以用单独的数据库用户。Only publish the log; as a user of its own.

    Ctrl+C 结束。Ctrl+C stops it.
    """
    house: House = settings.house()
    if not once:
        Sequencing(house).loop()
    elif not sequence(house):
        raise click.ClickException("日志没有公开。The log was not published; see the program's own log.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.pass_obj
def policy(settings: Any, file: Path | None) -> None:
    """查看或更换见证策略（tlog-policy 格式）。Show the policy of witnesses, or put FILE in its place.

    The log's own lines are kept; FILE brings the witnesses, groups and the quorum.
    """
    house: House = settings.house()
    sequence(house)
    path = house.home / "log" / "policy"
    if file is None:
        click.echo(path.read_text(encoding="utf-8"), nl=False)
        return
    own = [f"log {party.key.vkey}" for party in Policy.parse(path.read_bytes()).logs]
    given = file.read_text(encoding="utf-8").splitlines()
    lines = [*own, *(line for line in given if line.split()[:1] != ["log"])]
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        agreed = Policy.parse(content)
    except PolicyFaulty as error:
        raise click.UsageError(f"策略文件有误。The policy is faulty: {error}") from error
    facts = {"sha256": sha256(content).hexdigest(), "quorum": agreed.quorum}
    with transaction(house.engine) as conn:
        append_system(conn, house.vault, "policy_agreed", facts, house.now(), actor=_operator())
    folder = Folder(path.parent)
    folder.write(path, content)
    folder.settle()
    click.echo(f"✔ {len(agreed.witnesses)} 个见证方，法定数 {agreed.quorum} 。Witnesses and quorum are set.")


@click.group("keys")
def keys() -> None:
    """系统的签名密钥。The keys that sign entries and checkpoints."""


@keys.command("list")
@click.pass_obj
def list_keys(settings: Any) -> None:
    """列出密钥，从第几条起、到第几条止有效。Which keys count, from which entry to which."""
    house: House = settings.house()
    with house.reader.connect() as conn:
        trees = {log: tree for log, (tree, _) in index.trees(conn).items()}
        found = keyring.keys(conn, trees)
    for known in found:
        end = "" if known.revoked is None else f" – {known.revoked}"
        begin = "…" if known.added is None else known.added
        click.echo(f"{known.log}  {known.purpose}  {known.key.id.hex()}  {begin}{end}")
        click.echo(f"    {known.key.vkey}")


@keys.command()
@click.pass_obj
def used(settings: Any) -> None:
    """用的是哪些密钥：在文件里还是在令牌（PKCS#11）上，现在能不能签。Which keys sign here, and can they now.

    有一个不能签就以状态 1 结束。Exit status 1 when one cannot.
    """
    house: House = settings.house()
    found = in_use(house.home)
    for key in found:
        mark, why = ("✔", "") if key.fault is None else ("✘", f"\n    {key.fault}")
        click.echo(f"{mark} {key.file}  {key.where}\n    {key.vkey}{why}")
    if any(key.fault is not None for key in found):
        raise SystemExit(1)


@keys.command()
@_which
@click.option("--token", metavar="URI", help="新密钥放在令牌上（RFC 7512）。Put the new key on a token.")
@click.option("--file", "in_a_file", is_flag=True, help="新密钥放在文件里。Put the new key into a file.")
@click.pass_obj
def rotate(settings: Any, which: str, token: str | None, in_a_file: bool) -> None:
    """换新密钥；旧的在作废前继续有效。Put a new key in place; the old one counts until it is revoked.

    两个选项都不写，新密钥就和旧的放在同一处。Without either, the new one lies where the old one does.
    """
    if token is not None and in_a_file:
        raise click.UsageError("--token 和 --file 只写一个。Say --token or --file.")
    house: House = settings.house()
    sequence(house)
    with _told():
        where: Where = IN_A_FILE if in_a_file else None if token is None else Place.parse(token)
        if which == "application":
            key = rotate_application(house.sequencer(), house.now(), where)
        else:
            key = rotate_tree(house.sequencer(), _LOGS[which], house.now(), where)
    click.echo(f"✔ {key.vkey}")


@keys.command()
@click.argument("vkey")
@click.pass_obj
def add(settings: Any, vkey: str) -> None:
    """登记另一台机器的签名密钥。Let another machine's key sign entries."""
    house: House = settings.house()
    with _told(), transaction(house.engine) as conn:
        key = Key.parse(vkey)
        if key.id in keyring.in_force(conn, keyring.APPLICATION):
            raise KeyUnknown(f"{key.id.hex()} was added before")
        keyring.add(conn, house.vault, key, keyring.APPLICATION, house.now())
    click.echo(f"✔ {key.id.hex()}")


@keys.command()
@click.argument("kid")
@click.option("--reason", required=True, help="原因，会写入日志。Why; it goes into the log.")
@click.pass_obj
def revoke(settings: Any, kid: str, reason: str) -> None:
    """作废一个密钥：之后用它签的都不算。Revoke a key: nothing it signs later counts."""
    house: House = settings.house()
    with _told(), transaction(house.engine) as conn:
        keyring.revoke(conn, house.vault, _key_id(kid), reason, house.now(), _operator())
    click.echo(f"✔ {kid}")


@keys.command()
@click.argument("which", type=click.Choice(list(_LOGS)))
@click.option("--reason", required=True, help="原因，会写入日志。Why; it goes into the log.")
@click.pass_obj
def retire(settings: Any, which: str, reason: str) -> None:
    """停用一本日志的旧密钥。Let the old key of a log sign no more."""
    house: House = settings.house()
    with _told():
        key = retire_tree(house.sequencer(), _LOGS[which], reason, house.now(), _operator())
    click.echo(f"✔ {key.id.hex()}")


@click.command("recover")
@click.option("--reason", required=True, help="发生了什么，会写入日志。What happened; it goes into the log.")
@click.pass_obj
def recover_command(settings: Any, reason: str) -> None:
    """数据库从备份恢复后，以新名称继续公开日志。Go on under a new name after a restored backup.

    旧日志保留在 past/，新日志写明旧日志的最后状态。The old log is kept, and an entry names its last head.
    """
    house: House = settings.house()
    with _told():
        try:
            for log, origin in recover(house.sequencer(), reason, house.now(), _operator()):
                click.echo(f"✔ {log} → {origin}")
        finally:  # also where the logs were recovered before, and this was broken off
            for case_id in erase_again(house):
                click.echo(f"✔ 备份里有已依法删除的内容，再次删除：{case_id}。Erased again: {case_id}.")
    sequence(house)
    click.echo("请通知每个见证方信任新的公钥。Tell every witness to trust the new key.")


def _key_id(kid: str) -> bytes:
    try:
        return bytes.fromhex(kid)
    except ValueError as error:
        raise KeyUnknown(f"{kid} is not the id of a key") from error


class _told:
    """What goes wrong with keys is told in a line."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, KeyRefused | KeyUnknown | NoteRefused | NotHere | NothingToRecover):
            raise click.ClickException(f"没有执行。Nothing was done: {error}") from error
