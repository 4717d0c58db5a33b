"""What leaves the house: payment orders for the bank, and the finished case file. Messages, which go by a
channel, are sent by `workflow.alerts.sending`.

A row of the outbox commits with the step that asked for it. A worker takes a row under a lease, does
the work, and marks it done; killed in between, another takes it up when the lease is over. Every
effect writes one file under a name of its own, so doing it twice does it once.
"""

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, exists, select, update

import audit
from workflow.house import House
from workflow.letters import write
from workflow.papers import PaperMissing, while_none_is_added
from workflow.receipts import proof_of
from workflow.store import transaction
from workflow.store.connect import leave_no_old_pages
from workflow.store.models import Case, Letter, Outbox, Paper, Payment, table
from workflow.store.prepared import Prepared

LEASE = timedelta(minutes=5)
PATIENCE = timedelta(seconds=5)
BACK_OFF = timedelta(minutes=10)
OUTBOX = table(Outbox)
_IS_DUE = (OUTBOX.c.done_at.is_(None), OUTBOX.c.available_at <= bindparam("at"), OUTBOX.c.channel.is_(None))
_ANYTHING = Prepared(select(exists().where(*_IS_DUE).label("due")))
_OLDEST = (
    select(OUTBOX.c.id)
    .where(*_IS_DUE)
    .order_by(OUTBOX.c.available_at, OUTBOX.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_TAKE = Prepared(
    update(OUTBOX)
    .where(OUTBOX.c.id == _OLDEST)
    .values(attempts=OUTBOX.c.attempts + 1, available_at=bindparam("until"))
    .returning(*OUTBOX.c)
)
_OURS = update(OUTBOX).where(OUTBOX.c.id == bindparam("row"), OUTBOX.c.attempts == bindparam("attempt"))
_DONE = Prepared(_OURS.values(done_at=bindparam("when")))
_AGAIN = Prepared(_OURS.values(available_at=bindparam("when")))

log = structlog.get_logger("outbox")


class NoReceipt(Exception):
    """The entry is not published yet, so nothing leaves on its strength."""


def deliver_next(house: House, at: datetime) -> bool:
    """Take the oldest row that is due and do it; False when there is none."""
    with house.reader.connect() as conn:  # whoever finds nothing keeps no writer waiting
        if not _ANYTHING.scalar(conn, {"at": at}):
            return False
    with transaction(house.engine) as conn:
        row = _TAKE.first(conn, {"at": at, "until": at + LEASE})
    if row is None:
        return False
    try:
        EFFECTS[row.kind](house, row)
    except NoReceipt:
        _mark(house, row, _AGAIN, at + PATIENCE)
        return True
    except (OSError, PaperMissing) as error:
        log.error("outbox_failed", id=row.id, kind=row.kind, error=type(error).__name__)
        _mark(house, row, _AGAIN, at + BACK_OFF * min(row.attempts, 6))
        return True
    _mark(house, row, _DONE, at)
    return True


def _mark(house: House, row: Row[Any], mark: Prepared, when: datetime) -> None:
    """Only while the lease is still ours: somebody else may have taken the row up meanwhile."""
    with transaction(house.engine) as conn:
        mark.change(conn, {"row": row.id, "attempt": row.attempts, "when": when})


def order_payment(house: House, row: Row[Any]) -> None:
    """One file per order for the bank: amount, account, holder, case number; and beside it its receipt.

    Raises NoReceipt while the log with the order has not been published.
    """
    with house.reader.connect() as conn:
        receipt = proof_of(conn, row.case_id, row.payload["seq"])
        if receipt is None:
            raise NoReceipt
        payment = conn.execute(
            select(table(Payment), Case.number)
            .join(Case, Case.id == Payment.case_id)
            .where(Payment.case_id == row.case_id, Payment.attempt == row.payload["attempt"])
        ).one()
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["案件编号", "次数", "户名", "账号", "金额"])
    lines.writerow(
        [
            payment.number,
            payment.attempt,
            payment.account_holder,
            payment.account_number,
            f"{payment.amount:.2f}",
        ]
    )
    name = f"{payment.number}-{payment.attempt}"
    _place(house, house.home / "payments" / f"{name}.tlog-proof", receipt.encode())
    _place(house, house.home / "payments" / f"{name}.csv", out.getvalue().encode("utf-8-sig"))


def archive(house: House, row: Row[Any]) -> None:
    """The case file of F16: catalogue, letters, papers, the entries as they stand in the log."""
    with house.reader.connect() as conn:
        case = conn.execute(select(table(Case)).where(Case.id == row.case_id)).one()
        content = _file(house, conn, case)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as volume:
        for name, data in content.items():
            volume.writestr(zipfile.ZipInfo(name, (case.closed_at or case.opened_at).timetuple()[:6]), data)
    _place(house, house.home / "archive" / f"{case.number}.zip", out.getvalue())


def _file(house: House, conn: Connection, case: Row[Any]) -> dict[str, bytes]:
    """Path in the volume → bytes; the catalogue names them all with their digests."""
    rules = house.rules(case.rulebook)
    content: dict[str, bytes] = {}
    catalogue: list[dict[str, Any]] = []
    letters = conn.execute(select(table(Letter)).where(Letter.case_id == case.id).order_by(Letter.id)).all()
    for letter in letters:
        document = write(rules.rulebook.letters[letter.kind], letter.fields)
        rows = [f"{label}：{value}" for label, value in document.table]
        parts = [document.title, document.number, *document.paragraphs, *rows]
        parts += [*document.after, *document.rights, *document.closing]
        name = f"letters/{letter.id}-{letter.kind}.txt"
        content[name] = "\n".join(parts).encode()
        catalogue.append({"file": name, "kind": letter.kind, "number": letter.number})
    papers = conn.execute(select(table(Paper)).where(Paper.case_id == case.id).order_by(Paper.id)).all()
    for paper in papers:
        name = f"papers/{paper.id}-{paper.kind}{Path(paper.name).suffix}"
        content[name] = house.files.read(paper.sha256)
        catalogue.append({"file": name, "kind": paper.kind, "sha256": paper.sha256, "entry": paper.seq})
    entries = [stored.bytes for stored in audit.entries(conn, case.id)]
    content["entries.jsonl"] = b"\n".join(entries) + b"\n"
    catalogue.append({"file": "entries.jsonl", "count": len(entries)})
    head = {"case": case.number, "outcome": case.outcome, "rulebook": case.rulebook, "content": catalogue}
    content["catalogue.json"] = json.dumps(head, ensure_ascii=False, indent=1).encode()
    return content


def _place(house: House, path: Path, content: bytes) -> None:
    """Write beside, flush, then move into place: never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(path.suffix + ".part")
    with open(beside, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(content)
        out.flush()
        house.fsync(out.fileno())
    os.replace(beside, path)


def erase_files(house: House, row: Row[Any]) -> None:
    """After an erasure: the case's papers that no other case has, its archived volume, its payment files, and
    the pages of the database as they were before.

    Raises StillRead: those pages are read just now; it is tried again later.
    """
    papers = table(Paper)
    with transaction(house.engine) as conn:
        while_none_is_added(conn)
        number = conn.scalar(select(Case.number).where(Case.id == row.case_id))
        others = select(papers.c.sha256).where(papers.c.case_id != row.case_id)
        own = select(papers.c.sha256).where(papers.c.case_id == row.case_id, papers.c.sha256.not_in(others))
        for digest in filter(None, conn.scalars(own).all()):
            house.files.path(digest).unlink(missing_ok=True)
        conn.execute(update(papers).where(papers.c.case_id == row.case_id).values(sha256=""))
    (house.home / "archive" / f"{number}.zip").unlink(missing_ok=True)
    for file in (house.home / "payments").glob(f"{number}-*"):
        file.unlink()
    leave_no_old_pages(house.engine)


EFFECTS: Mapping[str, Callable[[House, Row[Any]], None]] = {
    "payment_order": order_payment,
    "archive_file": archive,
    "erase_files": erase_files,
}
