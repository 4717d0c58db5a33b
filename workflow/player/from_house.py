"""The record of a case out of the office's own database."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from audit import READS, VaultError, canonical, chain_of
from audit.checker.mingjian_check import erasures
from audit.tables import audit_entry, audit_key, audit_vault
from bpmn import Text
from workflow.evidence.documents import SHEET, sheet_bytes
from workflow.house import House
from workflow.player.film import Frame
from workflow.player.kept import Executed, executed
from workflow.player.record import Held, LetterThen, PaperThen, Record, Refused, SheetThen
from workflow.player.values import Sealed
from workflow.reading.timeline import names_of
from workflow.reading.words import PUBLIC_ROLE
from workflow.store.models import Calculation, Letter, Organisation, Paper

_e = audit_entry.c
_ENTRIES = select(_e.seq, _e.bytes)


@dataclass(frozen=True, slots=True)
class Played:
    """The record, and when it was executed and what the chain's verification found."""

    record: Record
    executed: Executed


def record_of(
    house: House, conn: Connection, row: Any, now: datetime, *, opened: bool, fresh: bool
) -> Played:
    """The record of the case `row` (`reading.case_row`) for an inspector.

    `opened`: with a reason that stands in the log; `fresh`: execute it again, whatever is kept.
    """
    encoded = _encoded(conn, row.id)
    done = executed(house, conn, row.id, encoded, now, fresh=fresh)
    frames = done.film.frames
    entries = [frame.entry for frame in frames if frame.entry is not None]
    sealed = Sealed(_given(house, conn, row.id), opened=opened, erased=erasures(entries))
    refused = _refused(conn, row.id)
    people = names_of(conn, {entry["actor"]["id"] for entry in (*entries, *refused)})
    rules = house.rules(row.rulebook)
    roles = rules.rulebook.roles
    record = Record(
        case_id=row.id,
        number=row.number,
        books=house,
        encoded=encoded,
        film=done.film,
        sealed=sealed,
        calendar=house.calendar(),
        papers=_papers(house, conn, row, frames, sealed),
        sheets=_sheets(conn, row.id, frames, sealed),
        letters=_letters(conn, row, rules),
        refused=[
            Refused(
                datetime.fromisoformat(one["at_recorded"]),
                people.get(one["actor"]["id"], ""),
                roles[one["actor"]["role"]].name if one["actor"]["role"] in roles else PUBLIC_ROLE,
                str(one["vars"].get("action", "")),
                str(one["vars"].get("detail", "")),
            )
            for one in refused
        ],
        people=people,
        offices=_offices(conn, {entry["actor"]["org"] for entry in entries}),
    )
    record.notes = tuple(_notes(record, row))
    return Played(record, done)


def _encoded(conn: Connection, case_id: UUID) -> list[bytes | None]:
    """The bytes of all entries by their number; None for one that is missing."""
    found = {row.seq: bytes(row.bytes) for row in conn.execute(_ENTRIES.where(_e.chain == case_id))}
    return [found.get(seq) for seq in range(max(found, default=-1) + 1)]


def _given(house: House, conn: Connection, case_id: UUID) -> dict[int, Mapping[str, tuple[bytes, Any]]]:
    wrapped = conn.scalar(select(audit_key.c.wrapped).where(audit_key.c.chain == case_id))
    if wrapped is None:
        return {}
    rows = select(audit_vault.c.seq, audit_vault.c.nonce, audit_vault.c.sealed)
    found: dict[int, Mapping[str, tuple[bytes, Any]]] = {}
    for seq, nonce, content in conn.execute(rows.where(audit_vault.c.chain == case_id)):
        try:
            found[seq] = house.vault.unseal(case_id, seq, wrapped, nonce, content)
        except VaultError:  # what should be there and is not is shown as gone
            continue
    return found


def _papers(
    house: House, conn: Connection, row: Any, frames: Sequence[Frame], sealed: Sealed
) -> list[PaperThen]:
    """One for each paper the entries name, with the row and the file that belong to it."""
    rows = conn.execute(
        select(Paper.id, Paper.seq, Paper.kind, Paper.sha256)
        .where(Paper.case_id == row.id)
        .order_by(Paper.id)
    ).all()
    kinds = house.rules(row.rulebook).rulebook.papers
    by_entry: dict[int, list[Any]] = {}
    for paper in rows:
        by_entry.setdefault(paper.seq, []).append(paper)
    found = []
    for frame in frames:
        for number, attached in enumerate(frame.entry["attach"] if frame.entry is not None else ()):
            mine = by_entry.get(frame.seq, [])
            one = mine[number] if number < len(mine) else None
            digest = sealed.digest(frame.seq, f"attach.{number}", attached["commit"])
            kind = one.kind if one is not None else ""
            name = kinds[kind].name if kind in kinds else Text(f"第{number + 1}份", f"paper {number + 1}")
            found.append(
                PaperThen(
                    frame.seq, name, attached["size"], digest, _held(house, row, digest),
                    one.id if one is not None and row.erased_at is None else None,
                )
            )  # fmt: skip
    return found


def _held(house: House, row: Any, digest: str | None) -> Held:
    if digest is None:
        return "erased" if row.erased_at is not None else "gone"
    return "held" if house.files.has(digest) else "gone"


def _sheets(conn: Connection, case_id: UUID, frames: Sequence[Frame], sealed: Sealed) -> list[SheetThen]:
    rows = conn.execute(
        select(Calculation.__table__).where(Calculation.case_id == case_id).order_by(Calculation.id)
    )
    found: list[SheetThen] = []
    for row in rows:
        digest = hashlib.sha256(sheet_bytes(row.policy, row.aid, row.sheet)).hexdigest()
        entry = frames[row.seq].entry if row.seq < len(frames) else None
        wanted = {
            sealed.digest(row.seq, name, commit)
            for name, commit in (entry["commit"] if entry is not None else {}).items()
            if name.startswith(SHEET)
        } - {None}
        fits = digest in wanted if wanted else None
        found.append(SheetThen(row.seq, row.policy, row.aid, row.sheet, fits))
    return found


def _letters(conn: Connection, row: Any, rules: Any) -> list[LetterThen]:
    if row.erased_at is not None:
        return []
    titles = rules.rulebook.letters
    rows = conn.execute(
        select(Letter.id, Letter.seq, Letter.kind, Letter.number)
        .where(Letter.case_id == row.id)
        .order_by(Letter.id)
    )
    return [
        LetterThen(
            one.seq,
            titles[one.kind].title if one.kind in titles else Text(one.kind, one.kind),
            one.number,
            one.id,
        )
        for one in rows
    ]


def _refused(conn: Connection, case_id: UUID) -> list[dict[str, Any]]:
    """The attempts at this case that were refused: entries of the log of reads."""
    rows = conn.scalars(select(_e.bytes).where(_e.chain == chain_of(case_id, READS)).order_by(_e.seq))
    found = []
    for encoded in map(bytes, rows):
        if b'"type":"attempt_refused"' in encoded:
            try:
                found.append(canonical.decode_strict(encoded))
            except canonical.CanonicalError:  # `audit verify` names it
                continue
    return found


def _offices(conn: Connection, told: set[str]) -> Mapping[str, str]:
    """Office as the log names it (of a village only its township) → name."""
    codes = {f"{org}000" if len(org) == 9 and org.isdigit() else org: org for org in told}
    rows = conn.execute(
        select(Organisation.code, Organisation.name).where(Organisation.code.in_(sorted(codes)))
    )
    return {codes[row.code]: row.name for row in rows}


def _notes(record: Record, row: Any) -> list[Text]:
    """What the record as a whole does not say as the database does."""
    film, notes = record.film, []
    if row.erased_at is not None:
        notes.append(
            Text(
                "个人信息已依法删除：流程、数字和时间还在，封存的内容、材料和文书不能再看。",
                "The personal data were erased by law: steps, figures and times are there; sealed values, "
                "papers and letters are not.",
            )
        )
    if film.first_difference is None and film.state != bytes(row.engine):
        notes.append(Text("数据库里的状态与重放结果不同", "the stored state differs from the replayed one"))
    elif film.first_difference is None and film.legal != row.state:
        notes.append(
            Text(
                f"案件的状态是{row.state}，重放得到{film.legal}",
                f"the case says {row.state}, not {film.legal}",
            )
        )
    if len(film.frames) != row.seq + 1:
        notes.append(
            Text(
                f"应有{row.seq + 1}条，只有{len(film.frames)}条",
                f"{row.seq + 1} entries expected, {len(film.frames)} found",
            )
        )
    return notes
