"""Households and bills as they come into the register: by roster, by the insurance's list, never by a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, select

from workflow.deadlines import SHANGHAI
from workflow.demo.answers import account
from workflow.demo.people import GROUPS, invent_name
from workflow.house import House
from workflow.register.bills import import_claims
from workflow.register.identity import invent_id_number
from workflow.register.rosters import import_rosters
from workflow.register.table import Sheet
from workflow.store import transaction
from workflow.store.models import Claim, Person

HEADINGS = (
    "公民身份号码", "姓名", "类别", "认定部门", "生效日期", "村", "组", "户主身份证号", "与户主关系", "电话",
    "银行账号", "户名", "家庭年收入",
)  # fmt: skip
BILL = (
    "公民身份号码", "姓名", "医院", "发票号", "类型", "入院日期", "出院日期", "结算日期", "T", "O", "B", "S",
    "M", "R", "已救助金额",
)  # fmt: skip
SINCE = date(2025, 1, 1)
HOSPITAL = "安福县人民医院"
ADULTS = ("户主", "配偶", "父母", "其他")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household, as registered."""

    id: int
    household: int
    name: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Home:
    """A household that lives in the register; the head comes first and applies."""

    members: tuple[Member, ...]

    @property
    def head(self) -> Member:
        return self.members[0]

    @property
    def subjects(self) -> tuple[str, str]:
        return f"household:{self.head.household}", f"person:{self.head.id}"


def move_in(
    house: House,
    random: Random,
    village: str,
    today: date,
    taken: set[str],
    *,
    size: int = 2,
    category: str = "DB",
    since: date = SINCE,
    recorded: date | None = None,
    group: str | None = None,
    phone: str | None = None,
    number: str | None = None,
    holder: str | None = None,
    names: Sequence[str] = (),
    income: int = 60_000,
) -> Home:
    """A household comes in by a roster, everybody with the category.

    Args:
        since: from when the roster says they belong to it. recorded: the day it comes into the register,
            otherwise that same day. phone, number, holder: telephone and bank
            account, otherwise their own. names: of the members, as far as they matter.
    """
    people: list[tuple[str, str]] = []
    for place in range(size):
        name = names[place] if place < len(names) else invent_name(random, random.choice(("male", "female")))
        people.append((name, _unused(random, taken)))
    place_in_village = group or random.choice(GROUPS)
    lines = [
        (
            id_number, name, category, "民政局", since.isoformat(), village, place_in_village, people[0][1],
            ADULTS[min(place, len(ADULTS) - 1)], phone or f"139{random.randint(0, 99_999_999):08d}",
            number or account(random), holder or people[0][0], str(income),
        )
        for place, (name, id_number) in enumerate(people)
    ]  # fmt: skip
    with transaction(house.engine) as conn:
        import_rosters(
            conn, _sheet(HEADINGS, lines), categories=house.rules().categories,
            at=_forenoon(recorded or min(since, today)), demonstration=True,
        )  # fmt: skip
        return Home(_members(conn, [id_number for _, id_number in people]))


def recognise(house: House, member: Member, category: str, since: date, recorded: date) -> None:
    """Somebody registered comes onto one more roster; `recorded`: the day it comes into the register."""
    line = (member.id_number, member.name, category, "民政局", since.isoformat())
    with transaction(house.engine) as conn:
        import_rosters(
            conn, _sheet(HEADINGS[: len(line)], [line]), categories=house.rules().categories,
            at=_forenoon(recorded),
        )  # fmt: skip


def _forenoon(day: date) -> datetime:
    """When the offices import what the lists say."""
    return datetime.combine(day, time(8, 30), SHANGHAI)


def _unused(random: Random, taken: set[str]) -> str:
    number = invent_id_number(random, birth=date(1950, 1, 1) + timedelta(days=random.randint(0, 15_000)))
    while number in taken:
        number = invent_id_number(random)
    taken.add(number)
    return number


def _members(conn: Connection, numbers: Sequence[str]) -> tuple[Member, ...]:
    rows = {
        row.id_number: Member(row.id, row.household_id, row.name, row.id_number)
        for row in conn.execute(
            select(Person.id, Person.household_id, Person.name, Person.id_number).where(
                Person.id_number.in_(numbers)
            )
        )
    }
    return tuple(rows[number] for number in numbers)


def import_bills(house: House, member: Member, today: date, bills: Sequence[Mapping[str, Any]]) -> list[int]:
    """Settled bills of somebody registered; each says its invoice and what differs from a usual one:
    30,000 yuan of which 8,000 stay with the patient, for a stay that ended four weeks ago.
    """
    rows = [_bill(today, bill) for bill in bills]
    lines = [
        (
            member.id_number, member.name, row["hospital"], row["invoice"], row["kind"],
            row["admitted"].isoformat(), row["discharged"].isoformat(), row["settled"].isoformat(),
            *(str(row[part]) for part in ("total", "outside", "basic", "serious", "commercial", "relief")),
            "" if row["aid"] is None else str(row["aid"]),
        )
        for row in rows
    ]  # fmt: skip
    with transaction(house.engine) as conn:
        import_claims(conn, _sheet(BILL, lines), kinds=house.rules().kinds, today=today, demonstration=True)
        found = {
            (claim.invoice_number, claim.settled_on): int(claim.id)
            for claim in conn.execute(
                select(Claim.id, Claim.invoice_number, Claim.settled_on).where(Claim.person_id == member.id)
            )
        }
    return [found[row["invoice"], row["settled"]] for row in rows]


def _bill(today: date, said: Mapping[str, Any]) -> dict[str, Any]:
    usual = {
        "hospital": HOSPITAL, "kind": "inpatient", "admitted": today - timedelta(days=28),
        "discharged": today - timedelta(days=14), "settled": today - timedelta(days=10), "total": 30_000,
        "outside": 1_000, "basic": 20_000, "serious": 1_000, "commercial": 0, "relief": 0, "aid": None,
    }  # fmt: skip
    return {**usual, **said}


def _sheet(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> Sheet:
    return Sheet([(number, line) for number, line in enumerate((headings, *lines), start=1)])
