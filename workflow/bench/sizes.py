"""How many bytes a transition writes: the state, the task rows, the log entry, the vault, everything else.

Every row of the case that is new or different after a command counts whole. What the database adds (pages,
indexes, the write-ahead log) is measured apart, as growth of the file.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, select

from audit.tables import audit_entry, audit_key, audit_vault
from workflow.bench.databases import fresh
from workflow.bench.drive import Driver
from workflow.bench.ground import lay, open_bench_house
from workflow.bench.rivals.pace import Pace
from workflow.handle import Outcome
from workflow.store.models import (
    Calculation,
    Case,
    Clock,
    Letter,
    Outbox,
    Paper,
    Payment,
    Posting,
    Request,
    Task,
    Timer,
    table,
)

COUNTED = ("state", "tasks", "entry")
"""What the expectation of 4 kB is about."""
OWN = {"tasks": Task, "clocks": Clock, "timers": Timer, "papers": Paper, "letters": Letter}
OTHERS = (Posting, Calculation, Payment, Outbox)
Rows = Mapping[str, set[tuple[Any, ...]]]


def measure(*, whole: bool, cases: int) -> dict[str, Any]:
    """Means per transition, on SQLite; the values are the same on PostgreSQL."""
    written: list[dict[str, int]] = []
    known: dict[UUID | None, Rows] = {}
    requests: set[tuple[Any, ...]] = set()
    with fresh() as place:
        ground = lay(place.url, place.home, cases, product=whole)
        house = open_bench_house(place.url, place.home, product=whole)

        def seen(name: str, outcome: Outcome) -> None:
            with house.reader.connect() as conn:
                now = _rows(conn, outcome.case_id)
                answered = {_frozen(row) for row in conn.execute(select(table(Request)))}
            before = known.get(outcome.case_id, {})
            sums = {part: sum(map(length, rows - before.get(part, set()))) for part, rows in now.items()}
            written.append({**sums, "request": sum(map(length, answered - requests))})
            requests.update(answered)
            known[outcome.case_id] = now

        driver, before = Driver(house, ground, seen), place.size()
        try:
            for number in range(cases):
                (driver.whole if whole else driver.straight)(Pace(), number)
        finally:
            house.close()
        grown = place.size() - before
    per = {part: round(sum(row[part] for row in written) / len(written)) for part in written[0]}
    return {
        "transitions": len(written),
        "per_transition": per,
        "state_tasks_entry": sum(per[part] for part in COUNTED),
        "largest": max(sum(row[part] for part in COUNTED) for row in written),
        "all_values": sum(per.values()),
        "stored_bytes_per_case": round(grown / cases),
    }


def _rows(conn: Connection, case_id: UUID | None) -> dict[str, set[tuple[Any, ...]]]:
    def read(*statements: Select[Any]) -> set[tuple[Any, ...]]:
        return {_frozen(row) for statement in statements for row in conn.execute(statement)}

    found = {
        "state": read(select(table(Case)).where(Case.id == case_id)),
        "entry": read(select(audit_entry).where(audit_entry.c.chain == case_id)),
        "vault": read(
            select(audit_vault).where(audit_vault.c.chain == case_id),
            select(audit_key).where(audit_key.c.chain == case_id),
        ),
        "other": read(*(select(table(kind)).where(kind.case_id == case_id) for kind in OTHERS)),
    }
    found |= {
        name: read(select(table(kind)).where(kind.case_id == case_id))  # type: ignore[attr-defined]
        for name, kind in OWN.items()
    }
    return found


def _frozen(row: Any) -> tuple[Any, ...]:
    return tuple(str(value) if isinstance(value, dict | list) else value for value in row)


def length(row: tuple[Any, ...]) -> int:
    """Bytes of a row's values as they lie in SQLite: text as UTF-8, times as 27 and ids as 32 characters."""
    return sum(map(_length, row))


def _length(value: Any) -> int:
    match value:
        case None:
            return 0
        case bytes():
            return len(value)
        case bool():
            return 1
        case int():
            return max(1, (value.bit_length() + 7) // 8)
        case UUID():
            return 32
        case str():
            return len(value.encode())
        case _:
            return min(27, len(str(value)))
