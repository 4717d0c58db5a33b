"""Put another key in the place of one, and take a log up again under a new name after a restored backup.

Every step can be broken off and done again: a new key lies in `<name>.next` until the logs know it, then
takes the place of the old one.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, text

from audit import index, keyring
from audit.chain import LOGS
from audit.keyfile import create_signer, load_signer
from audit.note import Key, Signer
from audit.private import KeyRefused
from audit.publishing import POLICY, SIGNED, Behind, Contradiction
from audit.sequencer import KEY_FILES, Sequencer
from audit.standing import PUBLISHED, STATE, SUBFOLDERS
from audit.system import NOBODY, append_system
from audit.tables import audit_tree
from audit.tiles import Folder, TreeBroken
from audit.token_key import Place, TokenSigner, create_on_token
from audit.vault import APPLICATION, PEN_FILE
from audit.witnessing import FILE as CONTACTS

PAST = "past"
IN_A_FILE: Final = "file"
Where: TypeAlias = Place | Literal["file"] | None
"""Where a new key is to lie: on a token, in a file, or (None) as the one before it."""
_REFILL = text("""
INSERT INTO audit_pending (log, chain, seq)
SELECT e.log, e.chain, e.seq FROM audit_entry e
LEFT JOIN audit_index i ON i.tree = :tree AND i.chain = e.chain AND i.seq = e.seq
WHERE e.log = :log
ORDER BY i.idx IS NULL, i.idx, max(e.recorded_at) OVER (PARTITION BY e.chain ORDER BY e.seq), e.seq
""")


class NothingToRecover(Exception):
    """The logs and the database fit each other."""


def rotate_application(office: Sequencer, at: datetime, where: Where = None) -> Key:
    """Another key signs the entries from now on; the old one counts on until it is revoked.

    Raises KeyRefused.
    """
    path = office.home / PEN_FILE
    fresh = _fresh(path, APPLICATION, where)
    with office.transaction() as conn:
        if fresh.key.id not in keyring.in_force(conn, keyring.APPLICATION):
            keyring.add(conn, office.vault, fresh.key, keyring.APPLICATION, at)
    _take_place(path)
    return fresh.key


def rotate_tree(office: Sequencer, log: str, at: datetime, where: Where = None) -> Key:
    """Another key signs the checkpoints of a log, beside the old one until `retire_tree`.

    Raises KeyRefused while the last change waits for that.
    """
    path = office.home / "keys" / KEY_FILES[log]
    previous = path.with_suffix(".previous")
    if previous.exists() and not path.with_suffix(".next").exists():
        raise KeyRefused(f"{previous} still signs: retire the key before the one in use first")
    fresh = _fresh(path, load_signer(path).key.name, where)
    with office.transaction() as conn:
        if fresh.key.id not in keyring.in_force(conn, keyring.TREE):
            keyring.add(conn, office.vault, fresh.key, keyring.TREE, at, {log: LOGS[log]})
    _list_in_policy(office, fresh.key)
    if not previous.exists():
        os.link(path, previous)
    _take_place(path)
    return fresh.key


def retire_tree(
    office: Sequencer, log: str, reason: str, at: datetime, actor: Mapping[str, Any] = NOBODY
) -> Key:
    """The old key of a log signs no more. Raises KeyRefused when there is none, KeyUnknown."""
    previous = (office.home / "keys" / KEY_FILES[log]).with_suffix(".previous")
    key = load_signer(previous).key
    with office.transaction() as conn:
        if key.id in keyring.in_force(conn, keyring.TREE):
            keyring.revoke(conn, office.vault, key.id, reason, at, actor)
    previous.unlink()
    return key


def recover(
    office: Sequencer, reason: str, at: datetime, actor: Mapping[str, Any] = NOBODY
) -> list[tuple[str, str]]:
    """Take up under a new origin the logs whose tree the database can no longer give.

    What was published under the old one is kept in `past/`. Every entry that the database has gets a place in
    the new tree, and an entry names the old head. Returns (log, new origin). Raises NothingToRecover.
    """
    with office.alone() as alone:
        if not alone:
            raise NothingToRecover("another sequencer is at work: stop it first")
        stopped = _stopped(office)
        if not stopped:
            raise NothingToRecover("the logs and the database fit each other")
        return [(log, _begin_anew(office, log, reason, at, actor)) for log in stopped]


def _stopped(office: Sequencer) -> list[str]:
    """The logs that cannot go on, and those whose recovery was broken off."""
    office.forget()
    with office.reader.connect() as conn:
        known = index.trees(conn)
    found = []
    for log in LOGS:
        path = office.home / "keys" / KEY_FILES[log]
        if load_signer(path).key.name != known[log][1]:
            found.append(log)
            continue
        growing = office.growing(log, known)
        try:
            growing.check()
        except (Behind, Contradiction, TreeBroken):
            found.append(log)
    return found


def _begin_anew(office: Sequencer, log: str, reason: str, at: datetime, actor: Mapping[str, Any]) -> str:
    path = office.home / "keys" / KEY_FILES[log]
    old, waiting = load_signer(path), path.with_suffix(".next")
    if waiting.exists() and load_signer(waiting).key.name == old.key.name:
        waiting.unlink()  # of a rotation that was broken off
    fresh = _fresh(path, office.new_origin(log))
    with office.transaction() as conn:
        tree, origin = index.trees(conn)[log]
        if origin == old.key.name:
            head = office.growing(log, {log: (tree, origin)}).last_signed()
            _plant_anew(conn, office, log, fresh.key, tree, at)
            facts = {
                "origin": fresh.key.name,
                "old_origin": origin,
                "old_size": 0 if head is None else head.size,
                "old_root": "" if head is None else head.root.hex(),
                "reason": reason,
            }
            append_system(conn, office.vault, "recovery", facts, at, log, actor)
    _put_away(office, log, old.key)
    _list_in_policy(office, fresh.key)
    path.with_suffix(".previous").unlink(missing_ok=True)
    _take_place(path)
    office.forget()
    return fresh.key.name


def _plant_anew(conn: Connection, office: Sequencer, log: str, key: Key, old: int, at: datetime) -> None:
    newest = max(tree for tree, _ in index.trees(conn).values())
    conn.execute(audit_tree.insert(), {"tree": newest + 1, "log": LOGS[log], "origin": key.name})
    conn.execute(text("DELETE FROM audit_pending WHERE log = :log"), {"log": LOGS[log]})
    conn.execute(_REFILL, {"tree": old, "log": LOGS[log]})
    keyring.add(conn, office.vault, key, keyring.TREE, at, {log: LOGS[log]})


def _put_away(office: Sequencer, log: str, key: Key) -> None:
    """What was published under the old origin stays readable, and what was remembered of it."""
    for top, names in ((PUBLISHED, ("checkpoint", "tile")), (STATE, (SIGNED, CONTACTS, "asked"))):
        folder = office.home / top / SUBFOLDERS[log]
        past = folder / PAST / key.id.hex()
        past.mkdir(parents=True, exist_ok=True)
        for name in names:
            if (folder / name).exists():
                os.rename(folder / name, past / name)


def _list_in_policy(office: Sequencer, key: Key) -> None:
    path = office.home / PUBLISHED / POLICY
    content = path.read_text(encoding="utf-8")
    if key.vkey not in content:
        folder = Folder(path.parent, office.fsync)
        folder.write(path, f"log {key.vkey}\n{content}".encode())
        folder.settle()


def _fresh(path: Path, name: str, where: Where = None) -> Signer:
    """The key that is to take the place of the one at `path`."""
    waiting = path.with_suffix(".next")
    if not waiting.exists():
        before = load_signer(path)
        if where is None and isinstance(before, TokenSigner):
            where = before.place.another()
        if isinstance(where, Place):
            create_on_token(waiting, where, name)
        else:
            create_signer(waiting, name)
    return load_signer(waiting)


def _take_place(path: Path) -> None:
    os.replace(path.with_suffix(".next"), path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
