"""Entries of the log as what happened: which activity, when, by whom. The same for both formats."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from workflow.house import House
from workflow.mining.disclosure import Disclosure
from workflow.mining.selection import Chosen
from workflow.reading.timeline import form_of, head_of, rules_then

NO_WORK: Final = frozenset({"file_read", "file_exported", "attempt_refused"})
"""Entries about looking and about what did not happen are no part of the work."""
PROGRAM: Final = "program"
"""Who does what nobody does: a timer, a posting that ends."""


@dataclass(frozen=True, slots=True)
class Happening:
    """`case` is the row of the case; `facts` are attributes in plain text; `claimed` is the exact time.

    `effects`: what the program did in the same step, such as order_payment.
    """

    case: Any
    seq: int
    activity: str
    at: str
    claimed: datetime
    resource: str
    role: str
    group: str
    to: str | None
    effects: tuple[str, ...]
    facts: Mapping[str, str]


def happenings(house: House, conn: Connection, chosen: Chosen, disclosure: Disclosure) -> Iterator[Happening]:
    """All that happened in the chosen cases, case after case, each in order."""
    for case, entry in chosen.entries(conn):
        if entry["type"] not in NO_WORK:
            yield _happening(house, case, entry, disclosure)


def _happening(house: House, case: Any, entry: Mapping[str, Any], disclosure: Disclosure) -> Happening:
    rules = rules_then(house, entry, house.rules(case.rulebook))
    actor, task, variables = entry["actor"], entry["task"] or {}, entry["vars"]
    facts = {"kind": entry["type"], "from_state": entry["from"], "to_state": entry["to"]}
    facts |= {"step": task.get("node"), "process": task.get("spec")}
    answers = disclosure.answers(form_of(rules, entry), variables.get("answers") or {})
    facts |= {f"answer_{name}": value for name, value in answers.items()}
    effects = tuple(str(effect).partition(" ")[0] for effect in variables.get("effects") or ())
    facts["effects"] = " ".join(effects)
    claimed = datetime.fromisoformat(entry["at_claimed"])
    return Happening(
        case=case,
        seq=entry["seq"],
        activity=head_of(rules, entry).zh,
        at=disclosure.time(claimed),
        claimed=claimed,
        resource=disclosure.name("officer", actor["id"]) if actor["id"] else f"officer-{PROGRAM}",
        role=actor["role"],
        group=disclosure.name("office", actor["org"]) if actor["org"] else f"office-{PROGRAM}",
        to=entry["to"],
        effects=effects,
        facts={name: value for name, value in facts.items() if value},
    )


def case_facts(case: Any, disclosure: Disclosure) -> dict[str, str]:
    """What is told of a case as a whole. Its category only without pseudonyms: some have few people."""
    facts = {
        "flow": case.flow,
        "township": disclosure.name("township", case.township),
        "outcome": case.outcome,
        "aid": None if case.aid is None else disclosure.amount(case.aid),
        "category": case.category if disclosure.key is None else None,
    }
    return {name: value for name, value in facts.items() if value}
