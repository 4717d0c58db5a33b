"""The applicant as the file shows them: masked numbers, household, categories, account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from bpmn import Text
from workflow.errors import NotFound
from workflow.register.identity import birth_of, completed_age
from workflow.register.masking import mask_account, mask_id
from workflow.store.models import Category, Household, Person, table
from workflow.store.prepared import Prepared

RELATIONS: Final[Mapping[str, Text]] = {
    "self": Text("户主", "head"),
    "spouse": Text("配偶", "spouse"),
    "child": Text("子女", "child"),
    "parent": Text("父母", "parent"),
    "sibling": Text("兄弟姐妹", "sibling"),
    "grandparent": Text("祖父母", "grandparent"),
    "grandchild": Text("孙子女", "grandchild"),
    "child_in_law": Text("儿媳或女婿", "child-in-law"),
    "other": Text("其他", "other"),
}


_HELD = Prepared(select(table(Category)).where(Category.person_id == bindparam("person")))
_MEMBERS = Prepared(
    select(Person.id, Person.name, Person.relation, Person.id_number)
    .where(Person.household_id == bindparam("household"))
    .order_by(Person.id)
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the household."""

    id: int
    name: str
    relation: Text
    age: int
    applicant: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """A category the person holds or held, with its source."""

    code: str
    name: Text
    source: str
    valid_from: date
    valid_to: date | None

    def valid(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Applicant:
    """The person an application is for; `current` are the categories valid today.

    `id_masked` and `account_masked` hold no full number.
    """

    id: int
    name: str
    id_masked: str
    sex: Text
    age: int
    phone: str
    group: str
    address: str
    income: Decimal | None
    account_masked: str
    account_holder: str
    members: tuple[Member, ...]
    categories: tuple[Holding, ...]
    current: tuple[Holding, ...]


def sex_of(id_number: str) -> Text:
    return Text("男", "male") if int(id_number[16]) % 2 else Text("女", "female")


def mask_phone(phone: str | None) -> str:
    """The last four digits."""
    return f"{'*' * (len(phone) - 4)}{phone[-4:]}" if phone and len(phone) > 4 else ""


def relation_of(code: str) -> Text:
    return RELATIONS.get(code, RELATIONS["other"])


def holdings(conn: Connection, names: Mapping[str, Text], person_id: int) -> tuple[Holding, ...]:
    """All categories of a person in the order of `names`, the most favourable first (C-07)."""
    rows = _HELD.all(conn, {"person": person_id})
    places = {code: place for place, code in enumerate(names)}
    found = [
        Holding(
            row.code,
            names.get(row.code, Text(row.code, row.code)),
            row.source_department,
            row.valid_from,
            row.valid_to,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda h: (places.get(h.code, len(places)), h.valid_from)))


def members_of(
    conn: Connection, household_id: int | None, applicant_id: int, today: date
) -> tuple[Member, ...]:
    if household_id is None:
        return ()
    rows = _MEMBERS.all(conn, {"household": household_id})
    return tuple(
        Member(row.id, row.name, relation_of(row.relation), completed_age(birth_of(row.id_number), today),
               row.id == applicant_id)
        for row in rows
    )  # fmt: skip


def nobody(name: str) -> Applicant:
    """Whose case it was is erased."""
    return Applicant(0, name, "", Text("", ""), 0, "", "", "", None, "", "", (), (), ())


def applicant_of(conn: Connection, names: Mapping[str, Text], row: Any, today: date) -> Applicant:
    """The applicant of a case row as `workflow.reading.case_row` selects it."""
    categories = holdings(conn, names, row.applicant_id)
    return Applicant(
        id=row.applicant_id,
        name=row.person,
        id_masked=mask_id(row.id_number),
        sex=sex_of(row.id_number),
        age=completed_age(birth_of(row.id_number), today),
        phone=mask_phone(row.phone),
        group=row.group_name or "",
        address=row.address or "",
        income=row.income,
        account_masked=mask_account(row.account_number) if row.account_number else "",
        account_holder=row.account_holder or "",
        members=members_of(conn, row.household_id, row.applicant_id, today),
        categories=categories,
        current=tuple(holding for holding in categories if holding.valid(today)),
    )


def applicant_by_id(conn: Connection, names: Mapping[str, Text], person_id: int, today: date) -> Applicant:
    """A registered person before there is a case.

    Raises:
        NotFound: nobody has this number.
    """
    row = conn.execute(
        select(
            Person.id.label("applicant_id"),
            Person.name.label("person"),
            Person.id_number,
            Person.household_id,
            Person.phone,
            Person.account_number,
            Person.account_holder,
            Household.group_name,
            Household.address,
            Household.income,
        )
        .outerjoin(Household, Household.id == Person.household_id)
        .where(Person.id == person_id)
    ).first()
    if row is None:
        raise NotFound()
    return applicant_of(conn, names, row, today)
