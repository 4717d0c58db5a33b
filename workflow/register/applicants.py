"""At the window: find a person, or register person, household and bills one by one (domain 4.1, 4.2).

Rosters and insurance tables come in by import; this is for whoever is in none of them. Every change is
noted on the system chain by the person's number in the register, never by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, exists, insert, or_, select

import audit
from workflow.actor import Actor
from workflow.cases.refusing import log_system
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, FieldFault, NotFound
from workflow.house import House
from workflow.permissions import require
from workflow.register.identity import NotValid, check_account, check_id_number, check_name, check_phone
from workflow.register.kinship import relatives_of
from workflow.register.rosters import RELATIONS
from workflow.register.typed import Raw, Reading, money, one_of, short
from workflow.store import transaction
from workflow.store.models import Case, Claim, Household, Organisation, Person, table

PERSON_REGISTERED = audit.declare("person_registered", needs=["person", "household"])


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of the person that is under way."""

    id: UUID
    number: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A registered person as the window needs them: bills still free, cases under way, kin on duty."""

    person_id: int
    village: str
    bills: Sequence[Row[Any]]
    used: int
    open_cases: Sequence[OpenCase]
    relatives: frozenset[int]


def find(conn: Connection, actor: Actor, id_number: str, today: date) -> tuple[str, int | None]:
    """The cleaned number, and the person in the register, if there.

    Raises:
        AnswersRefused: it is no identity number. NotAllowed: the person lives outside the office's area.
    """
    try:
        number = check_id_number(id_number, today).text
    except NotValid as error:
        raise AnswersRefused([FieldFault("id_number", error.message)]) from None
    row = conn.execute(
        select(Person.id, Household.village)
        .outerjoin(Household, Household.id == Person.household_id)
        .where(Person.id_number == number)
    ).first()
    if row is None:
        return number, None
    require(actor, "use_window", area=row.village)
    return number, row.id


def ready(conn: Connection, actor: Actor, person_id: int) -> Ready:
    """What is known of a person before an application.

    Raises:
        NotFound, NotAllowed
    """
    row = conn.execute(
        select(Person.id, Household.village)
        .join(Household, Household.id == Person.household_id)
        .where(Person.id == person_id)
    ).first()
    if row is None:
        raise NotFound()
    require(actor, "use_window", area=row.village)
    bills = conn.execute(
        select(table(Claim)).where(Claim.person_id == person_id).order_by(Claim.settled_on.desc(), Claim.id)
    ).all()
    return Ready(
        person_id=row.id,
        village=row.village,
        bills=[bill for bill in bills if bill.case_id is None],
        used=sum(bill.case_id is not None for bill in bills),
        open_cases=[
            OpenCase(row.id, row.number)
            for row in conn.execute(
                select(Case.id, Case.number).where(Case.applicant_id == person_id, Case.closed_at.is_(None))
            )
        ],
        relatives=relatives_of(conn, person_id),
    )


def villages_of(conn: Connection, actor: Actor) -> Mapping[str, str]:
    """The villages in which this seat may register somebody: code → name. An office of the county, and a
    hospital, may do so for the whole county.
    """
    own = or_(Organisation.code == actor.org, Organisation.parent == actor.org)
    if actor.org[6:7] == "-":
        own = Organisation.code.startswith(actor.org[:6], autoescape=True)
    rows = conn.execute(
        select(Organisation.code, Organisation.name)
        .where(Organisation.level == "village", Organisation.kind == "government", own)
        .order_by(Organisation.code)
    )
    return {row.code: row.name for row in rows}


def register_person(house: House, actor: Actor, raw: Raw, *, at: datetime, request_id: str) -> int:
    """Register somebody new, alone or in a household that is there. Returns the person's id.

    Fields: id_number, name, phone, account_number, account_holder, and either head (identity number of
    a registered head) with relation, or village with group, address and income.

    Raises:
        AnswersRefused, NotAllowed
    """
    today = at.astimezone(SHANGHAI).date()
    with transaction(house.engine) as conn:
        reading = Reading(raw)
        number = reading.take("id_number", lambda text: check_id_number(text, today).text)
        name = reading.take("name", check_name)
        phone = reading.take("phone", check_phone, needed=False)
        account = reading.take("account_number", lambda text: check_account(text).text, needed=False)
        holder = reading.take("account_holder", check_name, needed=account is not None)
        head = reading.take("head", lambda text: check_id_number(text, today).text, needed=False)
        household = _household(conn, actor, reading, head, name, holder, account)
        if number and conn.scalar(select(exists().where(Person.id_number == number))):
            reading.fault("id_number", "这个身份证号已经登记", "This number is registered already")
        reading.finish()
        household_id = household if isinstance(household, int) else _new_household(conn, household)
        person_id = conn.execute(
            insert(Person)
            .values(
                name=name,
                id_number=number,
                household_id=household_id,
                relation=reading.raw.get("relation", "other") if head else "self",
                phone=phone,
                account_number=account,
                account_holder=holder,
            )
            .returning(Person.id)
        ).scalar_one()
        facts: dict[str, object] = {"person": person_id, "household": household_id}
        log_system(house, conn, actor, PERSON_REGISTERED.name, facts, at, request_id)
    return int(person_id)


def _household(
    conn: Connection,
    actor: Actor,
    reading: Reading,
    head: str | None,
    name: str | None,
    holder: str | None,
    account: str | None,
) -> int | dict[str, Any]:
    """The id of the head's household, or the values of a new one."""
    members = {name} if name else set()
    found: int | dict[str, Any] = {}
    if head:
        reading.take("relation", one_of({key: 1 for key in RELATIONS if key != "self"}))
        row = conn.execute(
            select(Person.household_id, Household.village)
            .join(Household, Household.id == Person.household_id)
            .where(Person.id_number == head, Person.relation == "self")
        ).first()
        if row is None:
            reading.fault("head", "没有登记这个户主", "No such head is registered")
        else:
            require(actor, "use_window", area=row.village)
            members |= set(conn.scalars(select(Person.name).where(Person.household_id == row.household_id)))
            found = int(row.household_id)
    else:
        known = villages_of(conn, actor)
        village = reading.take("village", one_of(known))
        if village is not None:
            _require_area(actor, village)
        found = {
            "village": village,
            "group_name": reading.take("group", short(20), needed=False),
            "address": reading.take("address", short(120), needed=False),
            "income": reading.take("income", money, needed=False),
        }
    if account and holder and holder not in members:
        reading.fault(
            "account_holder",
            f"户名“{holder}”不是本人或家庭成员。账户只能是本人或家庭成员的",
            "The holder is neither the applicant nor a member of the household",
        )
    return found


def _require_area(actor: Actor, village: str) -> None:
    require(actor, "use_window", area=village)


def _new_household(conn: Connection, values: Mapping[str, Any]) -> int:
    return int(conn.execute(insert(Household).values(**values).returning(Household.id)).scalar_one())
