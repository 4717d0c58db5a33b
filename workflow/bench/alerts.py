"""Many deadlines pass in the same minute while far more tasks lie open, and workers are killed at random.

The cases whose deadlines pass are opened through the services. The other open tasks are made by SQL, in a
database thrown away afterwards: they only have to be in the way.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pysqlite3.dbapi2
from sqlalchemy import create_engine, func, insert, select, text

import audit
from workflow.bench.databases import Place, fresh
from workflow.bench.ground import BEGIN, COUNTY, POLICY, STORY, TOWNSHIP, VILLAGE, Ground, lay
from workflow.commands import NewPaper, OpenCase
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.hands import Simulated
from workflow.demo.papers import demonstration_papers
from workflow.handle import handle
from workflow.house import House, open_house
from workflow.jobs import run_until_quiet
from workflow.simulation.workers import WorkerProcess
from workflow.store.models import Alarm, Case, Clock, InboxMessage, Task, table

FLOW, LEVEL = "ma_ordinary_county", "overdue"
GIVEN = ("application_form", "id_card")
WORKERS = 3
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Load:
    """`deadlines` that pass at once among `tasks` that are open. `behind`: the workers were down before, so
    that every earlier warning is owed too. `life`: after how many commands a worker is killed.
    """

    deadlines: int
    tasks: int
    behind: bool = False
    life: tuple[int, int] = (100, 400)


FULL = Load(2_000, 100_000)


def measure(load: Load, server: str | None, random: Random) -> dict[str, Any]:
    """How long it takes until everything owed is in the log, and whether each is there exactly once."""
    with fresh(server) as place:
        ground = lay(place.url, place.home, load.deadlines, product=True)
        clock = Simulated(BEGIN)
        house = open_house(place.url, place.home, now=clock, migrate=False)
        try:
            _open_cases(house, ground)
            _fill(place, house, ground, load.tasks - load.deadlines)
            clock.at, at = _passing(house)
            if not load.behind:
                run_until_quiet(house, clock.at)
            raised = _raised(house)
            seconds, killed = _race(house, at, load, random)
            return {
                "tasks": load.tasks,
                "deadlines": load.deadlines,
                "alerts": _raised(house) - raised,
                "seconds": round(seconds, 2),
                "killed": killed,
                "wrong": _wrong(house),
            }
        finally:
            house.close()


def _open_cases(house: House, ground: Ground) -> None:
    papers = demonstration_papers(house)
    given: tuple[NewPaper, ...] = tuple(papers[kind] for kind in GIVEN)
    form, day = house.rules().rulebook.forms["application"], BEGIN.astimezone(SHANGHAI).date()
    answers = fill(form, {}, STORY.plan("application", 0), Random(1), day)  # noqa: S311 — invented
    clerk = ground.actor("TWIN")
    for person, bills in ground.applicants:
        command = OpenCase(FLOW, POLICY, person, bills, answers, given)
        handle(house, clerk, command, at=BEGIN, request_id=uuid4().hex)


def _passing(house: House) -> tuple[datetime, datetime]:
    """The minute before the deadlines of the opened cases pass, and the minute after."""
    with house.reader.connect() as conn:
        due = conn.scalar(select(func.min(Clock.due_at)).where(Clock.next_alarm_at.is_not(None)))
    if due is None:
        raise RuntimeError("no limit runs")
    return due - timedelta(minutes=1), due + timedelta(minutes=1)


def _fill(place: Place, house: House, ground: Ground, tasks: int) -> None:
    """Open tasks by SQL whose deadlines are weeks away; nothing of them is due in the race."""
    # No foreign keys on SQLite, and the same library as the house's: two in one process break its locks.
    engine = create_engine(place.url, **({"module": pysqlite3.dbapi2} if place.kind == "sqlite" else {}))
    clerk = ground.actor("TWIN")
    due = BEGIN + timedelta(days=60)
    with house.reader.connect() as conn:
        first = (conn.scalar(select(func.max(Clock.id))) or 0) + 1
    shared = {"flow": FLOW, "rulebook": house.rules().digest, "policy": POLICY, "village": VILLAGE,
              "township": TOWNSHIP, "county": COUNTY, "state": "SUBMITTED", "relative": False,
              "opened_at": BEGIN, "seq": 0, "engine": b"\0", "way": {}}  # fmt: skip
    clock = {"limit_id": "D01", "started_at": BEGIN, "pauses": [], "due_at": due, "provisional": False,
             "next_alarm_at": due - timedelta(days=2), "next_alarm": "warn"}  # fmt: skip
    task = {"id": 7, "node": "check_papers", "process": "sub_acceptance", "kind": "user", "name": "受理审查",
            "role": clerk.role, "org": clerk.org, "state": "SUBMITTED", "opened_at": BEGIN, "due_at": due,
            "paused": False}  # fmt: skip
    with engine.begin() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(text('ALTER TABLE "case" DROP CONSTRAINT fk_case_entry, DISABLE TRIGGER USER'))
        for numbers in _chunks(tasks):
            keys = {number: UUID(int=number + 1) for number in numbers}
            person = ground.applicants[0][0]
            conn.execute(
                insert(table(Case)),
                [{**shared, "id": keys[n], "number": f"B-{n:06d}", "applicant_id": person} for n in numbers],
            )
            conn.execute(
                insert(table(Clock)), [{**clock, "id": first + n, "case_id": keys[n]} for n in numbers]
            )
            conn.execute(
                insert(table(Task)), [{**task, "case_id": keys[n], "clock_id": first + n} for n in numbers]
            )
        if conn.dialect.name == "postgresql":
            conn.execute(text('ALTER TABLE "case" ENABLE TRIGGER USER'))
        conn.execute(text("ANALYZE"))
    engine.dispose()


def _chunks(number: int) -> Iterator[range]:
    return (range(begin, min(begin + CHUNK, number)) for begin in range(0, number, CHUNK))


def _race(house: House, at: datetime, load: Load, random: Random) -> tuple[float, int]:
    """Let the workers go at once, until nothing is due any more. Seconds, and how many of them died."""
    with ExitStack() as everybody:
        workers = [everybody.enter_context(WorkerProcess(house, at)) for _ in range(WORKERS)]
        for worker in workers:
            worker.ready()
        began = time.monotonic()
        with ThreadPoolExecutor(WORKERS) as places:
            lives = [Random(random.random()) for _ in workers]  # noqa: S311 — who dies when
            died = places.map(partial(_place, house, at, load.life), workers, lives)
        return time.monotonic() - began, sum(died)


def _place(house: House, at: datetime, life: tuple[int, int], first: WorkerProcess, random: Random) -> int:
    """One place among the workers: each works for some commands, is killed with -9 in the middle of the next
    and replaced, until one finds nothing due any more. Returns how many died.
    """
    died, worker = 0, first
    while True:
        with worker:
            worker.go()
            if not all(worker.done() for _ in range(random.randint(*life))):
                worker.finish()
                return died
        died, worker = died + 1, WorkerProcess(house, at)
        worker.ready()


def _raised(house: House) -> int:
    with house.reader.connect() as conn:
        return conn.scalar(select(func.count()).select_from(Alarm)) or 0


def _wrong(house: House) -> int:
    """Opened cases whose log does not hold each warning once and in order, or whose inboxes do not agree."""
    wrong = 0
    with house.reader.connect() as conn:
        told = _told(conn.execute(select(InboxMessage.case_id, InboxMessage.params, InboxMessage.org)))
        for case_id in conn.scalars(select(Case.id).where(Case.opened_by.is_not(None))).all():
            entries = [one.entry for one in audit.entries(conn, case_id)]
            raised = [entry["vars"] for entry in entries if entry["type"] == "alarm_raised"]
            expected = Counter({entry["level"]: len(entry["told"]) for entry in raised})
            in_order = [entry["level"] for entry in raised] == ["warn", "warn2", LEVEL]
            wrong += not in_order or told.get(case_id) != expected
    return wrong


def _told(lines: Any) -> Mapping[UUID, Counter[str]]:
    found: dict[UUID, Counter[str]] = {}
    for line in lines:
        found.setdefault(line.case_id, Counter())[line.params["level"]] += 1
    return found
