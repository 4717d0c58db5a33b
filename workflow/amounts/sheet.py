"""The calculation sheet: every intermediate figure as a line, in the order it was computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from bpmn.text import Text
from workflow.amounts.figures import figure

LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "T": Text("医疗总费用", "total medical cost"),
        "O": Text("自费（目录外）费用", "out-of-catalogue cost"),
        "B": Text("基本医保报销", "basic insurance payment"),
        "S": Text("大病保险报销", "serious-illness insurance payment"),
        "M": Text("商业（补充）保险", "commercial or supplementary payment"),
        "R": Text("其他救助", "other relief for the same bill"),
        "D": Text("其他部门本次救助", "aid of other departments for the same bill"),
        "P": Text("政策范围内个人自付费用", "eligible self-pay"),
        "P0": Text("本年度同一限额内此前的自付费用", "earlier self-pay of the year in the same pool"),
        "I": Text("居民人均可支配收入", "residents' disposable income per head"),
        "K": Text("起付线", "deductible"),
        "U": Text("其中未规定比例的部分", "part where no rate is stated"),
        "F1": Text("全年累计应救助额（含本次）", "aid on the year's self-pay, this claim included"),
        "F0": Text("全年累计应救助额（不含本次）", "aid on the year's self-pay before this claim"),
        "raw": Text("本次计算额", "computed for this claim"),
        "A1": Text("四舍五入到分", "rounded half up to 0.01"),
        "G": Text("每次最高额", "the most of one grant"),
        "G1": Text("每次最高额以内", "within the most of one grant"),
        "G0": Text("每次最低额", "the least of one grant"),
        "C": Text("本年度已救助次数 / 每年最多次数", "grants so far this year / most grants a year"),
        "L": Text("年度限额", "yearly limit"),
        "LM": Text("单项限额（已决定合并使用，不再适用）", "own limit, lifted by the merge decision"),
        "A0": Text("本年度同一限额内已救助", "already paid this year from the same pool"),
        "L0": Text("剩余限额", "left of the limit"),
        "A2": Text("限额以内", "within the limit"),
        "LT": Text("合计年度限额", "yearly limit of all pools together"),
        "AT": Text("本年度合计已救助", "already paid this year from all of them"),
        "LT0": Text("合计剩余限额", "left of the limit together"),
        "AT2": Text("合计限额以内", "within the limit together"),
        "Y": Text("个人仍需支付", "what the person still has to pay"),
        "aid": Text("救助金额", "aid"),
        "Z": Text("救助后个人负担", "left to the person after the aid"),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure in yuan. `amount` is exact; None = not set (a limit the county has not given)."""

    symbol: str
    label: Text
    formula: str
    amount: Decimal | None

    def as_json(self) -> dict[str, object]:
        return {
            "symbol": self.symbol,
            "label": {"zh": self.label.zh, "en": self.label.en},
            "formula": self.formula,
            "amount": None if self.amount is None else figure(self.amount),
        }


@dataclass(frozen=True, slots=True)
class PoolSymbols:
    """How the figures of a pool are called on the sheet."""

    limit: str
    paid: str
    left: str
    within: str


INNER = PoolSymbols("L", "A0", "L0", "A2")
OUTER = PoolSymbols("LT", "AT", "LT0", "AT2")  # a pool that the first one lies within


def line(symbol: str, formula: str, amount: Decimal | None) -> Line:
    """A line with the label of its symbol."""
    return Line(symbol, LABELS[symbol], formula, amount)


def minus(first: Decimal, *others: Decimal) -> str:
    """`100.00 − 20.00 − 5.00`, with a real minus sign."""
    return " − ".join(figure(each) for each in (first, *others))


def plus(*parts: Decimal) -> str:
    """`20.00 + 5.00`; `0.00` when there is nothing to add."""
    return " + ".join(figure(each) for each in parts) or "0.00"
