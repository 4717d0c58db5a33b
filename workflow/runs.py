"""The runs that find people who never applied: apply-free aid and the high-cost warning (domain 2.6, 2.7).

Each opens cases by the ordinary command, as the program; what was found once is not opened again.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select

from bpmn import Text
from workflow.actor import SYSTEM
from workflow.amounts import ClaimRefused, Policy
from workflow.cases.ways import ORDINARY
from workflow.commands import OpenCase
from workflow.deadlines import SHANGHAI
from workflow.errors import AnswersRefused, StepImpossible
from workflow.handle import handle
from workflow.house import House
from workflow.register.one_bill import policy_if_any
from workflow.store.models import Case, Category, Claim, Household, Person

AUTOMATIC, ALERT = "ma_auto_parallel", "alert_high_cost"
NEVER = frozenset({"YBZP"})
"""Impoverished by illness always applies (domain 2.6, last lines)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a run has come to: looked at, cases opened, those for which nothing was due, and those that could
    not be opened: a person has to look at them (the bill's number, or 0, and the reason).
    """

    looked_at: int
    opened: int
    nothing_due: int
    refused: tuple[tuple[int, Text], ...]


@dataclass(slots=True)
class _Run:
    """One run on its way: every case is opened by the ordinary command, as the program."""

    house: House
    at: datetime
    opened: int = 0
    refused: list[tuple[int, Text]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.at.astimezone(SHANGHAI).date()

    def policy(self, village: str) -> Policy | None:
        return policy_if_any(self.house.rules().policies, self.today, village, ORDINARY)

    def open(
        self,
        flow: str,
        policy: Policy,
        person: int,
        source: str,
        *,
        bill: int = 0,
        about: UUID | None = None,
    ) -> None:
        bills = (bill,) if bill else ()
        command = OpenCase(flow, policy.id, person, bills, {"trigger_source": source}, about=about)
        try:
            handle(self.house, SYSTEM, command, at=self.at, request_id=uuid4().hex)
        except StepImpossible:
            return  # nothing is due: no case is opened, the bill stays free
        except (AnswersRefused, ClaimRefused) as refused:
            self.refused.append((bill, refused.message))
            return
        self.opened += 1

    def found(self, looked_at: int) -> Found:
        return Found(looked_at, self.opened, looked_at - self.opened - len(self.refused), tuple(self.refused))


def apply_free(house: House, at: datetime, progress: Progress = lambda done, of: None) -> Found:
    """Open a case for every settled bill of a person on a roster that no case has yet."""
    run = _Run(house, at)
    on_a_roster = exists().where(
        Category.person_id == Claim.person_id,
        Category.code.not_in(NEVER),
        Category.valid_from <= Claim.admitted_on,
        Category.valid_to.is_(None) | (Category.valid_to >= Claim.admitted_on),
    )
    with house.reader.connect() as conn:
        rows = conn.execute(
            select(Claim.id, Claim.person_id, Household.village)
            .join(Person, Person.id == Claim.person_id)
            .join(Household, Household.id == Person.household_id)
            .where(
                Claim.case_id.is_(None),
                Claim.settled_on >= date(run.today.year, 1, 1),
                Person.died_on.is_(None),
                on_a_roster,
            )
            .order_by(Claim.settled_on, Claim.id)
        ).all()
    for number, row in enumerate(rows, start=1):
        policy = run.policy(row.village)
        if policy is not None:
            run.open(AUTOMATIC, policy, row.person_id, "settled_claims", bill=row.id)
        progress(number, len(rows))
    return run.found(len(rows))


def early_warning(house: House, at: datetime, progress: Progress = lambda done, of: None) -> Found:
    """Warn of every household whose own burden of this year is above the policy's share of its income.

    The burden is what insurance and aid have left of all bills since 1 January [C-27]; an income that
    nobody has declared is taken as the residents' income for each living member. Where a household was
    warned of in this year, a second warning follows only on a bill that was settled since the first was
    closed, and is tied to it.
    """
    run = _Run(house, at)
    homes = _homes(house, run.today)
    for number, home in enumerate(homes, start=1):
        policy = run.policy(home.village)
        if policy is not None and home.above(*_lines(policy, run.today)) and home.has_news:
            about = home.warned.id if home.warned is not None else None
            run.open(ALERT, policy, home.person, "cross_check", about=about)
        progress(number, len(homes))
    return run.found(len(homes))


@dataclass(slots=True)
class _Home:
    """A household, its burden of the year, and the member who bears most. `warned`: the newest warning of
    this year; `newest`: the day its last bill was settled.
    """

    village: str
    members: int
    income: Decimal | None
    warned: Any
    burden: Decimal = Decimal(0)
    person: int = 0
    largest: Decimal = Decimal(-1)
    newest: date = date.min

    def above(self, share: Decimal, per_head: Decimal) -> bool:
        """Strictly more than the share; exactly the share is no warning."""
        income = self.income if self.income is not None else per_head * self.members
        return self.burden > share * income

    @property
    def has_news(self) -> bool:
        if self.warned is None:
            return True
        closed = self.warned.closed_at
        return closed is not None and self.newest > closed.astimezone(SHANGHAI).date()


def _homes(house: House, today: date) -> list[_Home]:
    first = date(today.year, 1, 1)
    with house.reader.connect() as conn:
        warned = {
            row.household_id: row
            for row in conn.execute(
                select(Person.household_id, Case.id, Case.closed_at)
                .join(Case, Case.applicant_id == Person.id)
                .where(
                    Case.flow == ALERT,
                    Case.opened_at >= datetime.combine(first, datetime.min.time(), SHANGHAI),
                )
                .order_by(Case.opened_at)
            )
        }
        members: dict[int, int] = {
            row.household_id: row.size
            for row in conn.execute(
                select(Person.household_id, func.count().label("size"))
                .where(Person.household_id.is_not(None), Person.died_on.is_(None))
                .group_by(Person.household_id)
            )
        }
        bills = conn.execute(
            select(
                Person.household_id, Claim.person_id, Claim.settled_on, Household.village, Household.income,
                Claim.total, Claim.basic, Claim.serious_illness, Claim.commercial, Claim.other_relief,
                Claim.aid_paid, Claim.aided_otherwise,
            )
            .join(Person, Person.id == Claim.person_id)
            .join(Household, Household.id == Person.household_id)
            .where(Claim.settled_on >= first, Person.died_on.is_(None))
            .order_by(Claim.person_id)
        ).all()  # fmt: skip
    homes: dict[int, _Home] = {}
    by_person: dict[int, Decimal] = defaultdict(Decimal)
    for bill in bills:
        number = bill.household_id
        if number not in homes:
            homes[number] = _Home(bill.village, members[number], bill.income, warned.get(number))
        home = homes[number]
        paid = bill.basic + bill.serious_illness + bill.commercial + bill.other_relief
        aided = (bill.aid_paid or 0) + (bill.aided_otherwise or 0)
        left = max(Decimal(0), bill.total - paid - aided)
        home.burden += left
        home.newest = max(home.newest, bill.settled_on)
        by_person[bill.person_id] += left
        if by_person[bill.person_id] > home.largest:
            home.person, home.largest = bill.person_id, by_person[bill.person_id]
    return [homes[number] for number in sorted(homes)]


def _lines(policy: Policy, today: date) -> tuple[Decimal, Decimal]:
    _, per_head = policy.parameters["residents_income"].of_year(today.year)
    return policy.thresholds["early_warning"].value, per_head
