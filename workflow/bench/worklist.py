"""The worklist and the board with many open tasks. The rows are made by SQL, in a database thrown away
afterwards: this one measure is about reading, and a hundred thousand real cases would take an hour.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pysqlite3.dbapi2

from workflow.bench.databases import fresh
from workflow.bench.ground import COUNTY, POLICY, Ground, Seated, lay
from workflow.bench.runner import percentile
from workflow.house import House, open_house
from workflow.reading.worklist import worklist
from workflow.register.organisations import packaged_units
from workflow.store.types import Instant

LEVELS = (1_000, 10_000, 100_000)
ROLE = "CHND"
_TASK = (
    "INSERT INTO task (case_id, id, node, process, kind, name, role, org, village, form, state, clock_id, "
    "opened_at, warn_at, due_at, paused) VALUES (?, 7, 'examine_file', 'sub_county_decision', 'user', "
    "'经办审查', ?, ?, ?, 'county_examination', 'COUNTY_DECISION', ?, ?, ?, ?, ?)"
)
_CASE = (
    'INSERT INTO "case" (id, number, flow, rulebook, policy, applicant_id, village, township, county, state, '
    "relative, opened_at, seq, engine) VALUES (?, ?, 'ma_ordinary_county', ?, ?, ?, ?, ?, ?, "
    "'COUNTY_DECISION', 0, ?, 0, x'00')"
)
_CLOCK = (
    "INSERT INTO clock (id, case_id, limit_id, started_at, pauses, due_at, provisional, next_alarm_at) "
    "VALUES (?, ?, 'D09', ?, '[]', ?, 0, NULL)"
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A home folder whose one seat has so many open tasks; a supervisor sees them over all villages."""

    home: Path
    url: str
    ground: Ground
    seat: Seated
    supervisor: Seated
    tasks: int


@contextmanager
def filled(tasks: int, now: datetime) -> Iterator[Filled]:
    """Rows for `tasks` open steps, all of one seat of the county: the worst case there is. Some are late,
    some due soon, some paused, the way they lie in a real list.
    """
    with fresh() as place:
        ground = lay(place.url, place.home, 50, product=True)
        house = open_house(place.url, place.home, migrate=False)
        digest = house.rules().digest
        house.close()
        seat = next(one for one in ground.seats if one.role == ROLE)
        supervisor = next(one for one in ground.seats if one.role == "SUP" and one.org == seat.org)
        put_rows(place.plain, ground, seat, digest, tasks, now)
        yield Filled(place.home, place.url, ground, seat, supervisor, tasks)


def put_rows(file: str, ground: Ground, seat: Seated, digest: str, tasks: int, now: datetime) -> None:
    """So many cases with one open step each, written as rows; of a throw-away database."""
    text = Instant().process_bind_param
    conn = pysqlite3.dbapi2.connect(file, isolation_level=None)
    villages = [unit.code for unit in packaged_units() if not unit.code.endswith("000")]
    dialect: Any = type("Dialect", (), {"name": "sqlite"})()
    try:
        conn.execute("PRAGMA foreign_keys=OFF")
        conn.execute("PRAGMA synchronous=OFF")
        conn.execute("BEGIN")
        (clocks,) = conn.execute("SELECT coalesce(max(id), 0) FROM clock").fetchone()
        for number in range(tasks):
            clock, key = clocks + number + 1, UUID(int=number + 1).hex
            person = ground.applicants[number % len(ground.applicants)][0]
            due = now + timedelta(hours=number * 37 % 400 - 40)
            opened = text(due - timedelta(days=14), dialect)
            late, warn = text(due, dialect), text(due - timedelta(days=5), dialect)
            village = villages[number % len(villages)]
            place = (village, f"{village[:9]}000", COUNTY)
            conn.execute(_CASE, (key, f"B-{number:06d}", digest, POLICY, person, *place, opened))
            conn.execute(_CLOCK, (clock, key, opened, late))
            conn.execute(
                _TASK, (key, seat.role, seat.org, village, clock, opened, warn, late, number % 25 == 0)
            )
        conn.execute("COMMIT")
        conn.execute("ANALYZE")
    finally:
        conn.close()


def through_the_read_model(place: Filled, now: datetime, reads: int) -> dict[str, Any]:
    """The first page of the list with its counts, as the page reads it."""
    house = open_house(place.url, place.home, migrate=False)
    try:
        seconds = [_read(house, place.seat, now) for _ in range(reads + 2)][2:]
    finally:
        house.close()
    return figures(seconds)


def _read(house: House, seat: Seated, now: datetime) -> float:
    with house.reader.connect() as conn:
        began = time.perf_counter()
        found = worklist(house, conn, seat.actor, now)
        took = time.perf_counter() - began
    if not found.items:
        raise RuntimeError("the list that was to be measured is empty")
    return took


def figures(seconds: list[float]) -> dict[str, Any]:
    return {
        "reads": len(seconds),
        "p50_ms": round(1000 * percentile(seconds, 0.5), 2),
        "p95_ms": round(1000 * percentile(seconds, 0.95), 2),
    }
