"""The computation of domain 3.1, steps 1–9: pure, Decimal only, one rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from bpmn.text import Text
from workflow.amounts.capping import Capping
from workflow.amounts.claim import Bill, Earlier, age_on
from workflow.amounts.figures import EXACT, ZERO, check_money, figure, in_words, money, percent
from workflow.amounts.model import Policy, Rule, Segment
from workflow.amounts.refusals import ClaimRefused
from workflow.amounts.result import Alternative, Result
from workflow.amounts.sheet import Line, line, minus, plus
from workflow.amounts.vocabulary import DEDUCTED, INCOME
from workflow.amounts.warnings import WARNINGS, in_order

MOST_PERSONS = 99  # of one household


def compute(
    policy: Policy,
    bill: Bill,
    categories: Sequence[str],
    birth: date,
    earlier: Sequence[Earlier],
    *,
    income: Decimal | None = None,
    reading: str | None = None,
    serious_illness_settled: bool = True,
    merged: bool = False,
    persons: int = 1,
) -> Result:
    """Compute one claim under one policy set.

    Args:
        categories: codes valid on the admission date; each is computed, the largest is paid once [C-07].
        earlier: the person's claims settled before this one in the same calendar year.
        income: the residents' income of the year in yuan, instead of the policy's figure.
        reading: one of the policy's readings, instead of the one it has chosen.
        merged: a decision lets this claim use the limits of its pools together [C-10].
        persons: how many people of the household a grant covers [C-30].

    Raises:
        ClaimRefused: a category, kind, reading, date or amount that the policy or the field does not know.
    """
    reading = reading or policy.reading
    _check(policy, bill, categories, earlier, income, reading, persons)
    with localcontext(EXACT):
        claim = _Claim(
            policy, bill, age_on(bill.admitted, birth), tuple(earlier), income, reading, merged, persons
        )
        named = policy.categories_of(categories)
        alternatives = tuple(claim.alternative(code) for code in named)
        amounts = [each for each in alternatives if each.aid is not None]
        # max() keeps the first of equals, and the alternatives stand in the order that decides a tie.
        chosen = max(amounts, key=lambda each: each.aid or ZERO, default=None)
        aid = chosen.aid if chosen is not None and chosen.aid is not None else ZERO
        # A zero is explained by everything that led to it; an amount only by what concerns it.
        concerned = (chosen,) if chosen is not None and aid else alternatives
        codes = {code for each in concerned for code in each.warnings} | claim.warnings(named)
        if not serious_illness_settled:
            codes.add("SERIOUS_ILLNESS_OPEN")
        self_pay = chosen.self_pay if chosen is not None else None
        return _result(claim, chosen, aid, alternatives, in_order(codes), self_pay)


def _check(
    policy: Policy,
    bill: Bill,
    categories: Sequence[str],
    earlier: Sequence[Earlier],
    income: Decimal | None,
    reading: str | None,
    persons: int,
) -> None:
    for code in categories:
        if code not in policy.order:
            raise ClaimRefused(Text(f"没有“{code}”这类人员", f"there is no category {code!r}"))
    for kind in (bill.kind, *(each.kind for each in earlier)):
        if kind not in policy.kinds:
            known = ", ".join(policy.kinds)
            raise ClaimRefused(
                Text(
                    f"政策{policy.id}没有“{kind}”这类费用；有：{known}",
                    f"policy {policy.id} knows no kind {kind!r}; it knows {known}",
                )
            )
    if reading is not None and reading not in policy.readings:
        raise ClaimRefused(
            Text(f"政策{policy.id}没有“{reading}”这种理解", f"policy {policy.id} has no reading {reading!r}")
        )
    if income is not None:
        check_money("income", income)
    if not 1 <= persons <= MOST_PERSONS:
        raise ClaimRefused(
            Text(
                f"人数应为1到{MOST_PERSONS}，现为{persons}",
                f"persons must be 1 to {MOST_PERSONS}, is {persons}",
            )
        )


@dataclass(frozen=True, slots=True)
class _Claim:
    policy: Policy
    bill: Bill
    age: int
    earlier: tuple[Earlier, ...]
    income: Decimal | None
    reading: str | None
    merged: bool
    persons: int

    def warnings(self, named: Sequence[str]) -> set[str]:
        """What concerns the claim whatever the category."""
        found = set()
        if not named:
            found.add("NO_CATEGORY")
        if self.policy.valid_from is not None and not self.policy.in_force(self.bill.settled):
            found.add("OUTSIDE_VALIDITY")
        return found

    def bill_lines(self) -> list[Line]:
        lines = [line(symbol, "", amount) for symbol, amount in self.bill.parts().items()]
        return [*lines, line("D", "", self.bill.aided)] if self.bill.aided else lines

    def alternative(self, category: str) -> Alternative:
        rule = self.policy.rule_for(category, self.bill.kind, self.age, self.reading)
        if rule is None:
            return Alternative(category, None, None, None, None, None, ("NO_RULE",), ())
        lines = self.bill_lines()
        warnings: set[str] = set()
        self_pay = _self_pay(self.bill, rule.deducted, lines)
        raw = self._raw(rule, self_pay, lines, warnings)
        bounds = Capping(
            self.policy,
            rule,
            category,
            self.age,
            self.bill,
            self.earlier,
            self.merged,
            self.persons,
            lines,
            warnings,
        )
        aid = bounds.aid(raw)
        if aid == 0 and not warnings - {"INCOME_OF_ANOTHER_YEAR", "CAP_NOT_CONFIGURED"}:
            warnings.add("ROUNDED_TO_ZERO")
        return Alternative(
            category,
            rule.id,
            rule.source,
            rule.condition,
            self_pay,
            aid,
            in_order(warnings),
            tuple(lines),
        )

    def _raw(self, rule: Rule, self_pay: Decimal, lines: list[Line], warnings: set[str]) -> Decimal:
        """Steps 2 and 3: f(P0 + P) − f(P0), before rounding."""
        pool = self.policy.pools[rule.pool]
        before_parts = [each.self_pay(rule.deducted) for each in self.earlier if each.kind in pool.kinds]
        before = sum(before_parts, ZERO)
        after = before + self_pay
        lines.append(line("P0", plus(*before_parts), before))
        deductible = self._deductible(rule, lines, warnings)
        segments = rule.segments(deductible)
        unstated = sum(
            (each.part(after) - each.part(before) for each in segments if each.ratio is None), ZERO
        )
        if any(each.ratio is None for each in segments):
            lines.append(line("U", "", unstated))
        upper, lower = _function(segments, after), _function(segments, before)
        lines.append(line("F1", f"f({plus(before, self_pay)}) = {_written(segments, after)}", upper))
        lines.append(line("F0", f"f({figure(before)}) = {_written(segments, before)}", lower))
        raw = upper - lower
        lines.append(line("raw", minus(upper, lower), raw))
        if self_pay == 0:
            warnings.add("NO_SELF_PAY")
        elif after <= deductible:
            warnings.add("BELOW_DEDUCTIBLE")
        elif raw == 0 and unstated > 0:
            warnings.add("BAND_UNDEFINED")
        return raw

    def _deductible(self, rule: Rule, lines: list[Line], warnings: set[str]) -> Decimal:
        """The yearly deductible in yuan, exact: only the result of the claim is rounded [C-01]."""
        share = rule.deductible
        if share.parameter is None:
            lines.append(line("K", "", share.amount))
            return share.amount
        if share.parameter == INCOME and self.income is not None:
            figure_used = self.income
        else:
            year = self.bill.settled.year
            used, figure_used = self.policy.parameters[share.parameter].of_year(year)
            if used != year:
                warnings.add("INCOME_OF_ANOTHER_YEAR")
        deductible = share.amount * figure_used
        lines.append(line("I", "", figure_used))
        lines.append(line("K", f"{percent(share.amount)} × {figure(figure_used)}", deductible))
        return deductible


def _self_pay(bill: Bill, deducted: Sequence[str], lines: list[Line]) -> Decimal:
    """Step 1: P = max(0, T − the parts this rule takes off)."""
    parts = bill.parts()
    self_pay = bill.self_pay(deducted)
    taken = minus(bill.T, *(parts[symbol] for symbol in deducted), *_others(bill))
    lines.append(line("P", f"max(0, {taken})", self_pay))
    return self_pay


def _others(bill: Bill) -> tuple[Decimal, ...]:
    return (bill.aided,) if bill.aided else ()


def _function(segments: Sequence[Segment], self_pay: Decimal) -> Decimal:
    """f: the aid on a whole year's self-pay, marginal by stretch."""
    return sum((each.part(self_pay) * each.ratio for each in segments if each.ratio is not None), ZERO)


def _written(segments: Sequence[Segment], self_pay: Decimal) -> str:
    return " + ".join(
        f"{figure(each.part(self_pay))} × {'—' if each.ratio is None else percent(each.ratio)}"
        for each in segments
    )


def _result(
    claim: _Claim,
    chosen: Alternative | None,
    aid: Decimal,
    alternatives: tuple[Alternative, ...],
    codes: tuple[str, ...],
    self_pay: Decimal | None,
) -> Result:
    lines = claim.bill_lines() if chosen is None else list(chosen.lines)
    if self_pay is None:
        # No rule says what counts; the claim still happened and uses up deductibles of later ones.
        self_pay = _self_pay(claim.bill, DEDUCTED, lines)
    policy, category, words = claim.policy, chosen.category if chosen else None, in_words(aid)
    reading = policy.readings.get(claim.reading or "")
    sheet: dict[str, object] = {
        "policy": policy.id,
        "version": policy.version,
        "title": {"zh": policy.title.zh, "en": policy.title.en},
        "year": claim.bill.settled.year,
        "kind": claim.bill.kind,
        "age": claim.age,
        "merged": claim.merged,
        "persons": claim.persons,
        "reading": claim.reading,
        "reading_title": None if reading is None else {"zh": reading.zh, "en": reading.en},
        "category": category,
        "rule": chosen.rule if chosen else None,
        "aid": money(aid),
        "in_words": words,
        "lines": [each.as_json() for each in lines],
        "alternatives": [each.as_json() for each in alternatives],
        "warnings": [{"code": code, "zh": WARNINGS[code].zh, "en": WARNINGS[code].en} for code in codes],
    }
    return Result(aid, category, words, codes, self_pay, alternatives, tuple(lines), sheet)
