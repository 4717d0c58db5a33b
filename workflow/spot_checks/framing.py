"""The cases that a spot check draws from, as the database has them now."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, literal, or_, select

from audit.chain import LOGS
from audit.entry import LOG
from audit.tables import audit_entry
from bpmn.spot_checks import ALWAYS
from workflow.deadlines import SHANGHAI
from workflow.store.models import Advance, Case, Person

_NOTES = (b'"leader_note":true', b'"petition_pressure":"leader_note"')
"""How an entry says, in clear, that a leader's note came with the case."""


def frame_of(
    conn: Connection, county: str, first: date, last: date, at: datetime, *, special: bool
) -> dict[str, Any]:
    """All cases closed in those days, not after `at`, by stratum. `county`: six digits.

    Of a special inspection a household counts once, with its newest case. A case of `always` stands there and
    not in its township.
    """
    begin, end = (datetime.combine(day, time.min, SHANGHAI) for day in (first, last + timedelta(days=1)))
    closed = (
        Case.county == f"{county}000000",
        Case.closed_at >= begin,
        Case.closed_at < end,
        Case.closed_at <= at,
    )
    rows = conn.execute(
        select(Case.id, Case.township, Case.village, Case.relative, Case.applicant_id, Person.household_id)
        .join(Person, Person.id == Case.applicant_id)
        .where(*closed)
        .order_by(Case.closed_at, Case.id)
    ).all()
    granted = Advance.granted_at.is_not(None)
    advanced = select(Advance.case_id).join(Case, Case.id == Advance.case_id).where(granted, *closed)
    found = {
        "relative": {row.id for row in rows if row.relative},
        "advance": set(conn.scalars(advanced)),
        "leader_note": set(conn.scalars(_noted(conn).where(*closed))),
    }
    always: dict[str, list[str]] = {name: [] for name in ALWAYS}
    rest = []
    for row in rows:
        kind = next((name for name in ALWAYS if row.id in found[name]), None)
        if kind is None:
            rest.append(row)
        else:
            always[kind].append(row.id.hex)
    return {
        "always": {name: sorted(cases) for name, cases in always.items()},
        "townships": _townships(_by_household(rest) if special else rest),
    }


def _noted(conn: Connection) -> Select[UUID]:
    """Closed cases one of whose entries tells of a leader's note."""
    entry = audit_entry.c
    if conn.dialect.name == "postgresql":
        holds = [func.position(literal(note).op("IN")(entry.bytes)) > 0 for note in _NOTES]
    else:
        holds = [func.instr(entry.bytes, literal(note)) > 0 for note in _NOTES]
    return (
        select(Case.id).distinct().join(audit_entry, entry.chain == Case.id)
        .where(entry.log == LOGS[LOG], or_(*holds))
    )  # fmt: skip


def _by_household(rows: Iterable[Any]) -> list[Any]:
    """The newest case of each household; rows come by the time of closing."""
    newest = {(row.household_id is None, row.household_id or row.applicant_id): row for row in rows}
    return list(newest.values())


def _townships(rows: Iterable[Any]) -> dict[str, Any]:
    townships: dict[str, dict[str, dict[str, list[str]]]] = {}
    for row in rows:
        villages = townships.setdefault(row.township[:9], {})
        kinds = villages.setdefault(row.village, {"urban": [], "rural": []})
        kinds["urban" if is_urban(row.village) else "rural"].append(row.id.hex)
    for villages in townships.values():
        for kinds in villages.values():
            for cases in kinds.values():
                cases.sort()
    return townships


def is_urban(village: str) -> bool:
    """Whether the code is of a residents' committee: last three digits 001 to 199."""
    return "001" <= village[-3:] <= "199"
