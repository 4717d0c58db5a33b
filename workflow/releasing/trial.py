"""What a proposed policy set would have given on the decided bills of a year: sums and people, no names.

Both sides are computed from scratch by person, in the order of settlement, on the register as it stands; so
nothing but the policy set makes the difference.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select

from bpmn import Text
from workflow import amounts
from workflow.amounts.figures import money, signed
from workflow.cases.calculating import DECIDED_BY_AMOUNT, DecidedBill, bill_of, sheets_per_bill
from workflow.cases.recomputing import settled_claim
from workflow.register.identity import birth_of
from workflow.releasing.reading import Proposal
from workflow.rules import files_of
from workflow.store.models import Case, Category, Claim, Person, table

SHOWN: Final = 5
AT_ONCE: Final = 500
ZERO: Final = Decimal("0.00")
CLAIM = table(Claim)


@dataclass(frozen=True, slots=True)
class Trial:
    """Yuan. `more`, `less`, `same`: people by what the proposal gives them; `uncomputed`: people with a bill
    that one of the two cannot compute, in none of the sums. `largest`: the largest gains and losses.
    `without_case`: bills of the year that were aided without a case, as in one stop at the hospital; they are
    in none of the sums, because nothing here has computed them, and take nothing from the limits.
    """

    policy: str
    title: Text
    year: int
    bills: int
    before: Decimal
    after: Decimal
    more: int
    less: int
    same: int
    uncomputed: int
    largest: tuple[Decimal, ...]
    without_case: int

    @property
    def people(self) -> int:
        return self.more + self.less + self.same

    def as_json(self) -> dict[str, object]:
        return {
            "policy": self.policy, "year": self.year, "people": self.people, "bills": self.bills,
            "before": money(self.before), "after": money(self.after),
            "difference": signed(self.after - self.before), "more": self.more, "less": self.less,
            "same": self.same, "uncomputed": self.uncomputed,
            "largest": [signed(each) for each in self.largest], "without_case": self.without_case,
        }  # fmt: skip


def changed_sets(one: Proposal) -> list[str]:
    """The policy sets of which a proposal changes a file."""
    return sorted({path.split("/")[1] for path in one.paths if path.startswith("policies/")})


def trials(
    conn: Connection, in_force: Mapping[str, amounts.Policy], one: Proposal, year: int
) -> tuple[Trial, ...]:
    """Try every policy set that a proposal changes. A set that is new, or gone, has nothing to compare."""
    proposed = amounts.read_policies(files_of(conn, one.manifest))
    return tuple(
        trial(conn, in_force[each], proposed[each], year)
        for each in changed_sets(one)
        if each in in_force and each in proposed
    )


def trial(conn: Connection, now: amounts.Policy, proposed: amounts.Policy, year: int) -> Trial:
    """Compute the year of everybody whose bills were decided under this policy set, by both versions."""
    rows = _bills(conn, now.id, year)
    people = sorted({row.person_id for row in rows})
    held, births = _categories(conn, people), _births(conn, people)
    sheets = _sheets(conn, rows)
    mine: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        mine[row.person_id].append(row)
    differences: list[Decimal] = []
    before, after, uncomputed, bills = ZERO, ZERO, 0, 0
    for person, claims in mine.items():
        try:
            old = _due(now, claims, held[person], births[person], sheets)
            new = _due(proposed, claims, held[person], births[person], sheets)
        except amounts.ClaimRefused:
            uncomputed += 1
            continue
        before, after, bills = before + old, after + new, bills + len(claims)
        differences.append(new - old)
    differences.sort()
    gains = [each for each in reversed(differences) if each > 0]
    losses = [each for each in differences if each < 0]
    return Trial(
        now.id, proposed.title, year, bills, before, after, len(gains), len(losses),
        len(differences) - len(gains) - len(losses), uncomputed,
        (*gains[:SHOWN], *losses[:SHOWN]), _without_case(conn, year),
    )  # fmt: skip


def _due(
    policy: amounts.Policy,
    claims: Sequence[Any],
    held: Sequence[Any],
    birth: date,
    sheets: Mapping[int, Mapping[str, Any]],
) -> Decimal:
    settled = [
        settled_claim(DecidedBill(row, bill_of(row), ZERO), held, policy, sheets.get(row.id))
        for row in claims
    ]
    return amounts.recompute_year(policy, settled, birth).due


def _bills(conn: Connection, policy: str, year: int) -> Sequence[Any]:
    """The bills of the year in cases of this set that were decided by their amount."""
    cases = {
        case.hex for case in conn.scalars(select(Case.id).where(Case.policy == policy, DECIDED_BY_AMOUNT))
    }
    rows = conn.execute(
        select(CLAIM)
        .where(_settled_in(year), CLAIM.c.case_id.is_not(None))
        .order_by(CLAIM.c.settled_on, CLAIM.c.id)
    )
    return [row for row in rows if row.case_id in cases]


def _settled_in(year: int) -> ColumnElement[bool]:
    return CLAIM.c.settled_on.between(date(year, 1, 1), date(year, 12, 31))


def _without_case(conn: Connection, year: int) -> int:
    aided = select(func.count()).select_from(CLAIM).where(_settled_in(year), CLAIM.c.aid_paid.is_not(None))
    return conn.scalar(aided.where(CLAIM.c.case_id.is_(None))) or 0


def _categories(conn: Connection, people: Sequence[int]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for some in _parts(people):
        for row in conn.execute(select(table(Category)).where(Category.person_id.in_(some))):
            found[row.person_id].append(row)
    return found


def _births(conn: Connection, people: Sequence[int]) -> Mapping[int, date]:
    return {
        row.id: birth_of(row.id_number)
        for some in _parts(people)
        for row in conn.execute(select(Person.id, Person.id_number).where(Person.id.in_(some)))
    }


def _sheets(conn: Connection, rows: Sequence[Any]) -> Mapping[int, Mapping[str, Any]]:
    cases = [UUID(hex=case) for case in sorted({row.case_id for row in rows})]
    return {bill: sheet for some in _parts(cases) for bill, sheet in sheets_per_bill(conn, some).items()}


def _parts(many: Sequence[Any]) -> list[Sequence[Any]]:
    """A few hundred at once: no database takes any number of values in one question."""
    return [many[start : start + AT_ONCE] for start in range(0, len(many), AT_ONCE)]
