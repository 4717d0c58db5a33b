"""The best plan over several departments (domain 3.9).

Every department aids what is left after the others, and each has its own deductible: so the order
changes the sum. All orders are tried; a person still decides (C-31).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from itertools import permutations

from bpmn.text import Text
from workflow.amounts.claim import Bill, Earlier
from workflow.amounts.compute import compute
from workflow.amounts.figures import EXACT, ZERO, in_words, money
from workflow.amounts.model import MEDICAL_SECURITY, Policy
from workflow.amounts.refusals import ClaimRefused
from workflow.amounts.result import Result
from workflow.amounts.vocabulary import DEDUCTED
from workflow.amounts.warnings import FORBIDS_PAYMENT, NEEDS_A_PERSON, WARNINGS, in_order

MOST_DEPARTMENTS = 6  # 720 orders


@dataclass(frozen=True, slots=True)
class Part:
    """What one department gives in an order: `aid` in yuan; `result` is its sheet.

    `aid` is less than the sheet's where a tariff that deducts little would go beyond P.
    """

    policy: Policy
    aid: Decimal
    result: Result

    def as_json(self) -> dict[str, object]:
        department = self.policy.department
        return {
            **self.result.as_json(),
            "policy": self.policy.id,
            "department": department.id,
            "title": {"zh": department.title.zh, "en": department.title.en},
            "aid": money(self.aid),
            "in_words": in_words(self.aid),
        }


@dataclass(frozen=True, slots=True)
class Order:
    """One order of the departments, with what each gives and the sum, in yuan."""

    parts: tuple[Part, ...]
    total: Decimal

    @property
    def policies(self) -> tuple[str, ...]:
        return tuple(part.policy.id for part in self.parts)


@dataclass(frozen=True, slots=True)
class BestPlan:
    """The order to propose, all orders that were tried, and the sets that have no rule for this claim.

    `self_pay` is P, which no order exceeds; `sheet` is plain data for JSON.
    """

    best: Order
    orders: tuple[Order, ...]
    without_rule: tuple[Policy, ...]
    self_pay: Decimal
    warnings: tuple[str, ...]

    @property
    def aid(self) -> Decimal:
        return self.best.total

    @property
    def may_be_paid(self) -> bool:
        return self.aid > 0 and not FORBIDS_PAYMENT & set(self.warnings)

    @property
    def needs_a_person(self) -> bool:
        return bool(NEEDS_A_PERSON & set(self.warnings))

    def as_json(self) -> dict[str, object]:
        return {
            "aid": money(self.aid),
            "in_words": in_words(self.aid),
            "order": list(self.best.policies),
            "warnings": list(self.warnings),
            "sheet": {
                "self_pay": money(self.self_pay),
                "parts": [part.as_json() for part in self.best.parts],
                "orders": [
                    {
                        "order": list(order.policies),
                        "parts": [money(part.aid) for part in order.parts],
                        "total": money(order.total),
                    }
                    for order in self.orders
                ],
                "without_rule": [policy.id for policy in self.without_rule],
                "warnings": [
                    {"code": code, "zh": WARNINGS[code].zh, "en": WARNINGS[code].en} for code in self.warnings
                ],
            },
        }


def best_order(
    policies: Sequence[Policy],
    bill: Bill,
    categories: Sequence[str],
    birth: date,
    earlier: Mapping[str, Sequence[Earlier]],
    *,
    income: Decimal | None = None,
    serious_illness_settled: bool = True,
    persons: int = 1,
) -> BestPlan:
    """Try all orders of the departments' sets that have a rule for this person and bill.

    The largest total wins; of equal totals the order that leaves more to medical security at its end;
    then the one that keeps to the order of `policies`.

    Args:
        policies: one set per department; basic and serious-illness insurance have paid before (B, S).
        earlier: by set, the person's claims that it aided earlier in the year.

    Raises:
        ClaimRefused: more than six departments have a rule, or the claim itself is refused.
    """
    if len({policy.id for policy in policies}) < len(policies):
        raise ClaimRefused(Text("同一政策集出现了两次", "a policy set appears twice"))
    for code in categories:
        if not any(code in policy.order for policy in policies):
            raise ClaimRefused(Text(f"没有“{code}”这类人员", f"there is no category {code!r}"))
    tried = _Trial(bill, categories, birth, earlier, income, serious_illness_settled, persons, {})
    applicable = [policy for policy in policies if tried.has_rule(policy)]
    if len(applicable) > MOST_DEPARTMENTS:
        raise ClaimRefused(
            Text(
                f"有{len(applicable)}个部门适用，最多比较{MOST_DEPARTMENTS}个，由工作人员确定顺序",
                f"{len(applicable)} departments apply; at most {MOST_DEPARTMENTS} are compared, "
                "a person has to set the order",
            )
        )
    with localcontext(EXACT):
        orders = tuple(tried.order(each) for each in permutations(applicable))
    best = max(orders, key=_preference)  # max() keeps the first of equals
    codes = {code for part in best.parts for code in part.result.warnings}
    if not applicable:
        codes.add("NO_RULE")
    return BestPlan(
        best=best,
        orders=orders,
        without_rule=tuple(policy for policy in policies if policy not in applicable),
        self_pay=bill.self_pay(DEDUCTED),
        warnings=in_order(codes),
    )


def _preference(order: Order) -> tuple[Decimal, tuple[Decimal, ...]]:
    at_the_end = tuple(
        part.aid if part.policy.department == MEDICAL_SECURITY else ZERO for part in reversed(order.parts)
    )
    return order.total, at_the_end


@dataclass(frozen=True, slots=True)
class _Trial:
    bill: Bill
    categories: Sequence[str]
    birth: date
    earlier: Mapping[str, Sequence[Earlier]]
    income: Decimal | None
    serious_illness_settled: bool
    persons: int
    known: dict[tuple[str, Decimal], Part]

    def has_rule(self, policy: Policy) -> bool:
        """Whether the set states anything for one of the categories and this kind."""
        if self.bill.kind not in policy.kinds:
            return False
        return any(each.rule is not None for each in self._result(policy, self.bill).alternatives)

    def order(self, policies: Sequence[Policy]) -> Order:
        parts: list[Part] = []
        given = ZERO
        for policy in policies:
            part = self.known.get((policy.id, given))
            if part is None:
                part = self.known[policy.id, given] = self._part(policy, given)
            parts.append(part)
            given += part.aid
        return Order(tuple(parts), given)

    def _part(self, policy: Policy, given: Decimal) -> Part:
        result = self._result(policy, replace(self.bill, aided=self.bill.aided + given))
        left = max(ZERO, self.bill.self_pay(DEDUCTED) - given)
        return Part(policy, min(result.aid, left), result)

    def _result(self, policy: Policy, bill: Bill) -> Result:
        return compute(
            policy,
            bill,
            [code for code in self.categories if code in policy.order],
            self.birth,
            self.earlier.get(policy.id, ()),
            income=self.income,
            serious_illness_settled=self.serious_illness_settled,
            persons=self.persons,
        )


def department_sets(policies: Mapping[str, Policy], today: date, place: str, way: str) -> tuple[Policy, ...]:
    """The sets that apply today in a place (division code) on a way, one per department."""
    chosen: dict[str, Policy] = {}
    for policy in policies.values():
        if policy.applies(today, place, way):
            rival = chosen.get(policy.department.id, policy)
            chosen[policy.department.id] = max(rival, policy, key=lambda each: each.precedence)
    return tuple(chosen.values())
