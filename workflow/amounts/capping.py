"""What bounds an amount once the tariff has spoken: one grant's bounds, the yearly pools, the bill itself.

Steps 4 to 6 of domain 3.1.
"""

from dataclasses import dataclass
from decimal import Decimal

from workflow.amounts.claim import Bill, Earlier
from workflow.amounts.figures import ZERO, figure, rounded
from workflow.amounts.model import Policy, Pool, Rule
from workflow.amounts.sheet import INNER, OUTER, Line, PoolSymbols, line, minus, plus


@dataclass(frozen=True, slots=True)
class Capping:
    """The bounds of one alternative. What is found out goes to `lines` and `warnings`."""

    policy: Policy
    rule: Rule
    category: str
    age: int
    bill: Bill
    earlier: tuple[Earlier, ...]
    merged: bool
    persons: int
    lines: list[Line]
    warnings: set[str]

    def aid(self, raw: Decimal) -> Decimal | None:
        """The amount in yuan that may be paid; None when the policy knows no grant as small as this."""
        computed = rounded(raw)
        self.lines.append(line("A1", figure(raw), computed))
        granted = self._one_grant(computed)
        if granted is None:
            return None
        for place, pool in enumerate(self.policy.pools_of(self.rule.pool)):
            granted = self._within_year(granted, pool, OUTER if place else INNER)
        return self._payable(granted)

    def _one_grant(self, amount: Decimal) -> Decimal | None:
        """The bounds of one grant (domain 3.6, 3.8)."""
        rule = self.rule
        if rule.most is not None:
            most = rule.most.of(self.persons)
            written = f"{figure(rule.most.amount)} × {self.persons}" if rule.most.per_person else ""
            self.lines.append(line("G", written, most))
            if most < amount:
                self.warnings.add("GRANT_CUT")
            self.lines.append(line("G1", f"min({figure(amount)}, {figure(most)})", min(amount, most)))
            amount = min(amount, most)
        if rule.least is not None and amount < rule.least:
            self.lines.append(line("G0", "", rule.least))
            self.warnings.add("BELOW_LEAST")
            return None
        return amount

    def _within_year(self, amount: Decimal, pool: Pool, symbols: PoolSymbols) -> Decimal:
        """What is left of a yearly limit, and of the number of grants a year."""
        kinds = self.policy.kinds_within(pool.id)
        paid_parts = [each.paid for each in self.earlier if each.kind in kinds]
        if pool.times is not None:
            grants = sum(1 for paid in paid_parts if paid > 0)
            self.lines.append(line("C", f"{grants} / {pool.times}", None))
            if grants >= pool.times:
                self.warnings.add("TIMES_EXHAUSTED")
                return ZERO
        limit = pool.limit_for(self.category, self.age)
        if limit is None:
            return amount  # the policy knows no limit here
        if self.merged and pool.merges:
            self.lines.append(line("LM", "", limit.amount))
            return amount
        if not limit.stated:
            self.warnings.add("CAP_NOT_CONFIGURED")
        self.lines.append(line(symbols.limit, "", limit.amount))
        if limit.amount is None:
            return amount
        paid = sum(paid_parts, ZERO)
        left = max(ZERO, limit.amount - paid)
        within = min(amount, left)
        self.lines.append(line(symbols.paid, plus(*paid_parts), paid))
        self.lines.append(line(symbols.left, f"max(0, {minus(limit.amount, paid)})", left))
        self.lines.append(line(symbols.within, f"min({figure(amount)}, {figure(left)})", within))
        if within < amount:
            self.warnings.add("CAP_CUT" if left else "CAP_EXHAUSTED")
        return within

    def _payable(self, amount: Decimal) -> Decimal:
        """Never more than the person still has to pay for this bill [C-08]."""
        bill = self.bill
        payable = bill.payable
        paid = [bill.B, bill.S, bill.M, bill.R, *([bill.aided] if bill.aided else [])]
        self.lines.append(line("Y", f"max(0, {minus(bill.T, *paid)})", payable))
        if payable < amount:
            self.warnings.add("PAYABLE_CUT")
        aid = min(amount, payable)
        self.lines.append(line("aid", f"min({figure(amount)}, {figure(payable)})", aid))
        self.lines.append(line("Z", minus(payable, aid), payable - aid))
        return rounded(aid)
