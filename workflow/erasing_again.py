"""A restored backup may hold what was erased after it was made: it is erased again.

The `erasure` entries are found where they stand for good: in the database, and in the published log, also
as it was before a recovery (`log/past/…`), for the backup may be older than they are.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from audit import canonical
from audit.checkpoint import Checkpoint
from audit.erasing import ERASURE, Erasure
from audit.note import Note
from audit.publishing import CHECKPOINT
from audit.standing import PUBLISHED
from audit.tables import audit_entry, audit_erasure, audit_vault
from audit.tiles import Folder, Tree
from workflow.actor import SYSTEM
from workflow.cases.erasing import erase
from workflow.cases.work import Work
from workflow.house import House
from workflow.store import transaction


def erase_again(house: House) -> list[UUID]:
    """Erase what has come back, each case with an `erasure` entry of its own that names the same approvers.

    Returns the cases. Raises TreeBroken when a published log cannot be read.
    """
    said = {**_published(house.home), **_stored(house)}
    with house.reader.connect() as conn:
        oldest = select(audit_vault.c.chain, func.min(audit_vault.c.seq).label("seq"))
        rows = conn.execute(oldest.where(audit_vault.c.chain.in_(said)).group_by(audit_vault.c.chain))
        back = [row.chain for row in rows if row.seq <= said[row.chain]["vars"]["through"]]
    for case_id in back:
        with transaction(house.engine) as conn:
            work = Work(house, conn, SYSTEM, house.now(), uuid4().hex)
            work.lock(case_id)
            facts = said[case_id]["vars"]
            erase(work, facts["basis"], facts["approved_by"], {"again": True})
    return back


def _stored(house: House) -> dict[UUID, dict[str, Any]]:
    """By case the newest erasure that the database knows."""
    entry, pointer = audit_entry.c, audit_erasure.c
    here = (entry.chain == pointer.chain) & (entry.seq == pointer.seq) & (entry.log == 0)
    with house.reader.connect() as conn:
        rows = conn.scalars(select(entry.bytes).join(audit_erasure, here).order_by(entry.chain, entry.seq))
        return dict(_decoded(rows.all()))


def _published(home: Path) -> dict[UUID, dict[str, Any]]:
    """By case the newest erasure in the published log of the cases, in all that there have been."""
    found: dict[UUID, dict[str, Any]] = {}
    folders = [*sorted((home / PUBLISHED / "past").glob("*")), home / PUBLISHED]
    for folder in folders:
        try:
            size = Checkpoint.parse(Note.parse((folder / CHECKPOINT).read_bytes()).text).size
        except FileNotFoundError:
            continue
        found.update(_decoded(leaf.entry for leaf in Tree(Folder(folder), size).leaves()))
    return found


def _decoded(rows: Iterable[bytes]) -> Iterator[tuple[UUID, dict[str, Any]]]:
    mark = f'"type":"{ERASURE}"'.encode()
    for encoded in rows:
        if mark in encoded and Erasure.parse(encoded) is not None:
            entry = canonical.decode_strict(encoded)
            yield UUID(entry["case"]), entry
