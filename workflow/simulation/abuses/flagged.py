"""The flags of a run in the words of the manifest, so that the two can be compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from workflow.flags.checking import CASE
from workflow.flags.running import Asked, Found
from workflow.simulation.abuses.manifest import Flag
from workflow.store.models import Account, Case

PEOPLE: Final = ("person_id", "applicant_id")
OFFICERS: Final = ("account_id", "actor_id", "done_by", "opened_by", "decided_by", "investigator")


@dataclass(frozen=True, slots=True)
class Flagged:
    """`flags`: rule with every case or subject a flag speaks of; `high`: the H flags with their own case."""

    flags: frozenset[Flag]
    high: frozenset[Flag]


def flagged(conn: Connection, asked: Mapping[str, Asked]) -> Flagged:
    """What was found, each flag with its case and with whom and what it concerns besides."""
    numbers = {row.id.hex: row.number for row in conn.execute(select(Case.id, Case.number))}
    logins = {row.id: row.login for row in conn.execute(select(Account.id, Account.login))}
    flags: set[Flag] = set()
    high: set[Flag] = set()
    for rule, answer in asked.items():
        for found in answer.found.values():
            flags |= {(rule, key) for key in _keys(found, numbers, logins)}
            if found.severity == "H" and found.case_id is not None:
                high.add((rule, numbers[found.case_id.hex]))
    return Flagged(frozenset(flags), frozenset(high))


def _keys(found: Found, numbers: Mapping[str, str], logins: Mapping[int, str]) -> Iterator[str]:
    told: Mapping[str, Any] = found.evidence
    cases = [told[name] for name in told if CASE.fullmatch(name) and told[name]]
    if found.case_id is not None:
        cases.append(found.case_id.hex)
    yield from (numbers[case] for case in cases if case in numbers)
    yield from (f"person:{told[name]}" for name in PEOPLE if told.get(name))
    if told.get("household_id"):
        yield f"household:{told['household_id']}"
    if found.case_id is None:  # of an officer, a place or a hospital as such
        yield from (f"account:{logins[told[name]]}" for name in OFFICERS if told.get(name) in logins)
        yield from (f"village:{place}" for place in (found.village, told.get("village")) if place)
        if told.get("township"):
            yield f"township:{told['township']}"
        if told.get("hospital"):
            yield f"hospital:{told['hospital']}"
