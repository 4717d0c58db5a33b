"""Who has looked at a case, taken it away, or been refused: its entries in the log of reads, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from audit import READS, SYSTEM_CHAIN, canonical, chain_of
from audit.tables import audit_entry
from bpmn import Rulebook, Text
from workflow.house import House
from workflow.reading.paging import page_of
from workflow.reading.timeline import names_of, open_all
from workflow.reading.words import KINDS, PUBLIC_ROLE, READ
from workflow.store.models import ListedReading

PAGE: Final = 50
_e = audit_entry.c
_LISTED = select(ListedReading.seq).where(ListedReading.case_id == bindparam("case"))
_ABOUT = (_e.chain == bindparam("own")) | ((_e.chain == bindparam("system")) & _e.seq.in_(_LISTED))


@dataclass(frozen=True, slots=True)
class Look:
    """One entry. `kind`: file_read, file_exported or attempt_refused; `reason` is None unless it opened,
    `sealed` says that there is one.
    """

    at: datetime
    kind: str
    what: Text
    person: str
    role: Text
    office: str
    reason: str | None
    sealed: bool


@dataclass(frozen=True, slots=True)
class Readers:
    looks: Sequence[Look]
    total: int
    page: int
    pages: int


def readers(
    house: House, conn: Connection, book: Rulebook, case_id: UUID, page: int, *, opened: bool
) -> Readers:
    """A page of them, the newest first. `opened`: the reader has opened the case, so reasons are shown."""
    own = chain_of(case_id, READS)
    about = {"own": own, "system": chain_of(SYSTEM_CHAIN, READS), "case": case_id}
    total = conn.scalar(select(func.count()).select_from(audit_entry).where(_ABOUT), about) or 0
    at = page_of(total, page, PAGE)
    newest = select(_e.chain, _e.seq, _e.bytes).where(_ABOUT).order_by(_e.recorded_at.desc(), _e.seq.desc())
    rows = conn.execute(newest.limit(PAGE).offset(at.skip), about).all()
    reasons = open_all(house, conn, own) if opened else {}
    entries = [(row, canonical.decode_strict(row.bytes)) for row in rows]
    names = names_of(conn, {entry["actor"]["id"] for _, entry in entries})
    looks = [_look(book, names, entry, reasons.get(row.seq, {}) if row.chain == own else {})
             for row, entry in entries]  # fmt: skip
    return Readers(looks, total, at.number, at.pages)


def _look(
    book: Rulebook, names: Mapping[int, str], entry: Mapping[str, Any], opened: Mapping[str, Any]
) -> Look:
    facts, actor = entry["vars"], entry["actor"]
    what = facts.get("what", "")
    role = actor["role"]
    return Look(
        at=datetime.fromisoformat(entry["at_claimed"]),
        kind=entry["type"],
        what=READ.get(what) or KINDS.get(entry["type"], Text(entry["type"], entry["type"])),
        person=names.get(actor["id"], ""),
        role=book.roles[role].name if role in book.roles else PUBLIC_ROLE,
        office=actor["org"],
        reason=opened.get("reason"),
        sealed="reason" in entry["commit"],
    )
