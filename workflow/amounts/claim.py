"""What goes into a computation: a bill, the earlier claims of the year, whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bpmn.text import Text
from workflow.amounts.figures import ZERO, check_money
from workflow.amounts.refusals import ClaimRefused


@dataclass(frozen=True, slots=True)
class Bill:
    """One settled bill in the symbols of domain 1.5, yuan with at most two decimals.

    `admitted` is the service date for outpatient care; `settled` decides the policy year [C-02].
    `aided`: what other departments give for the same bill at the same time (domain 3.9); every tariff
    counts only what is left after it.

    Raises:
        ClaimRefused: an amount that is none, or settled before admitted.
    """

    T: Decimal
    O: Decimal  # noqa: E741  # the symbol of the specification
    B: Decimal
    S: Decimal
    M: Decimal
    R: Decimal
    kind: str
    admitted: date
    settled: date
    aided: Decimal = ZERO

    def __post_init__(self) -> None:
        for symbol, amount in self.parts().items():
            check_money(symbol, amount)
        check_money("aided", self.aided)
        if self.settled < self.admitted:
            raise ClaimRefused(
                Text(
                    f"结算日{self.settled}早于入院日{self.admitted}",
                    f"settled on {self.settled}, before admission on {self.admitted}",
                )
            )

    def parts(self) -> dict[str, Decimal]:
        return {"T": self.T, "O": self.O, "B": self.B, "S": self.S, "M": self.M, "R": self.R}

    def self_pay(self, deducted: Sequence[str]) -> Decimal:
        """P = max(0, T − these parts) (domain 3.1 step 1), less what others give."""
        parts = self.parts()
        taken = sum((parts[symbol] for symbol in deducted), self.aided)
        return max(ZERO, self.T - taken)

    @property
    def payable(self) -> Decimal:
        """What the person still has to pay for this bill, T − B − S − M − R, never below 0 [C-08]."""
        return max(ZERO, self.T - self.B - self.S - self.M - self.R - self.aided)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A claim of the same person settled earlier in the same year: its self-pay and what was paid.

    With its `bill`, the self-pay is counted anew as the rule at hand counts it; a rule that takes off
    less (Anfu, A-25) must not add up self-pay that another one has counted.

    Raises:
        ClaimRefused: an amount that is none.
    """

    P: Decimal
    paid: Decimal
    kind: str
    bill: Bill | None = None

    def __post_init__(self) -> None:
        check_money("P", self.P)
        check_money("paid", self.paid)

    def self_pay(self, deducted: Sequence[str]) -> Decimal:
        """P under a rule that takes these parts off T."""
        return self.P if self.bill is None else self.bill.self_pay(deducted)


def age_on(day: date, birth: date) -> int:
    """Completed years on a day.

    Raises:
        ClaimRefused: not yet born.
    """
    if day < birth:
        raise ClaimRefused(
            Text(f"出生日期{birth}晚于入院日{day}", f"born on {birth}, after admission on {day}")
        )
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
