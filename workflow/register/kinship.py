"""近亲属备案: relatives filed by those on duty, and who is a relative of an applicant (domain 6.2, C-19)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, exists, insert, or_, select
from sqlalchemy.orm import aliased

from bpmn.text import Text
from workflow.errors import AnswersRefused, FieldFault
from workflow.permissions import MATRIX
from workflow.register.identity import NotValid, check_id_number, check_name
from workflow.store.models import Account, Kin, Person
from workflow.store.prepared import Prepared

RELATIONS: Final[Mapping[str, Text]] = MATRIX.relations
"""Relation id → name, from bpmn/permissions.toml. `self` lets a person's own application be recognised."""


_RELATIVES = Prepared(
    select(Kin.account_id)
    .join(Person, Person.id_number == Kin.id_number)
    .where(
        (Person.id == bindparam("person_id"))
        | (
            Person.household_id
            == select(Person.household_id).where(Person.id == bindparam("person_id")).scalar_subquery()
        )
    )
)


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative as it is to be filed: cleaned and checked."""

    name: str
    id_number: str
    relation: str


def check_relative(name: str, id_number: str, relation: str, *, today: date) -> Relative:
    """Check what is to be filed.

    Raises:
        AnswersRefused: one fault per field: name, id_number, relation.
    """
    faults: list[FieldFault] = []
    cleaned_name = cleaned_number = ""
    try:
        cleaned_name = check_name(name)
    except NotValid as error:
        faults.append(FieldFault("name", error.message))
    try:
        cleaned_number = check_id_number(id_number, today).text
    except NotValid as error:
        faults.append(FieldFault("id_number", error.message))
    if relation not in RELATIONS:
        faults.append(FieldFault("relation", Text("请选择亲属关系", "Choose the relation")))
    if faults:
        raise AnswersRefused(faults)
    return Relative(cleaned_name, cleaned_number, relation)


def file_relative(conn: Connection, account_id: int, relative: Relative, *, at: datetime) -> bool:
    """File a relative of an account; the same person is not filed twice. Says whether it was new."""
    same = select(Kin.id).where(Kin.account_id == account_id, Kin.id_number == relative.id_number)
    if conn.scalar(same) is not None:
        return False
    conn.execute(
        insert(Kin).values(
            account_id=account_id,
            name=relative.name,
            id_number=relative.id_number,
            relation=relative.relation,
            filed_at=at,
        )
    )
    return True


def relatives_of(conn: Connection, person_id: int) -> frozenset[int]:
    """Accounts that have filed this person or anybody of the same household."""
    return frozenset(row.account_id for row in _RELATIVES.all(conn, {"person_id": person_id}))


def of_one_home(person: type[Person], member: type[Person]) -> ColumnElement[bool]:
    """Whether `member` is the person, or somebody of the same household: all of them count as related to."""
    return or_(member.id == person.id, member.household_id == person.household_id)


_PERSON, _MEMBER = aliased(Person), aliased(Person)


def filed_by(account_id: Any, person: type[Person]) -> ColumnElement[bool]:
    """Whether the account has filed the person or somebody of the same household."""
    return exists().where(
        Kin.account_id == account_id, Kin.id_number == _MEMBER.id_number, of_one_home(person, _MEMBER)
    )


_RELATIVES_OF_ALL = (
    select(_PERSON.id, Kin.account_id)
    .join(_MEMBER, of_one_home(_PERSON, _MEMBER))
    .join(Kin, Kin.id_number == _MEMBER.id_number)
    .where(_PERSON.id.in_(bindparam("people", expanding=True)))
)


def relatives_of_all(conn: Connection, people: Iterable[int]) -> Mapping[int, frozenset[int]]:
    """Person → accounts that have filed this person or anybody of the same household; one question."""
    found: dict[int, frozenset[int]] = {}
    for number, account in conn.execute(_RELATIVES_OF_ALL, {"people": sorted(set(people))}):
        found[number] = found.get(number, frozenset()) | {account}
    return found


def not_filed(conn: Connection, person_id: int) -> frozenset[int]:
    """Accounts that look like relatives by data and have filed nothing: the same telephone (RF-07)."""
    household = select(Person.household_id).where(Person.id == person_id).scalar_subquery()
    found = conn.scalars(
        select(Account.id)
        .join(Person, Person.phone == Account.phone)
        .where((Person.id == person_id) | (Person.household_id == household))
    )
    return frozenset(found) - relatives_of(conn, person_id)
