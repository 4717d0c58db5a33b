"""A person's whole year again, after a bill was corrected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from bpmn.text import Text
from workflow.amounts.claim import Bill, Earlier
from workflow.amounts.compute import compute
from workflow.amounts.figures import ZERO
from workflow.amounts.model import Policy
from workflow.amounts.refusals import ClaimRefused
from workflow.amounts.result import Result


@dataclass(frozen=True, slots=True)
class SettledClaim:
    """A claim of the year as it stands: the bill, the categories it was judged by, what was paid.

    `settled_at` decides between claims settled on one day.
    """

    id: str
    bill: Bill
    categories: tuple[str, ...]
    settled_at: datetime
    paid: Decimal
    serious_illness_settled: bool = True
    merged: bool = False
    persons: int = 1


@dataclass(frozen=True, slots=True)
class YearLine:
    """One claim recomputed. `difference` = due − paid: positive is still owed, negative to be recovered."""

    id: str
    result: Result
    paid: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True)
class Year:
    """All claims of a year in the order of settlement, with their sums in yuan."""

    lines: tuple[YearLine, ...]
    due: Decimal
    paid: Decimal
    difference: Decimal


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
    for claim in sorted(claims, key=lambda each: (each.bill.settled, each.settled_at, each.id)):
        result = compute(
            policy,
            claim.bill,
            claim.categories,
            birth,
            earlier,
            income=income,
            reading=reading,
            serious_illness_settled=claim.serious_illness_settled,
            merged=claim.merged,
            persons=claim.persons,
        )
        earlier.append(Earlier(result.self_pay, result.aid, claim.bill.kind, claim.bill))
        lines.append(YearLine(claim.id, result, claim.paid, result.aid - claim.paid))
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
