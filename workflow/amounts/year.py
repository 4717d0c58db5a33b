"""A person's whole year again, after a bill was corrected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from bpmn.text import Text
from workflow.amounts.claim import Bill, Earlier
from workflow.amounts.compute import compute
from workflow.amounts.figures import ZERO, money, signed
from workflow.amounts.model import Policy
from workflow.amounts.refusals import ClaimRefused
from workflow.amounts.result import Result


@dataclass(frozen=True, slots=True)
class SettledClaim:
    """A claim of the year as it stands: the bill, the categories it was judged by, what was paid.

    `settled_at` decides between claims settled on one day; claims of one moment keep their order.
    `policy`: the set this claim was judged by, where it is another one than the year's.
    """

    id: str
    bill: Bill
    categories: tuple[str, ...]
    settled_at: datetime
    paid: Decimal
    serious_illness_settled: bool = True
    merged: bool = False
    persons: int = 1
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class YearLine:
    """One claim recomputed. `difference` = due − paid: positive is still owed, negative to be recovered."""

    id: str
    bill: Bill
    result: Result
    paid: Decimal
    difference: Decimal

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "kind": self.bill.kind,
            "settled": self.bill.settled.isoformat(),
            "paid": money(self.paid),
            "due": money(self.result.aid),
            "difference": signed(self.difference),
            **self.result.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Year:
    """All claims of a year in the order of settlement, with their sums in yuan."""

    lines: tuple[YearLine, ...]
    due: Decimal
    paid: Decimal
    difference: Decimal

    @property
    def overpaid(self) -> Decimal:
        """What was paid beyond what is due, claim by claim: to be recovered (domain 2.12)."""
        return sum((-each.difference for each in self.lines if each.difference < 0), ZERO)

    @property
    def owed(self) -> Decimal:
        """What is still due, claim by claim."""
        return sum((each.difference for each in self.lines if each.difference > 0), ZERO)

    def as_json(self) -> dict[str, object]:
        """The sheet of the year: every claim with what was paid, what is due and the difference."""
        return {
            "lines": [each.as_json() for each in self.lines],
            "paid": money(self.paid),
            "due": money(self.due),
            "difference": signed(self.difference),
            "overpaid": money(self.overpaid),
            "owed": money(self.owed),
        }


def recompute_year(
    policy: Policy,
    claims: Sequence[SettledClaim],
    birth: date,
    *,
    income: Decimal | None = None,
    reading: str | None = None,
) -> Year:
    """Compute a year from scratch in the order of settlement, and compare with what was paid.

    Later claims count with what is due for the earlier ones, not with what was wrongly paid: the
    differences are what brings the two together.

    Raises:
        ClaimRefused: the claims are not all of one calendar year, or one of them cannot be computed.
    """
    if len({claim.bill.settled.year for claim in claims}) > 1:
        raise ClaimRefused(Text("这些费用不属于同一年度", "these claims do not belong to one calendar year"))
    lines: list[YearLine] = []
    earlier: list[Earlier] = []
    for claim in sorted(claims, key=lambda each: (each.bill.settled, each.settled_at)):
        mine = claim.policy or policy
        result = compute(
            mine,
            claim.bill,
            claim.categories,
            birth,
            [each for each in earlier if each.kind in mine.kinds],
            income=income,
            reading=reading,
            serious_illness_settled=claim.serious_illness_settled,
            merged=claim.merged,
            persons=claim.persons,
        )
        earlier.append(Earlier(result.self_pay, result.aid, claim.bill.kind, claim.bill))
        lines.append(YearLine(claim.id, claim.bill, result, claim.paid, result.aid - claim.paid))
    due = sum((each.result.aid for each in lines), ZERO)
    paid = sum((each.paid for each in lines), ZERO)
    return Year(tuple(lines), due, paid, due - paid)


def corrected(claims: Sequence[SettledClaim], claim_id: str, bill: Bill) -> tuple[SettledClaim, ...]:
    """The same claims with one bill replaced.

    Raises:
        ClaimRefused: no claim has this id.
    """
    if claim_id not in {claim.id for claim in claims}:
        raise ClaimRefused(Text(f"没有编号为{claim_id}的费用", f"there is no claim {claim_id}"))
    return tuple(replace(claim, bill=bill) if claim.id == claim_id else claim for claim in claims)
