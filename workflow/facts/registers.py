"""What the registers tell: people, households, bills, offices, and the rows of every case beside its log.

Each function reads one table whole; nothing is asked case by case.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from workflow import amounts
from workflow.facts.as_kept import whole
from workflow.facts.entries import STREAMED, WHOLE, Part
from workflow.facts.hashing import Hashing
from workflow.facts.times import LOCAL, Days, day, local
from workflow.register.identity import NotValid, check_id_number, completed_age
from workflow.store import models

Found = dict[str, Any]
MINOR: Final = 18


@dataclass
class Reading:
    """One pass over the registers. Names and households met on the way serve the tables that follow."""

    conn: Connection
    hashing: Hashing
    days: Days
    at: datetime
    places: dict[int, str] = field(default_factory=dict)  # household → village
    people: dict[int, Found] = field(default_factory=dict)
    names: dict[int, set[str | None]] = field(default_factory=dict)  # household → names
    part: Part = WHOLE

    @property
    def now(self) -> str:
        return str(local(self.at))

    def rows(self, model: Any) -> Iterator[Row[Any]]:
        """A table whole, in the order of its key."""
        return iter(self.conn.execute(whole(models.table(model)), execution_options=STREAMED))

    def within(self, part: Part) -> "Reading":
        """The same for one part of the cases."""
        return replace(self, part=part)

    def of_cases(self, model: Any) -> Iterator[Row[Any]]:
        """The rows of the part's cases, in the order of the table's key."""
        table = models.table(model)
        case = table.c.id if model is models.Case else table.c.case_id
        chosen = whole(table).where(*self.part.holds(case))
        return iter(self.conn.execute(chosen, execution_options=STREAMED))

    def households(self) -> Iterator[Found]:
        for row in self.rows(models.Household):
            village = row.village
            self.places[row.id] = village
            yield {
                "household_id": row.id,
                "village": village,
                "township": township_of(village),
                "group_hash": self.hashing.plain(f"group {village}", row.group_name),
                "address_hash": self.hashing.plain("address", row.address),
                "income_fen": fen(row.income),
                "members": 0,
            }

    def persons(self) -> Iterator[Found]:
        """After the households."""
        today, read = self.at.astimezone(LOCAL).date(), list(self.rows(models.Person))
        plain = self.hashing.plain
        for row in read:
            self.names.setdefault(row.household_id or -row.id, set()).add(plain("name", row.name))
        for row in read:
            village = self.places.get(row.household_id)
            name, holder = plain("name", row.name), plain("name", row.account_holder)
            birth = _birth(row.id_number, today)
            found = {
                "person_id": row.id,
                "household_id": row.household_id,
                "relation": row.relation,
                "village": village,
                "township": township_of(village),
                "name_hash": name,
                "surname_hash": plain("surname", row.name[:1]),
                "id_hash": plain("id", row.id_number),
                "id_valid": int(birth is not None),
                "minor": None if birth is None else int(completed_age(birth, today) < MINOR),
                "phone_hash": plain("phone", row.phone),
                "account_hash": plain("account", row.account_number),
                "holder_hash": holder,
                "holder_is": self._holder(holder, name, row.household_id or -row.id),
                "died_on": day(row.died_on),
            }
            self.people[row.id] = found
            yield found

    def _holder(self, holder: str | None, name: str | None, household: int) -> str | None:
        if holder is None:
            return None
        if holder == name:
            return "self"
        return "household" if holder in self.names.get(household, ()) else "other"

    def accounts(self) -> Iterator[Found]:
        for row in self.rows(models.Account):
            yield {
                "account_id": row.id,
                "name_hash": self.hashing.plain("name", row.name),
                "surname_hash": self.hashing.plain("surname", row.name[:1]),
                "phone_hash": self.hashing.plain("phone", row.phone),
                "active": int(row.active),
                "created_at": local(row.created_at),
            }

    def seats(self) -> Iterator[Found]:
        for row in self.rows(models.Seat):
            yield {
                "seat_id": row.id, "account_id": row.account_id, "org": row.org, "role": row.role,
                "valid_from_on": day(row.valid_from), "valid_to_on": day(row.valid_to),
                "substitute_for": row.substitute_for,
            }  # fmt: skip

    def leaves(self) -> Iterator[Found]:
        known = {row.id: row for row in self.rows(models.Seat)}
        for row in known.values():
            absent = known.get(row.substitute_for or 0)
            if absent is not None:
                yield {
                    "seat_id": absent.id, "account_id": absent.account_id, "org": absent.org,
                    "role": absent.role,
                    "first_on": day(row.valid_from), "last_on": day(row.valid_to),
                    "substitute_id": row.account_id,
                }  # fmt: skip

    def kin(self) -> Iterator[Found]:
        known = {found["id_hash"]: found for found in self.people.values()}
        for row in self.rows(models.Kin):
            hashed = self.hashing.plain("id", row.id_number)
            person = known.get(hashed, {})
            yield {
                "kin_id": row.id, "account_id": row.account_id, "id_hash": hashed,
                "name_hash": self.hashing.plain("name", row.name), "relation": row.relation,
                "filed_at": local(row.filed_at), "person_id": person.get("person_id"),
                "household_id": person.get("household_id"),
            }  # fmt: skip

    def categories(self) -> Iterator[Found]:
        for row in self.rows(models.Category):
            yield {
                "category_id": row.id, "person_id": row.person_id,
                "household_id": self._household(row.person_id), "code": row.code,
                "source": row.source_department, "valid_from_on": day(row.valid_from),
                "valid_to_on": day(row.valid_to), "evidence": int(bool(row.evidence)),
                "recorded_at": local(row.recorded_at),
            }  # fmt: skip

    def claims(self) -> Iterator[Found]:
        for row in self.rows(models.Claim):
            parts = (row.total, row.out_of_catalogue, row.basic, row.serious_illness, row.commercial,
                     row.other_relief)  # fmt: skip
            total, out, basic, serious, commercial, other = map(amounts.fen, parts)
            stays = row.discharged_on is not None and row.discharged_on > row.admitted_on
            yield {
                "claim_id": row.id, "person_id": row.person_id,
                "household_id": self._household(row.person_id),
                "case_id": row.case_id, "hospital": row.hospital,
                "invoice_hash": self.hashing.plain("invoice", row.invoice_number), "kind": row.kind,
                "inpatient": int(row.kind == "inpatient" or stays), "admitted_on": day(row.admitted_on),
                "discharged_on": day(row.discharged_on), "settled_on": day(row.settled_on),
                "total_fen": total, "out_fen": out, "basic_fen": basic, "serious_fen": serious,
                "commercial_fen": commercial, "other_fen": other,
                "self_pay_fen": total - out - basic - serious - commercial - other,
                "serious_settled": int(row.serious_illness_settled), "aid_paid_fen": fen(row.aid_paid),
                "aided_before_fen": fen(row.aided_before), "aided_otherwise_fen": fen(row.aided_otherwise),
            }  # fmt: skip

    def representatives(self) -> Iterator[Found]:
        for row in self.rows(models.Representative):
            yield {
                "representative_id": row.id, "village": row.village,
                "name_hash": self.hashing.plain("name", row.name), "valid_from_on": day(row.valid_from),
                "valid_to_on": day(row.valid_to),
            }  # fmt: skip

    def organisations(self) -> Iterator[Found]:
        for row in self.rows(models.Organisation):
            yield {
                "org": row.code,
                "name": row.name,
                "level": row.level,
                "kind": row.kind,
                "parent": row.parent,
            }

    def cards(self) -> Iterator[Found]:
        for row in self.rows(models.ChronicCard):
            yield {
                "card_id": row.id, "person_id": row.person_id, "case_id": row.case_id.hex,
                "disease_list": row.disease_list, "hospital": row.hospital,
                "valid_from_on": day(row.valid_from), "valid_to_on": day(row.valid_to),
            }  # fmt: skip

    def _household(self, person: int) -> int | None:
        household: int | None = self.people.get(person, {}).get("household_id")
        return household


def first_pass(read: Reading) -> Mapping[str, Callable[[], Iterable[Found]]]:
    """Table → its rows, in the order they are made in."""
    return {
        "organisation": read.organisations,
        "household": read.households,
        "person": read.persons,
        "account": read.accounts,
        "seat": read.seats,
        "leave": read.leaves,
        "kin": read.kin,
        "category": read.categories,
        "claim": read.claims,
        "representative": read.representatives,
        "card": read.cards,
    }


def township_of(village: str | None) -> str | None:
    """The township of a village, by its code; None for none."""
    return village and village[:9] + "000"


def fen(yuan: Any) -> int | None:
    return None if yuan is None else int(amounts.fen(yuan))


def _birth(id_number: str, today: date) -> date | None:
    """None for a number that nobody can have."""
    try:
        return check_id_number(id_number, today).birth
    except NotValid:
        return None
