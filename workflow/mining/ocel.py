"""OCEL 2.0 as JSON: cases, applicants, officers, offices, letters, calculations and payments as objects, and
the entries of the log as events that touch them. Events are written as they come, objects are held until the
end.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import orjson
from sqlalchemy import Connection, select

from workflow.mining.disclosure import Disclosure
from workflow.mining.happenings import Happening, case_facts
from workflow.mining.selection import Chosen
from workflow.store.models import Calculation, CaseLink, Letter, Payment

ORDERED: Final = frozenset({"order_payment", "advance_ordered"})
SETTLED: Final = frozenset({"payment_credited", "payment_returned"})
ALWAYS: Final = "1970-01-01T00:00:00Z"
"""The time of an attribute that has not changed, as the standard has it."""


@dataclass(slots=True)
class Thing:
    """An object: what it is, its attributes [(name, value, time)], and [(other object, how)]."""

    type: str
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    related: list[tuple[str, str]] = field(default_factory=list)


class Writer:
    """Collects the objects and the names that types turn out to have.

    `touched`: by case, and entry number or what was moved when, the objects an event touches.
    """

    def __init__(self, disclosure: Disclosure, out: BinaryIO) -> None:
        self.disclosure, self.out = disclosure, out
        self.things: dict[str, Thing] = {}
        self.attributes: dict[str, dict[str, None]] = defaultdict(dict)
        self.touched: dict[tuple[Any, object], list[tuple[str, str]]] = defaultdict(list)
        self.links: list[tuple[Any, Any, str]] = []

    def read_papers(self, conn: Connection, chosen: Chosen) -> None:
        """Letters and calculations by the entry that made them; payments, which name none, by the instant."""
        disclosure = self.disclosure
        letters = select(Letter.id, Letter.case_id, Letter.seq, Letter.kind)
        for letter in conn.execute(letters.where(Letter.case_id.in_(chosen.ids))):
            name = self._thing("letter", letter.id, ("kind", letter.kind))
            self.touched[letter.case_id, letter.seq].append((name, "issues"))
        sheets = select(
            Calculation.id, Calculation.case_id, Calculation.seq, Calculation.policy, Calculation.aid
        )
        for sheet in conn.execute(sheets.where(Calculation.case_id.in_(chosen.ids))):
            aid = disclosure.amount(sheet.aid)
            name = self._thing("calculation", sheet.id, ("policy", sheet.policy), ("aid", aid))
            self.touched[sheet.case_id, sheet.seq].append((name, "computes"))
        payments = select(
            *(Payment.id, Payment.case_id, Payment.amount, Payment.status),
            *(Payment.ordered_at, Payment.settled_at),
        )
        for row in conn.execute(payments.where(Payment.case_id.in_(chosen.ids))):
            amount = disclosure.amount(row.amount)
            name = self._thing("payment", row.id, ("amount", amount), ("status", row.status))
            self.touched[row.case_id, ("orders", row.ordered_at)].append((name, "orders"))
            self.touched[row.case_id, ("settles", row.settled_at)].append((name, "settles"))
        rows = conn.execute(
            select(CaseLink.case_id, CaseLink.other_id, CaseLink.kind).where(
                CaseLink.case_id.in_(chosen.ids), CaseLink.other_id.in_(chosen.ids)
            )
        )
        self.links = [(row.case_id, row.other_id, row.kind) for row in rows]

    def write(self, happenings: Iterable[Happening]) -> None:
        self.out.write(b'{"events":[')
        cases: dict[Any, str] = {}
        for number, happening in enumerate(happenings):
            self.out.write(b"," if number else b"")
            self.out.write(orjson.dumps(self._event(number, happening, cases)))
        for case, other, kind in self.links:
            if case in cases and other in cases:
                self.things[cases[case]].related.append((cases[other], kind))
        things = [self._object(name, thing) for name, thing in self.things.items()]
        self.out.write(b'],"objects":' + orjson.dumps(things))
        self.out.write(b',"eventTypes":' + orjson.dumps(_types(self.attributes)))
        kinds: dict[str, dict[str, None]] = {}
        for thing in self.things.values():
            kinds.setdefault(thing.type, {}).update(dict.fromkeys(name for name, _, _ in thing.attributes))
        self.out.write(b',"objectTypes":' + orjson.dumps(_types(kinds)) + b"}")

    def _event(self, number: int, happening: Happening, cases: dict[Any, str]) -> dict[str, Any]:
        new = happening.case.id not in cases
        case = self._case(happening, cases)
        self._move(self.things[case], happening)
        related = [(case, "case")]
        related += self.things[case].related if new else []
        for kind, name in (("officer", happening.resource), ("office", happening.group)):
            self.things.setdefault(name, Thing(kind))
            related.append((name, kind))
        related += self.touched.get((happening.case.id, happening.seq), ())
        for how, effects in (("orders", ORDERED), ("settles", SETTLED)):
            if not effects.isdisjoint(happening.effects):
                related += self.touched.get((happening.case.id, (how, happening.claimed)), ())
        facts = {"role": happening.role, **happening.facts}
        self.attributes[happening.activity].update(dict.fromkeys(facts))
        return {
            "id": f"event-{number}",
            "type": happening.activity,
            "time": happening.at,
            "attributes": [{"name": name, "value": value} for name, value in facts.items()],
            "relationships": [{"objectId": other, "qualifier": how} for other, how in related],
        }

    def _case(self, happening: Happening, cases: dict[Any, str]) -> str:
        row = happening.case
        if row.id not in cases:
            facts = case_facts(row, self.disclosure)
            cases[row.id] = name = self._thing("case", row.number, *facts.items())
            applicant = self._thing("applicant", row.applicant_id)
            self.things[name].related.append((applicant, "applicant"))
        return cases[row.id]

    @staticmethod
    def _move(case: Thing, happening: Happening) -> None:
        """The state of a case is an attribute that changes."""
        before = next((value for name, value, _ in reversed(case.attributes) if name == "state"), None)
        if happening.to is not None and happening.to != before:
            case.attributes.append(("state", happening.to, happening.at))

    def _thing(self, kind: str, number: object, *facts: tuple[str, str]) -> str:
        name = self.disclosure.name(kind, number)
        self.things.setdefault(name, Thing(kind, [(key, value, ALWAYS) for key, value in facts]))
        return name

    @staticmethod
    def _object(name: str, thing: Thing) -> dict[str, Any]:
        return {
            "id": name,
            "type": thing.type,
            "attributes": [{"name": n, "value": v, "time": t} for n, v, t in thing.attributes],
            "relationships": [{"objectId": other, "qualifier": how} for other, how in thing.related],
        }


def write_ocel(
    conn: Connection,
    chosen: Chosen,
    happenings: Iterable[Happening],
    disclosure: Disclosure,
    out: BinaryIO,
) -> None:
    """One document in the JSON form of the standard. All attributes are texts but the times."""
    writer = Writer(disclosure, out)
    writer.read_papers(conn, chosen)
    writer.write(happenings)


def _types(found: dict[str, dict[str, None]]) -> list[dict[str, Any]]:
    return [
        {"name": kind, "attributes": [{"name": name, "type": "string"} for name in names]}
        for kind, names in found.items()
    ]
