"""What a computation gives: one alternative per category, and the one that is paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from workflow.amounts.figures import money
from workflow.amounts.sheet import Line
from workflow.amounts.vocabulary import SYMBOLS
from workflow.amounts.warnings import FORBIDS_PAYMENT, NEEDS_A_PERSON


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one category would give; `condition` is what a person still has to check.

    Without a rule, or below the least grant, there is no amount at all: `aid` is None.
    """

    category: str
    rule: str | None
    source: str | None
    condition: str | None
    self_pay: Decimal | None
    aid: Decimal | None
    warnings: tuple[str, ...]
    lines: tuple[Line, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "category": self.category,
            "rule": self.rule,
            "source": self.source,
            "condition": self.condition,
            "aid": None if self.aid is None else money(self.aid),
            "warnings": list(self.warnings),
            "lines": [each.as_json() for each in self.lines if each.symbol not in (*SYMBOLS, "D")],
        }


@dataclass(frozen=True, slots=True)
class Result:
    """What a claim gives.

    `aid` in yuan with two decimals; `category` the one it is paid under, None when no category has a
    rule; `self_pay` is P as it counts for later claims of the year; `sheet` is plain data for JSON:
    policy, reading, lines of the chosen category, all alternatives, warnings in words.
    """

    aid: Decimal
    category: str | None
    in_words: str
    warnings: tuple[str, ...]
    self_pay: Decimal
    alternatives: tuple[Alternative, ...]
    lines: tuple[Line, ...]
    sheet: Mapping[str, object]

    @property
    def may_be_paid(self) -> bool:
        """Zero is a refusal with a reason, not a payment of nothing (domain 3.1 step 9)."""
        return self.aid > 0 and not FORBIDS_PAYMENT & set(self.warnings)

    @property
    def needs_a_person(self) -> bool:
        """The amount must not be turned into a refusal by rule alone [C-04]."""
        return bool(NEEDS_A_PERSON & set(self.warnings))

    def as_json(self) -> dict[str, object]:
        return {
            "aid": money(self.aid),
            "category": self.category,
            "in_words": self.in_words,
            "warnings": list(self.warnings),
            "sheet": dict(self.sheet),
        }
