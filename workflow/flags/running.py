"""Ask the facts every rule, and keep what was found: the same flag again is the same row."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from queue import SimpleQueue
from typing import Any, Final
from uuid import UUID

import orjson
import pysqlite3.dbapi2 as sqlite

from bpmn.flags import SEVERITIES, Part, Rule
from workflow.facts.store import open_facts
from workflow.facts.times import local
from workflow.flags.checking import ROW, Rules, parameters
from workflow.house import House

MOST: Final = 50_000
"""Rows of one question. More of them say that the question is wrong, or the thresholds are."""
PATIENCE: Final = 120.0
"""Seconds for one question."""
_STEPS: Final = 100_000
WORKERS: Final = 2
ID_LENGTH: Final = 20
DIGEST_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Found:
    """One flag as a run has found it."""

    id: str
    rule: str
    part: str
    case_id: UUID | None
    subject: str
    severity: str
    village: str | None
    township: str | None
    org: str | None
    evidence: Mapping[str, Any]

    @property
    def place(self) -> tuple[str | None, str | None]:
        return self.village, self.township

    @property
    def digest(self) -> str:
        body = orjson.dumps(self.evidence, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]


@dataclass(slots=True)
class Asked:
    """What one rule has answered. `fault`: why not all of it could be asked, as the database says."""

    found: dict[str, Found] = field(default_factory=dict)
    seconds: float = 0.0
    fault: str | None = None


def id_of(rule: str, part: str, case: str | None, subject: str) -> str:
    """The id of a flag: it follows from what is flagged alone, never from when."""
    body = orjson.dumps([rule, part, case, subject])
    return hashlib.sha256(body).hexdigest()[:ID_LENGTH]


def ask(
    house: House,
    rules: Rules,
    wanted: Iterable[str],
    at: datetime,
    progress: Callable[[str, int, int], None] = lambda rule, done, of: None,
    *,
    workers: int = WORKERS,
) -> dict[str, Asked]:
    """Every wanted rule's answer from the facts there are; the same whatever the number of workers.

    Raises:
        FactsMissing: there are none.
    """
    chosen = [rules.rules[name] for name in dict.fromkeys(wanted) if name in rules.rules]
    now = str(local(at))
    with ExitStack() as opened, ThreadPoolExecutor(workers, "rules") as pool:
        free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(workers):
            facts = opened.enter_context(open_facts(house.home))
            facts.row_factory = sqlite.Row
            free.put(facts)
        asked = {pool.submit(_with_one_of, free, rule, now): rule.id for rule in chosen}
        for number, done in enumerate(as_completed(asked), start=1):
            progress(asked[done], number, len(chosen))
        progress("", len(chosen), len(chosen))
        return {rule: done.result() for done, rule in asked.items()}


def _with_one_of(free: "SimpleQueue[Any]", rule: Rule, now: str) -> Asked:
    """SQLite lets go of the interpreter while it searches, so two connections use two cores."""
    facts = free.get()
    try:
        return _ask(facts, rule, now)
    finally:
        free.put(facts)


def _ask(facts: Any, rule: Rule, now: str) -> Asked:
    asked, started = Asked(), time.monotonic()
    for part in rule.parts:
        until = time.monotonic() + PATIENCE
        facts.set_progress_handler(lambda until=until: time.monotonic() > until, _STEPS)
        try:
            rows = facts.execute(part.sql, parameters(rule, now)).fetchmany(MOST + 1)
        except sqlite.Error as error:
            asked.fault = f"{part.id}: {error}"
            continue
        if len(rows) > MOST:
            asked.fault = f"{part.id}: > {MOST}"
        for found in _places(facts, _read(rule, part, rows[:MOST])):
            known = asked.found.get(found.id)
            if known is not None and known.place != found.place:
                asked.fault = f"{part.id}: {found.subject!r} is flagged in {known.place} and {found.place}"
            if known is None or orjson.dumps(dict(found.evidence)) < orjson.dumps(dict(known.evidence)):
                asked.found[found.id] = found
    asked.seconds = time.monotonic() - started
    return asked


def _read(rule: Rule, part: Part, rows: Iterable[Any]) -> Iterator[Found]:
    for row in rows:
        given = dict(row)
        case, subject = given["case_id"], str(given["subject"] if given["subject"] is not None else "")[:160]
        severity = given.get("severity")
        yield Found(
            id=id_of(rule.id, part.id, case, subject),
            rule=rule.id,
            part=part.id,
            case_id=UUID(hex=case) if case else None,
            subject=subject,
            severity=severity if severity in SEVERITIES else part.severity,
            village=given.get("village"),
            township=given.get("township"),
            org=given.get("org"),
            evidence={name: value for name, value in given.items() if name not in ROW or name == "org"},
        )


def _places(facts: Any, found: Iterator[Found]) -> Iterator[Found]:
    """Where a flag of a case belongs, if the rule has not said it."""
    flags = list(found)
    wanted = {flag.case_id.hex for flag in flags if flag.case_id and flag.township is None}
    known = {}
    if wanted:
        rows = facts.execute(
            "SELECT case_id, village, township FROM cases "
            "WHERE case_id IN (SELECT value FROM json_each(:ids))",
            {"ids": orjson.dumps(sorted(wanted)).decode()},
        )
        known = {row["case_id"]: (row["village"], row["township"]) for row in rows}
    for flag in flags:
        village, township = known.get(flag.case_id.hex if flag.case_id else "", (flag.village, flag.township))
        yield replace(flag, village=flag.village or village, township=flag.township or township)
