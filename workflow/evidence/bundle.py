"""The evidence of one case in one file, for people who have nothing else: what `audit.checker` checks.

Everything the reader may see of the case, nothing more; what stays closed is named as closed. The bytes of
the file depend on nothing but the case, the reader and the published checkpoint.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, select

from audit import canonical
from audit.checker import mingjian_check as checker
from audit.entry import LOG, READS, shape_fault
from audit.extract import Extract, Piece, extract
from audit.keyring import TREE
from audit.note import Note
from audit.publishing import CHECKPOINT, KEYS
from audit.standing import PUBLISHED, SUBFOLDERS
from audit.tables import audit_key, audit_vault
from audit.tiles import Folder
from audit.vault import VaultError
from workflow.actor import Actor
from workflow.errors import NotAllowed
from workflow.evidence.archive import Archive
from workflow.evidence.documents import SHEET, letter_bytes, sheet_bytes
from workflow.evidence.readme import README, readme
from workflow.house import House
from workflow.letters import Document, write
from workflow.papers import PaperMissing
from workflow.permissions import MATRIX, require
from workflow.reading.access import Access, access_to
from workflow.reading.case_row import read_case
from workflow.reading.said import OBJECTION_FIELDS
from workflow.store.models import Calculation, Letter, Paper, RulebookRelease, RuleFile

CHECKER: Final = Path(checker.__file__)
FORMAT: Final = checker.FORMAT
SUFFIXES: Final[Mapping[str, str]] = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "text/plain": ".txt",
}


def write_bundle(
    house: House, conn: Connection, actor: Actor, case_id: UUID, out: BinaryIO, at: datetime
) -> None:
    """Write the evidence of a case as far as this reader may see it.

    The caller has logged the export, with its reason (`LogReading` of "bundle").

    Raises:
        NotFound, NotAllowed; TreeBroken when the published log is damaged.
    """
    row = read_case(conn, case_id)
    access = access_to(conn, actor, row)
    require(actor, "export_case", area=row.village, met={"reason"})
    archive = Archive()
    found = extract(conn, Folder(house.home / PUBLISHED), published_note(house.home), case_id)
    _add_log(archive, found)
    seen_by = _add_reads(house, conn, archive, actor, row)
    closed = _add_openings(house, conn, archive, case_id, found, access)
    whole = row.erased_at is None
    left_out = _add_papers(house, conn, archive, case_id, access) if whole else []
    if whole and access.sealed and access.whole:
        _add_letters(house, conn, archive, row)
    if whole and access.money:
        _add_sheets(conn, archive, case_id)
    _add_rules(conn, archive, set(_rules_named(found.own)))
    content = CHECKER.read_bytes()
    archive.add(CHECKER.name, content)
    role = MATRIX.role_name(actor.role)
    archive.add(README, readme(row.number, at, role.zh, hashlib.sha256(content).hexdigest()))
    archive.write(
        out,
        {
            "format": FORMAT,
            "case": str(case_id),
            "number": row.number,
            "reader": {"role": actor.role, "org": actor.org},
            "made_at": at.isoformat(timespec="seconds"),
            "log_keys": [
                *([] if found.note is None else log_keys(house.home)),
                *(log_keys(house.home, READS) if seen_by else []),
            ],
            "closed": closed,
            "left_out": left_out,
        },
    )


def published_note(home: Path, log: str = LOG) -> Note | None:
    """The checkpoint that is out; None before the first."""
    try:
        return Note.parse((home / PUBLISHED / SUBFOLDERS[log] / CHECKPOINT).read_bytes())
    except FileNotFoundError:
        return None


def log_keys(home: Path, log: str = LOG) -> list[str]:
    """A log's own public keys, as the office names them: for a reader without a policy."""
    try:
        known = orjson.loads((home / PUBLISHED / KEYS).read_bytes())["keys"]
    except FileNotFoundError:
        return []
    return [key["vkey"] for key in known if (key["log"], key["purpose"]) == (log, TREE)]


def _add_log(archive: Archive, found: Extract, below: str = "") -> None:
    if found.note is not None:
        archive.add(f"{below}checkpoint", bytes(found.note))
    for piece in found.own:
        _add_piece(archive, f"{below}entries/{piece.seq:06d}", piece)
    for place, piece in found.around.items():
        _add_piece(archive, f"{below}log/{place:012d}", piece)


def _add_reads(house: House, conn: Connection, archive: Archive, actor: Actor, case: Any) -> bool:
    """Who has looked at the case, for those who may see that; as far as it is published. Whether any is."""
    try:
        require(actor, "replay", area=case.village)
    except NotAllowed:
        return False
    folder, note = Folder(house.home / PUBLISHED / SUBFOLDERS[READS]), published_note(house.home, READS)
    found = extract(conn, folder, note, case.id, READS)
    own = tuple(piece for piece in found.own if piece.proof is not None)
    if own:
        _add_log(archive, replace(found, own=own), checker.READS)
    return bool(own)


def _add_piece(archive: Archive, name: str, piece: Piece) -> None:
    archive.add(f"{name}.json", piece.encoded)
    if piece.signature is not None:
        archive.add(f"{name}.sig", piece.signature)
    if piece.proof is not None:
        archive.add(f"{name}.tlog-proof", str(piece.proof).encode())


def _rules_named(pieces: Iterable[Piece]) -> Iterator[str]:
    """The rule books that entries name. One that was damaged names none: its bytes are evidence too."""
    for piece in pieces:
        try:
            entry = canonical.decode_strict(piece.encoded)
        except canonical.CanonicalError:
            continue  # the checker says what is wrong with it
        if shape_fault(entry) is None:
            yield entry["rule"]


def _add_openings(
    house: House, conn: Connection, archive: Archive, case_id: UUID, found: Extract, access: Access
) -> dict[str, list[str]]:
    """The openings the reader may see. Returns what stays closed: seq → fields."""
    rows = conn.execute(
        select(audit_vault, audit_key.c.wrapped)
        .join(audit_key, audit_key.c.chain == audit_vault.c.chain)
        .where(audit_vault.c.chain == case_id)
    )
    kept = {row.seq: row for row in rows}
    closed: dict[str, list[str]] = {}
    for piece in found.own:
        row = kept.get(piece.seq)
        if row is None:
            continue  # erased, or gone: the checker says which
        try:
            values = house.vault.unseal(case_id, piece.seq, row.wrapped, row.nonce, row.sealed)
        except VaultError:
            continue
        seen = {field for field in values if _may_open(access, field)}
        if seen:
            openings = {field: [values[field][0].hex(), values[field][1]] for field in sorted(seen)}
            archive.add(f"openings/{piece.seq:06d}.json", canonical.encode(openings, checker.JSON_FILE))
        if hidden := sorted(values.keys() - seen):
            closed[str(piece.seq)] = hidden
    return closed


def _may_open(access: Access, field: str) -> bool:
    if field.startswith(SHEET):
        return access.money  # a fingerprint, without which the sheet proves nothing
    return access.objections if field in OBJECTION_FIELDS else access.sealed


def _add_papers(house: House, conn: Connection, archive: Archive, case_id: UUID, access: Access) -> list[str]:
    """The papers themselves. Returns the digests of those that are not given out or are gone."""
    rows = conn.execute(
        select(Paper.kind, Paper.sha256, Paper.mime).where(Paper.case_id == case_id).order_by(Paper.id)
    ).all()
    left_out, added = [], set()
    for row in rows:
        if row.sha256 in added:
            continue  # the same paper handed in twice
        if not (access.sealed and access.paper(row.kind)):
            left_out.append(row.sha256)
            continue
        added.add(row.sha256)
        name = f"papers/{len(added):02d}-{row.kind}{SUFFIXES.get(row.mime, '')}"
        try:
            house.files.read(row.sha256)
        except PaperMissing:
            continue  # the checker says that it is missing
        archive.add_later(name, partial(house.files.read, row.sha256))
    return left_out


def _add_letters(house: House, conn: Connection, archive: Archive, case: Any) -> None:
    letters = house.rules(case.rulebook).rulebook.letters
    rows = conn.execute(select(Letter.__table__).where(Letter.case_id == case.id).order_by(Letter.id))
    for number, row in enumerate(rows, start=1):
        name = f"letters/{number:02d}-{row.kind}"
        archive.add(f"{name}.json", letter_bytes(row.kind, row.number, row.fields))
        archive.add(f"{name}.txt", letter_text(write(letters[row.kind], row.fields)))


def letter_text(letter: Document) -> bytes:
    """A letter to read: its wording, filled in, without any layout."""
    lines = [letter.title, letter.number, "", *letter.paragraphs]
    lines += [f"{label}：{value}" for label, value in letter.table]
    lines += [*letter.after, *letter.rights, "", *letter.closing]
    return ("\n".join(lines) + "\n").encode()


def _add_sheets(conn: Connection, archive: Archive, case_id: UUID) -> None:
    rows = conn.execute(
        select(Calculation.__table__).where(Calculation.case_id == case_id).order_by(Calculation.id)
    )
    for row in rows:
        archive.add(f"calculations/{row.seq:06d}.json", sheet_bytes(row.policy, row.aid, row.sheet))


def _add_rules(conn: Connection, archive: Archive, digests: Collection[str]) -> None:
    """Every file of the rule books the entries name: diagrams, forms, limits, policies."""
    books = conn.execute(
        select(RulebookRelease.digest, RulebookRelease.manifest).where(RulebookRelease.digest.in_(digests))
    ).all()
    wanted = {sha for book in books for sha in book.manifest.values()}
    rows = conn.execute(select(RuleFile.sha256, RuleFile.content).where(RuleFile.sha256.in_(wanted)))
    content = {row.sha256: bytes(row.content) for row in rows}
    for book in books:
        for path, sha in book.manifest.items():
            if sha in content:
                archive.add(f"rules/{book.digest}/{path}", content[sha])
