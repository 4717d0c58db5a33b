"""The cases and their log, part by part: each part is read, and its rows are made, without the others."""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from audit import READS, chain_of
from audit.tables import audit_head
from workflow.facts.case_rows import CaseRows, second_pass
from workflow.facts.casework import Casework, faults_of, looked
from workflow.facts.drafts import AT_ONCE, add_rows, claim, tables_in
from workflow.facts.entries import Part, chains
from workflow.facts.forms_then import FormsThen
from workflow.facts.hashing import Hashing
from workflow.facts.registers import Reading
from workflow.facts.times import LOCAL, days_of
from workflow.house import House, read_calendar_of
from workflow.store.models import Case, Representative, table

ENTRIES: Final = 40_000
"""Of the log in one part: about 12 seconds of one core, several times what a process takes to start."""
EARLIEST: Final = 1990
"""Bills, categories and births of rosters before that year are counted without working days."""


def entries_of(conn: Connection) -> int:
    """How many entries both logs have, by the ends of their chains."""
    return int(conn.scalar(select(func.sum(audit_head.c.seq + 1))) or 0)


def divided(conn: Connection, entries: int) -> list[Part]:
    """Both logs in parts of about so many entries. It follows from the log alone, and so does the order of
    all rows, whoever makes them. What no head tells of is in some part, too: the parts leave no gap.
    """
    ends, told = [], 0
    for chain, seq in conn.execute(select(audit_head.c.chain, audit_head.c.seq).order_by(audit_head.c.chain)):
        told += seq + 1
        if told >= entries:
            ends.append(chain)
            told = 0
    if told == 0:
        ends = ends[:-1]
    return [Part(*each) for each in zip(range(len(ends) + 1), [None, *ends], [*ends, None], strict=True)]


def file_of(folder: Path, part: Part) -> Path:
    """The file of a part; whoever makes it makes the part."""
    return folder / f"part-{part.number}.sqlite"


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Rows make no circles, and to look for circles among millions of them takes a good part of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class Walk:
    """One process's way through its parts, all at one moment of the database: that of `conn`."""

    def __init__(self, house: House, conn: Connection, at: datetime) -> None:
        self._vault = house.vault
        today = at.astimezone(LOCAL).date()
        days = days_of(read_calendar_of(conn), date(EARLIEST, 1, 1), date(today.year + 2, 12, 31))
        self.read = Reading(conn, Hashing(house.home), days, at)
        self._forms = FormsThen(house)
        case = table(Case).c
        self.erased = {
            row.id: row.erased_at is not None for row in conn.execute(select(case.id, case.erased_at))
        }
        """Every case of the county."""
        self._reads = {chain_of(each, READS): each for each in self.erased}
        self._representatives = self._spans()

    def make(self, part: Part, folder: Path, done: Callable[[], None]) -> int | None:
        """Make the file of a part in `folder`, see `write`; None where another process has claimed it."""
        path = file_of(folder, part)
        if not claim(path):
            return None
        with tables_in(path) as target:
            entries = self.write(part, target, done)
            target.execute("COMMIT")
        return entries

    def write(self, part: Part, target: Any, done: Callable[[], None]) -> int:
        """Make the rows of one part. `done`: called for each case. Returns the number of entries.

        Raises:
            VaultError: the vault is not the one of this log. DBAPIError.
        """
        read = self.read.within(part)
        cases = {row.id: row for row in read.of_cases(Case)}
        rows = CaseRows(read, self._forms, {}, cases)
        villages = {case.hex: row.village for case, row in cases.items()}
        work = Casework(read.hashing, self._forms, villages, self._representatives, _kinds(rows.sealed))
        entries = 0
        for chain in chains(read.conn, self._vault, part):
            entries += len(chain.entries)
            case = self._reads.get(chain.id) if chain.log else (chain.id if chain.id in self.erased else None)
            named = None if case is None else case.hex
            work.rows["chain_fault"] += faults_of(chain, named, case is not None and self.erased[case])
            if chain.log:
                for name, row in looked(chain, named):
                    work.rows[name].append(row)
            elif case is not None:
                rows.told[case] = work.take(chain)
                self._row_fault(work, case, cases[case].seq, chain.entries[-1].seq if chain.entries else -1)
                done()
            _flush(work, target, AT_ONCE)
        _flush(work, target, 0)
        for name, made in second_pass(rows).items():
            add_rows(target, name, made())
        return entries

    def _row_fault(self, work: Casework, case: UUID, seq: int, last: int) -> None:
        if seq != last:
            row = {"case_id": case.hex, "log": "cases", "seq": last, "fault": "case_row"}
            work.rows["chain_fault"].append(row)

    def _spans(self) -> Mapping[tuple[str, str], list[tuple[str, str | None]]]:
        """Village and hashed name → when that name stood on the village's list of representatives."""
        found: dict[tuple[str, str], list[tuple[str, str | None]]] = defaultdict(list)
        for row in self.read.rows(Representative):
            hashed = self.read.hashing.plain("name", row.name)
            found[row.village, hashed or ""].append(
                (row.valid_from.isoformat(), row.valid_to and row.valid_to.isoformat())
            )
        return found


def _flush(work: Casework, target: Any, above: int) -> None:
    for name, rows in work.rows.items():
        if len(rows) > above:
            add_rows(target, name, rows)
            rows.clear()


def _kinds(papers: Iterable[Any]) -> Mapping[tuple[str, int], Mapping[str, str]]:
    """Case and entry → kind of paper → digest."""
    found: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for row in papers:
        found[row.case_id.hex, row.seq][row.kind] = row.sha256
    return found
