"""Build the facts whole: one reading of everything, in one snapshot of the database, into a new file
that then takes the place of the old one. Nothing is asked case by case.
"""

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid4

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection

from audit import READS, chain_of
from workflow.facts.case_rows import CaseRows, second_pass
from workflow.facts.casework import Casework, Told, faults_of, looked
from workflow.facts.entries import chains
from workflow.facts.forms_then import FormsThen
from workflow.facts.hashing import Hashing
from workflow.facts.registers import Found, Reading, first_pass
from workflow.facts.schema import tables
from workflow.facts.store import facts_file
from workflow.facts.times import LOCAL, Days
from workflow.house import House
from workflow.store.models import Case, Paper, Representative

AT_ONCE: Final = 2_000
EARLIEST: Final = 1990
"""Bills, categories and births of rosters before that year are counted without working days."""
INDEXED: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("case_id, seq", "node", "actor_id, claimed_at"),
    "task": ("case_id, task_id", "case_id, done_by, done_seq", "done_by, done_at"),
    "clock": ("clock_id",),
    "person": ("person_id", "household_id", "account_hash"),
    "claim": ("case_id", "person_id", "household_id"),
    "category": ("person_id",),
    "household": ("household_id",),
    "cases": ("case_id", "applicant_id", "household_id"),
    "link": ("other_id",),
    "reading": ("case_id, actor_id, at", "actor_id, at"),
    "workday": ("day",),
    "account": ("account_id",),
    "seat": ("account_id",),
    "leave": ("account_id",),
    "kin": ("household_id",),
    "calc_bill": ("calc_id",),
    "paper": ("sha256",),
    "payment": ("account_hash",),
}
"""Beside `case_id`, by which every table that has it can be found."""
MEMBERS: Final = (
    "UPDATE household SET members = n "
    "FROM (SELECT household_id AS of_id, count(*) AS n FROM person GROUP BY 1) WHERE household_id = of_id"
)
PRESSURE: Final = (
    "INSERT INTO pressure (case_id, kind, at, other_id) "
    "SELECT l.other_id, coalesce(json_extract(e.answers, '$.remedy'), 'review'), c.opened_at, l.case_id "
    "FROM link l JOIN cases c ON c.case_id = l.case_id JOIN event e ON e.case_id = l.case_id AND e.seq = 0 "
    "WHERE l.kind = 'appeal'",
    "INSERT INTO pressure (case_id, kind, at, other_id) "
    "SELECT case_id, 'objection', received_at, NULL FROM objection",
    "INSERT INTO pressure (case_id, kind, at, other_id) "
    "SELECT case_id, 'leader_note', claimed_at, NULL FROM event "
    "WHERE json_extract(answers, '$.leader_note') = 1",
    "INSERT INTO pressure (case_id, kind, at, other_id) "
    "SELECT l.other_id, 'leader_note', c.opened_at, l.case_id "
    "FROM link l JOIN event e ON e.case_id = l.case_id JOIN cases c ON c.case_id = l.case_id "
    "WHERE l.kind = 'appeal' AND json_extract(e.answers, '$.petition_pressure') = 'leader_note'",
)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Built:
    """How much the facts hold, and the instant they tell of."""

    at: datetime
    cases: int
    entries: int


def build(house: House, at: datetime, progress: Progress = lambda done, of: None) -> Built:
    """Build the facts as of `at` and put them in the place of those that are there. `progress`: cases
    done, of all.

    Raises:
        KeyRefused: the key of the facts is open to others. VaultError, DBAPIError: nothing is replaced.
    """
    path = facts_file(house.home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        target = sqlite.connect(draft, isolation_level=None)
        try:
            with _snapshot(house) as conn, _collector_at_rest():
                built = _Building(house, conn, target, at).run(progress)
        finally:
            target.close()
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return built


@contextmanager
def _snapshot(house: House) -> Iterator[Connection]:
    """One moment of the database, whatever is written meanwhile."""
    with house.reader.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn = conn.execution_options(isolation_level="REPEATABLE READ")
        yield conn


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Rows make no circles, and to look for circles among millions of them takes a good part of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Building:
    def __init__(self, house: House, conn: Connection, target: Any, at: datetime) -> None:
        self.house, self.conn, self.target, self.at = house, conn, target, at
        today = at.astimezone(LOCAL).date()
        self.days = Days(house.calendar(), date(EARLIEST, 1, 1), date(today.year + 2, 12, 31))
        self.read = Reading(conn, Hashing(house.home), self.days, at)
        self.forms = FormsThen(house)
        self.entries = 0

    def run(self, progress: Progress) -> Built:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY"):
            self.target.execute(f"PRAGMA {pragma}")
        self.target.execute("BEGIN")
        for each in tables().values():
            self.target.execute(each.create)
        self._insert("workday", self.days.rows)
        self._insert("limits", self._limits())
        self._insert("policy_posting", self._policy_postings())
        self._insert("policy_kind", self._kinds_of_bills())
        for name, rows in first_pass(self.read).items():
            self._insert(name, rows())
        self.target.execute(MEMBERS)
        cases = {row.id: row for row in self.read.rows(Case)}
        told = self._log(cases, progress)
        for name, rows in second_pass(CaseRows(self.read, self.forms, told, cases)).items():
            self._insert(name, rows())
        for statement in PRESSURE:
            self.target.execute(statement)
        self._index()
        self.target.execute("COMMIT")
        self.target.execute("ANALYZE")
        return Built(self.at, len(cases), self.entries)

    def _log(self, cases: Mapping[UUID, Any], progress: Progress) -> Mapping[UUID, Told]:
        reads = {chain_of(case, READS): case for case in cases}
        villages = {case.hex: row.village for case, row in cases.items()}
        work = Casework(self.read.hashing, self.forms, villages, self._representatives(), self._kinds())
        told: dict[UUID, Told] = {}
        for chain in chains(self.conn, self.house.vault):
            self.entries += len(chain.entries)
            case = reads.get(chain.id) if chain.log else (chain.id if chain.id in cases else None)
            named = None if case is None else case.hex
            erased = case is not None and cases[case].erased_at is not None
            work.rows["chain_fault"] += faults_of(chain, named, erased)
            if chain.log:
                for name, row in looked(chain, named):
                    work.rows[name].append(row)
            elif case is not None:
                told[case] = work.take(chain)
                self._row_fault(work, case, cases[case].seq, chain.entries[-1].seq if chain.entries else -1)
                progress(len(told), len(cases))
            self._flush(work, AT_ONCE)
        self._flush(work, 0)
        return told

    def _row_fault(self, work: Casework, case: UUID, seq: int, last: int) -> None:
        if seq != last:
            row = {"case_id": case.hex, "log": "cases", "seq": last, "fault": "case_row"}
            work.rows["chain_fault"].append(row)

    def _flush(self, work: Casework, above: int) -> None:
        for name, rows in work.rows.items():
            if len(rows) > above:
                self._insert(name, rows)
                rows.clear()

    def _representatives(self) -> Mapping[tuple[str, str], list[tuple[str, str | None]]]:
        found: dict[tuple[str, str], list[tuple[str, str | None]]] = defaultdict(list)
        for row in self.read.rows(Representative):
            hashed = self.read.hashing.plain("name", row.name)
            found[row.village, hashed or ""].append(
                (row.valid_from.isoformat(), row.valid_to and row.valid_to.isoformat())
            )
        return found

    def _kinds(self) -> Mapping[tuple[str, int], Mapping[str, str]]:
        """Case and entry → kind of paper → digest."""
        found: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        for row in self.read.rows(Paper):
            found[row.case_id.hex, row.seq][row.kind] = row.sha256
        return found

    def _limits(self) -> Iterator[Found]:
        for policy, terms in self.house.rules().terms.items():
            for limit in terms.limits.values():
                yield {"policy": policy, "limit_id": limit.id, "name": limit.name.zh, "amount": limit.amount,
                       "unit": limit.unit}  # fmt: skip

    def _policy_postings(self) -> Iterator[Found]:
        for policy, terms in self.house.rules().policies.items():
            asked = terms.procedure
            hung = (asked.posting_review, asked.posting_audit, asked.posting_decision)
            yield from ({"policy": policy, "number": n} for n, wanted in enumerate(hung, 1) if wanted)

    def _kinds_of_bills(self) -> Iterator[Found]:
        for policy in self.house.rules().policies.values():
            for kind in policy.kinds:
                yield {"policy": policy.id, "kind": kind}

    def _insert(self, name: str, rows: Iterable[Found]) -> None:
        statement, remaining = tables()[name].insert, iter(rows)
        while batch := list(islice(remaining, AT_ONCE)):
            self.target.executemany(statement, batch)

    def _index(self) -> None:
        number = 0
        for each in tables().values():
            wanted = list(INDEXED.get(each.name, ()))
            if "case_id" in each.columns and not any(one.startswith("case_id") for one in wanted):
                wanted.append("case_id")
            for columns in wanted:
                number += 1
                self.target.execute(f'CREATE INDEX ix_{number} ON "{each.name}" ({columns})')
