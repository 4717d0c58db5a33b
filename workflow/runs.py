"""The runs that find people who never applied: apply-free aid and the high-cost warning (domain 2.6, 2.7).

Each opens cases by the ordinary command, as the program; what was found once is not opened again.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import func, select

from workflow.actor import SYSTEM
from workflow.cases.ways import ORDINARY
from workflow.commands import OpenCase
from workflow.deadlines import SHANGHAI
from workflow.errors import NotAllowed, StepImpossible
from workflow.handle import handle
from workflow.house import House
from workflow.register.one_bill import policy_today
from workflow.store.models import Case, Category, Claim, Household, Person

AUTOMATIC, ALERT = "ma_auto_parallel", "alert_high_cost"
NEVER = frozenset({"YBZP"})
"""Impoverished by illness always applies (domain 2.6, last lines)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a run has come to: looked at, cases opened, and those for which nothing was due."""

    looked_at: int
    opened: int
    nothing_due: int


def apply_free(house: House, at: datetime, progress: Progress = lambda done, of: None) -> Found:
    """Open a case for every settled bill of a person on a roster that no case has yet."""
    today = at.astimezone(SHANGHAI).date()
    with house.reader.connect() as conn:
        rows = conn.execute(
            select(Claim.id, Claim.person_id, Household.village, func.max(Category.code).label("code"))
            .join(Person, Person.id == Claim.person_id)
            .join(Household, Household.id == Person.household_id)
            .join(Category, Category.person_id == Person.id)
            .where(
                Claim.case_id.is_(None),
                Claim.settled_on >= date(today.year, 1, 1),
                Person.died_on.is_(None),
                Category.code.not_in(NEVER),
                Category.valid_from <= Claim.admitted_on,
                Category.valid_to.is_(None) | (Category.valid_to >= Claim.admitted_on),
            )
            .group_by(Claim.id, Claim.person_id, Household.village)
            .order_by(Claim.settled_on, Claim.id)
        ).all()
    opened = 0
    for number, row in enumerate(rows, start=1):
        opened += _open(house, AUTOMATIC, row.village, row.person_id, (row.id,), "settled_claims", at)
        progress(number, len(rows))
    return Found(len(rows), opened, len(rows) - opened)


def early_warning(house: House, at: datetime, progress: Progress = lambda done, of: None) -> Found:
    """Warn of every household whose own burden of this year is above the policy's share of its income.

    The burden is what insurance and aid have left of all bills since 1 January [C-27]; an income that
    nobody has declared is taken as the residents' income for each member. One warning a year.
    """
    today = at.astimezone(SHANGHAI).date()
    burdens = _burdens(house, today)
    opened = 0
    for number, home in enumerate(burdens, start=1):
        policy = _policy(house, home.village, today)
        if policy is not None and home.above(*_lines(house, policy, today)):
            opened += _open(house, ALERT, home.village, home.person, (), "cross_check", at)
        progress(number, len(burdens))
    return Found(len(burdens), opened, len(burdens) - opened)


@dataclass(slots=True)
class _Home:
    """A household, its burden of the year, and the member who bears most."""

    village: str
    members: int
    income: Decimal | None
    burden: Decimal = Decimal(0)
    person: int = 0
    largest: Decimal = Decimal(-1)

    def above(self, share: Decimal, per_head: Decimal) -> bool:
        """Strictly more than the share; exactly the share is no warning."""
        income = self.income if self.income is not None else per_head * self.members
        return self.burden > share * income


def _burdens(house: House, today: date) -> list[_Home]:
    first = date(today.year, 1, 1)
    with house.reader.connect() as conn:
        warned = set(
            conn.scalars(
                select(Person.household_id)
                .join(Case, Case.applicant_id == Person.id)
                .where(
                    Case.flow == ALERT,
                    Case.opened_at >= datetime.combine(first, datetime.min.time(), SHANGHAI),
                )
            )
        )
        members: dict[int, int] = {
            row.household_id: row.size
            for row in conn.execute(
                select(Person.household_id, func.count().label("size"))
                .where(Person.household_id.is_not(None))
                .group_by(Person.household_id)
            )
        }
        bills = conn.execute(
            select(
                Person.household_id, Claim.person_id, Household.village, Household.income, Claim.total,
                Claim.basic, Claim.serious_illness, Claim.commercial, Claim.other_relief, Claim.aid_paid,
                Claim.aided_otherwise,
            )
            .join(Person, Person.id == Claim.person_id)
            .join(Household, Household.id == Person.household_id)
            .where(Claim.settled_on >= first, Person.died_on.is_(None))
            .order_by(Claim.person_id)
        ).all()  # fmt: skip
    homes: dict[int, _Home] = {}
    by_person: dict[int, Decimal] = defaultdict(Decimal)
    for bill in bills:
        if bill.household_id in warned:
            continue
        home = homes.setdefault(
            bill.household_id, _Home(bill.village, members[bill.household_id], bill.income)
        )
        paid = bill.basic + bill.serious_illness + bill.commercial + bill.other_relief
        aided = (bill.aid_paid or 0) + (bill.aided_otherwise or 0)
        left = max(Decimal(0), bill.total - paid - aided)
        home.burden += left
        by_person[bill.person_id] += left
        if by_person[bill.person_id] > home.largest:
            home.person, home.largest = bill.person_id, by_person[bill.person_id]
    return [homes[number] for number in sorted(homes)]


def _lines(house: House, policy_id: str, today: date) -> tuple[Decimal, Decimal]:
    policy = house.rules().policies[policy_id]
    _, per_head = policy.parameters["residents_income"].of_year(today.year)
    return policy.thresholds["early_warning"].value, per_head


def _policy(house: House, village: str, today: date) -> str | None:
    try:
        return policy_today(house.rules().policies, today, village, ORDINARY)
    except NotAllowed:
        return None


def _open(
    house: House, flow: str, village: str, person: int, bills: tuple[int, ...], source: str, at: datetime
) -> bool:
    policy = _policy(house, village, at.astimezone(SHANGHAI).date())
    if policy is None:
        return False
    command = OpenCase(flow, policy, person, bills, {"trigger_source": source})
    try:
        handle(house, SYSTEM, command, at=at, request_id=uuid4().hex)
    except StepImpossible:
        return False  # nothing is due: no case is opened, the bill stays free
    return True
