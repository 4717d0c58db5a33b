"""What has been kept long enough (domain C-23; bpmn/retention.toml), and what the worker does then.

Once a day: what the rules say to delete is deleted, the archive is told of the cases whose time is over
(each once), and an entry of the log says how many. Erasing a case is for two people to decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, false, func, insert, select, text

from audit.driver import on_postgresql
from bpmn.retention import Kept, Retention
from workflow.actor import SYSTEM
from workflow.cases.places import organisation_at
from workflow.cases.refusing import log_system
from workflow.deadlines import SHANGHAI
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import Case, Claim, InboxMessage, RetentionRun, table
from workflow.store.prepared import Prepared

DUE: Final = "retention_due"
ARCHIVE: Final = "ARCH"
AT_ONCE: Final = 200
"""Cases that the archive is told of in one day: the rest comes on the next days."""
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('retention', 0))")
_DONE = Prepared(select(exists().where(RetentionRun.day == bindparam("day")).label("done")))
_UNUSED = Claim.case_id.is_(None)


@dataclass(frozen=True, slots=True)
class Over:
    """A kind of thing, and how much of it was kept long enough: closed or settled before `before`."""

    kept: Kept
    before: date | None
    count: int


def look(conn: Connection, rules: Retention, at: datetime) -> Sequence[Over]:
    """What would be done now; changes nothing."""
    today = at.astimezone(SHANGHAI).date()
    return [Over(kept, kept.before(today), _count(conn, rules, kept, at)) for kept in rules.kept.values()]


def case_is_over(rules: Retention, at: datetime) -> ColumnElement[bool]:
    """The condition for cases that were closed long enough ago and still have their personal data."""
    before = rules.kept["case_file"].before(at.astimezone(SHANGHAI).date())
    if before is None:
        return false()
    until = datetime.combine(before, time(), SHANGHAI).astimezone(UTC)
    return Case.closed_at.is_not(None) & (Case.closed_at < until) & Case.erased_at.is_(None)


def _count(conn: Connection, rules: Retention, kept: Kept, at: datetime) -> int:
    if kept.then == "keep":
        return 0
    if kept.id == "case_file":
        return conn.scalar(select(func.count()).select_from(Case).where(case_is_over(rules, at))) or 0
    return conn.scalar(select(func.count()).select_from(Claim).where(_unused_before(kept, at))) or 0


def _unused_before(kept: Kept, at: datetime) -> ColumnElement[bool]:
    """Bills that came from the insurance to find people, and that no case has taken up."""
    before = kept.before(at.astimezone(SHANGHAI).date())
    return false() if before is None else _UNUSED & (Claim.settled_on < before)


def run_retention(house: House, at: datetime) -> int:
    """The worker's part, once a day however often it is called. Returns how much was deleted or told."""
    today = at.astimezone(SHANGHAI).date()
    with house.reader.connect() as conn:
        if _DONE.scalar(conn, {"day": today}):
            return 0
    rules = house.retention()
    with transaction(house.engine) as conn:
        if on_postgresql(conn):
            conn.execute(_ONE_AT_A_TIME)
        if _DONE.scalar(conn, {"day": today}):
            return 0  # another worker was faster
        deleted = _delete(conn, rules, at)
        asked = _tell(conn, rules, at)
        row = {"day": today, "at": at, "deleted": deleted, "asked": asked}
        conn.execute(insert(table(RetentionRun)), row)
        if deleted or asked:
            facts = {"deleted": {"matching": deleted}, "asked": {"case_file": asked}}
            log_system(house, conn, SYSTEM, "retention_run", facts, at, uuid4().hex)
    return deleted + asked


def _delete(conn: Connection, rules: Retention, at: datetime) -> int:
    kept = rules.kept["matching"]
    if kept.then != "delete":
        return 0
    return conn.execute(delete(Claim).where(_unused_before(kept, at))).rowcount


def _tell(conn: Connection, rules: Retention, at: datetime) -> int:
    """A line in the archive's inbox for each case whose time is over, once."""
    if rules.kept["case_file"].then != "ask":
        return 0
    told = exists().where(InboxMessage.case_id == Case.id, InboxMessage.kind == DUE)
    rows = conn.execute(
        select(Case.id, Case.county)
        .where(case_is_over(rules, at), ~told)
        .order_by(Case.closed_at, Case.id)
        .limit(AT_ONCE)
    ).all()
    if rows:
        lines = [
            {"org": organisation_at("county", "msb", row), "role": ARCHIVE, "kind": DUE, "case_id": row.id,
             "params": {}, "at": at}
            for row in rows
        ]  # fmt: skip
        conn.execute(insert(table(InboxMessage)), lines)
    return len(rows)
