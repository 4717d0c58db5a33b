"""Build the facts whole: one reading of everything, at one moment of the database, into a new file that then
takes the place of the old one. Nothing is asked case by case. What belongs to cases is made in parts
(`parts`), by several processes where there is enough of it (`team`).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from workflow.facts.drafts import add_rows, claim, draft_folder, tables_in, take_over
from workflow.facts.entries import Part
from workflow.facts.parts import ENTRIES, Walk, collector_at_rest, divided, entries_of, file_of
from workflow.facts.registers import Found, first_pass
from workflow.facts.schema import tables
from workflow.facts.store import facts_file
from workflow.facts.team import MOST, Order, Team, one_moment, usable_cores
from workflow.house import House

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
HEARD_EVERY: Final = 0.5  # seconds
KNOWN: Final = (
    "UPDATE cases SET household_id = (SELECT household_id FROM person WHERE person_id = applicant_id)",
    "UPDATE payment SET holder_is = CASE "
    "WHEN payment.holder_hash = p.name_hash THEN 'applicant' "
    "WHEN EXISTS (SELECT 1 FROM person o "
    "WHERE o.household_id = p.household_id AND o.name_hash = payment.holder_hash) "
    "THEN 'household' "
    "WHEN EXISTS (SELECT 1 FROM account a WHERE a.name_hash = payment.holder_hash) THEN 'staff' "
    "ELSE payment.holder_is END "
    "FROM cases c LEFT JOIN person p ON p.person_id = c.applicant_id "
    "WHERE c.case_id = payment.case_id AND payment.holder_is IS NOT NULL",
)
"""Whom the county knows of those that the parts tell of: applicant, household, staff, body or other."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Built:
    """How much the facts hold, and the instant they tell of."""

    at: datetime
    cases: int
    entries: int


def build(
    house: House,
    at: datetime,
    progress: Progress = lambda done, of: None,
    *,
    processes: int | None = None,
    part: int = ENTRIES,
) -> Built:
    """Build the facts as of `at` and put them in the place of those that are there; they are the same, row
    for row, whatever the number of processes.

    Args:
        progress: cases done, of all.
        processes: as many as there are parts and cores, but MOST.
        part: entries of the log in one part.

    Raises:
        KeyRefused: the key of the facts is open to others. VaultError, DBAPIError, PartFailed: nothing is
        replaced.
    """
    path = facts_file(house.home)
    with draft_folder(path.parent) as folder:
        draft = folder / path.name
        claim(draft)
        with ExitStack() as held:
            url = house.engine.url.render_as_string(hide_password=False)
            team = _team(house, Order(url, house.home, at, folder), processes, part)
            if team is not None:
                held.callback(team.stop)
            conn, team = held.enter_context(one_moment(house, team))
            held.enter_context(collector_at_rest())
            target = held.enter_context(tables_in(draft))
            built = _Building(house, conn, target, at, team, folder).run(divided(conn, part), progress)
        os.replace(draft, path)
    return built


def _team(house: House, order: Order, processes: int | None, part: int) -> Team | None:
    """The processes beside this one; None where there is not enough to do for two."""
    with house.reader.connect() as conn:
        parts = ceil(entries_of(conn) / part)
    wanted = min(parts, processes or min(usable_cores(), MOST))
    return Team(order, wanted - 1) if wanted > 1 else None


class _Building:
    def __init__(
        self, house: House, conn: Connection, target: Any, at: datetime, team: Team | None, folder: Path
    ) -> None:
        self.house, self.target, self.at, self.team, self.folder = house, target, at, team, folder
        self.walk = Walk(house, conn, at)
        self.cases = 0

    def run(self, parts: list[Part], progress: Progress) -> Built:
        if self.team is not None:
            self.team.begin(parts)
        read = self.walk.read
        add_rows(self.target, "workday", read.days.rows)
        add_rows(self.target, "limits", self._limits())
        add_rows(self.target, "policy_posting", self._policy_postings())
        add_rows(self.target, "policy_kind", self._kinds_of_bills())
        for name, rows in first_pass(read).items():
            add_rows(self.target, name, rows())
        self.target.execute(MEMBERS)
        entries = self._parts(parts, progress)
        for statement in PRESSURE:
            self.target.execute(statement)
        self._index()
        for statement in KNOWN:
            self.target.execute(statement)
        self.target.execute("COMMIT")
        self.target.execute("ANALYZE")
        return Built(self.at, len(self.walk.erased), entries)

    def _parts(self, parts: list[Part], progress: Progress) -> int:
        """The rows of every part, in the order of the parts. Returns the number of entries."""

        def told() -> None:
            self.cases += 1
            self._tell(progress, 0)

        if self.team is None:
            return sum(self.walk.write(part, self.target, told) for part in parts)
        mine, entries = set(), 0
        for part in parts:
            made = self.walk.make(part, self.folder, told)
            if made is not None:
                entries += made
                mine.add(part.number)
        for part in parts:
            while part.number not in mine | self.team.made:
                self._tell(progress, HEARD_EVERY)
            take_over(self.target, file_of(self.folder, part))
        return entries + self.team.entries

    def _tell(self, progress: Progress, patience: float) -> None:
        if self.team is not None:
            self.team.listen(patience)
        progress(self.cases + (self.team.cases if self.team else 0), len(self.walk.erased))

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

    def _index(self) -> None:
        number = 0
        for each in tables().values():
            wanted = list(INDEXED.get(each.name, ()))
            if "case_id" in each.columns and not any(one.startswith("case_id") for one in wanted):
                wanted.append("case_id")
            for columns in wanted:
                number += 1
                self.target.execute(f'CREATE INDEX ix_{number} ON "{each.name}" ({columns})')
