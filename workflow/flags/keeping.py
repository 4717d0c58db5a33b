"""A run: build the facts, ask the rules, and write down what is new, what is still there and what has
gone.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

import audit
from audit import READS
from workflow.actor import SYSTEM, Actor
from workflow.cases.refusing import log_system
from workflow.facts import Built, build
from workflow.flags.checking import Rules, rules_of
from workflow.flags.running import DIGEST_LENGTH, Asked, Found, ask
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import Flag, FlagRun, InboxMessage, Organisation, table

FLAG, RUN = table(Flag), table(FlagRun)
RUN_LOGGED: Final = audit.declare("flags_run", needs=["rules", "found", "new"], may=["faults"])
TOLD: Final = "red_flags"
INSPECTION, INSPECTOR = "inspection", "INSP"
Progress = Callable[[str, int, int], None]
"""What is being done, how much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one run. `new`: flags nobody has seen before, or that had gone and are back, by severity."""

    built: Built | None
    asked: Mapping[str, Asked]
    new: Mapping[str, int]
    rules: Rules = field(repr=False)

    @property
    def found(self) -> int:
        return sum(len(one.found) for one in self.asked.values())


def run(
    house: House,
    at: datetime,
    *,
    actor: Actor = SYSTEM,
    request_id: str = "",
    only: Iterable[str] = (),
    rebuild: bool = True,
    night: str | None = None,
    progress: Progress = lambda what, done, of: None,
) -> Outcome | None:
    """Run the rules over the whole county. `only`: these rules, else all; `rebuild`: from facts as of `at`.

    Returns:
        None when `night` is a day whose run somebody else has begun.

    Raises:
        FactsMissing: nothing to read and `rebuild` is off.
    """
    number = _begin(house, at, actor, night)
    if number is None:
        return None
    built = build(house, at, lambda done, of: progress("facts", done, of)) if rebuild else None
    rules = rules_of(house.home)
    wanted = tuple(only) or tuple(rules.rules)
    asked = ask(house, rules, wanted, at, progress)
    with transaction(house.engine) as conn:
        new = _keep(conn, rules, asked, at)
        told: dict[str, object] = {
            "rules": len(asked),
            "found": sum(len(one.found) for one in asked.values()),
            "new": sum(new.values()),
            "faults": len(rules.faults) + sum(one.fault is not None for one in asked.values()),
        }
        _tell(conn, new, at)
        _end(conn, number, built, asked, told, house.now())
        log_system(house, conn, actor, RUN_LOGGED.name, told, at, request_id or f"flags-{number}", log=READS)
    return Outcome(built, asked, new, rules)


def _begin(house: House, at: datetime, actor: Actor, night: str | None) -> int | None:
    """Write down that it begins. The row of a night is claimed by the first worker; None for all others, also
    for one that comes at the same moment.
    """
    with transaction(house.engine) as conn:
        dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
        row: dict[str, Any] = {
            "night": night, "started_at": at, "account_id": actor.account_id or None, "cases": 0,
            "entries": 0,
            "found": 0, "new": 0, "rules": {},
        }  # fmt: skip
        claim = dialect.insert(RUN).on_conflict_do_nothing(index_elements=["night"]).returning(RUN.c.id)
        return conn.execute(claim, row).scalar_one_or_none()


def _end(
    conn: Connection,
    number: int,
    built: Built | None,
    asked: Mapping[str, Asked],
    told: Mapping[str, Any],
    at: datetime,
) -> None:
    each = {
        name: {"found": len(one.found), "seconds": round(one.seconds, 3), "fault": one.fault}
        for name, one in asked.items()
    }
    values = {"done_at": at, "found": told["found"], "new": told["new"], "rules": each}
    if built is not None:
        values |= {"cases": built.cases, "entries": built.entries}
    conn.execute(update(RUN).where(RUN.c.id == number).values(**values))


def _keep(conn: Connection, rules: Rules, asked: Mapping[str, Asked], at: datetime) -> Mapping[str, int]:
    """New flags by severity. What a rule that could be asked whole does not find any more has gone."""
    known = {
        row.id: row
        for row in conn.execute(
            select(FLAG.c.id, FLAG.c.evidence_digest, FLAG.c.gone_at, FLAG.c.rule).where(
                FLAG.c.rule.in_(list(asked))
            )
        )
    }
    seen: dict[str, Found] = {}
    for one in asked.values():
        seen |= one.found
    new = Counter(
        found.severity for found in seen.values() if found.id not in known or known[found.id].gone_at
    )
    fresh = [_row(found, rules, at) for found in seen.values() if found.id not in known]
    if fresh:
        conn.execute(insert(FLAG), fresh)
    again = [
        {"b_id": found.id, "last_seen": at, "gone_at": None, "severity": found.severity,
         "evidence": dict(found.evidence), "evidence_digest": found.digest,
         "rule_digest": _digest_of(rules, found.rule)}
        for found in seen.values() if found.id in known
    ]  # fmt: skip
    if again:
        changed = (
            update(FLAG)
            .where(FLAG.c.id == bindparam("b_id"))
            .values({name: bindparam(name) for name in again[0] if name != "b_id"})
        )
        conn.execute(changed, again)
    whole = {name for name, one in asked.items() if one.fault is None}
    gone = [
        {"b_id": row_id, "gone_at": at}
        for row_id, row in known.items()
        if row_id not in seen and row.gone_at is None and row.rule in whole
    ]
    if gone:
        left = update(FLAG).where(FLAG.c.id == bindparam("b_id")).values(gone_at=bindparam("gone_at"))
        conn.execute(left, gone)
    return dict(new)


def _row(found: Found, rules: Rules, at: datetime) -> dict[str, Any]:
    return {
        "id": found.id, "rule": found.rule, "part": found.part, "case_id": found.case_id,
        "subject": found.subject,
        "severity": found.severity, "township": found.township, "village": found.village, "org": found.org,
        "evidence": dict(found.evidence), "evidence_digest": found.digest,
        "rule_digest": _digest_of(rules, found.rule), "first_seen": at, "last_seen": at, "gone_at": None,
    }  # fmt: skip


def _digest_of(rules: Rules, rule: str) -> str:
    return hashlib.sha256(rules.files[rules.rules[rule].file]).hexdigest()[:DIGEST_LENGTH]


def _tell(conn: Connection, new: Mapping[str, int], at: datetime) -> None:
    """The inspectors hear of new flags of the highest severity the same day: one line, no case in it."""
    if not new.get("H"):
        return
    offices = conn.scalars(select(Organisation.code).where(Organisation.kind == INSPECTION)).all()
    lines = [
        {"org": org, "role": INSPECTOR, "kind": TOLD, "case_id": None, "at": at,
         "params": {"flags": new["H"]}}
        for org in offices
    ]  # fmt: skip
    if lines:
        conn.execute(insert(table(InboxMessage)), lines)
