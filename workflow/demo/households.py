"""Put invented households, categories and bills into the register, as the imports would."""

from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from workflow.deadlines import SHANGHAI
from workflow.demo import people
from workflow.demo.answers import account
from workflow.store.models import Category, Claim, Household, Person

CATEGORIES = (("DB", 5), ("DBBY", 4), ("TK", 2), ("YBZP", 3), ("FFP", 1))
SINCE = date(2025, 1, 1)
RECORDED = datetime(2025, 1, 6, 9, tzinfo=SHANGHAI)
"""When civil affairs told the register: on the first Monday after, long before anybody applies."""


def settle_household(
    conn: Connection, random: Random, village: str, before: date, number: int, story: Any
) -> tuple[int, tuple[int, ...]]:
    """One household with its applicant's category and bill; returns person id and claim ids."""
    applicant = settle_people(conn, random, village, number, story)
    return applicant, settle_bill(conn, random, applicant, before, number, story)


def settle_people(
    conn: Connection, random: Random, village: str, number: int, story: Any, taken: set[str] | None = None
) -> int:
    """One household with its applicant's category; returns the applicant's id. `taken`: see `household`."""
    members = people.household(random, random.randint(1, 5), taken)
    earns = (0.15, 0.2) if story.burdened else (0.3, 1.2)
    household_id = conn.scalar(
        insert(Household).returning(Household.id),
        {
            "village": village,
            "group_name": random.choice(people.GROUPS),
            "address": None,
            "income": people.share(Decimal("60000"), random, *earns),
            "demonstration": True,
        },
    )
    applicant = 0
    for place, member in enumerate(members):
        person_id = conn.scalar(
            insert(Person).returning(Person.id),
            {
                "name": member.name,
                "id_number": member.id_number,
                "household_id": household_id,
                "relation": member.relation,
                "phone": f"139{random.randint(0, 99_999_999):08d}",
                "account_number": account(random),
                "account_holder": members[0].name,
                "demonstration": True,
            },
        )
        if place == 0:
            applicant = int(person_id or 0)
    codes, weights = [code for code, _ in CATEGORIES], [weight for _, weight in CATEGORIES]
    code = story.category or random.choices(codes, weights)[0]
    if code != "NONE":
        conn.execute(
            insert(Category),
            {
                "person_id": applicant,
                "code": code,
                "source_department": "民政局",
                "valid_from": SINCE,
                "evidence": f"MZ{number:06d}",
                "recorded_at": RECORDED,
            },
        )
    return applicant


def settle_bill(
    conn: Connection, random: Random, applicant: int, before: date, number: int, story: Any
) -> tuple[int, ...]:
    """The applicant's bill; returns its id."""
    made = people.bill(random, before, number, small=story.small_bill, unsettled=story.unsettled)
    claim_id = conn.scalar(
        insert(Claim).returning(Claim.id),
        {
            "person_id": applicant,
            "demonstration": True,
            **{name: getattr(made, name) for name in people.InventedBill.__slots__},
        },
    )
    return (int(claim_id or 0),)
