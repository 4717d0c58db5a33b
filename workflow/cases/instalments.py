"""The plan by which an excess comes back (domain 2.12): days and amounts that add up, exactly. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NoReturn

from bpmn import Text
from workflow.deadlines import months_later
from workflow.errors import AnswersRefused, FieldFault

MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "half_year": 6}
WAYS: Final = frozenset({"at_once", "instalments"})
"""The ways of paying back that have days and amounts."""
FEN: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")
_LINE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[\s,，:：]+([\d,，]+(?:\.\d{1,2})?)\s*元?")
Lines = list[tuple[date, Decimal]]


def lines_of(values: Mapping[str, Any], outstanding: Decimal, today: date) -> Lines:
    """Days and amounts of a plan; none where it is set off or refused.

    Raises:
        AnswersRefused: the lines typed are not readable, not in order, or do not add up.
    """
    match values["payback"]:
        case "at_once":
            return [(values["pay_on"], outstanding)]
        case "instalments":
            typed = values.get("own_dates")
            if typed:
                return _typed(str(typed), int(values["parts"]), outstanding, today)
            return equal_parts(outstanding, int(values["parts"]), values["first_on"], MONTHS[values["every"]])
        case _:
            return []


def equal_parts(total: Decimal, parts: int, first: date, months: int) -> Lines:
    """Equal instalments in whole fen; what does not divide is in the last one.

    Raises:
        AnswersRefused: there are more instalments than fen.
    """
    fen = int(total.scaleb(2))
    if parts > fen:
        raise AnswersRefused(
            [FieldFault("parts", Text("期数太多，每期不足一分", "More instalments than fen"))]
        )
    amounts = [fen // parts * FEN] * (parts - 1)
    amounts.append(total - sum(amounts, ZERO))
    return [(months_later(first, place * months), amount) for place, amount in enumerate(amounts)]


def _typed(text: str, parts: int, outstanding: Decimal, today: date) -> Lines:
    found: Lines = []
    for number, line in enumerate((row.strip() for row in text.splitlines() if row.strip()), start=1):
        read = _LINE.fullmatch(line)
        try:
            if read is None:
                raise ValueError
            year, month, day = (int(part) for part in read[1].split("-"))
            found.append((date(year, month, day), Decimal(re.sub("[,，]", "", read[2])).quantize(ZERO)))
        except ValueError:
            _refuse(
                f"第{number}行“{line}”看不懂，按“2026-10-31 1500.00”写",
                f"Line {number}, “{line}”: write it as “2026-10-31 1500.00”",
            )
    if len(found) != parts:
        _refuse(f"写了{len(found)}期，期数填的是{parts}期", f"{len(found)} lines for {parts} instalments")
    days = [day for day, _ in found]
    if days != sorted(set(days)) or days[0] < today:
        _refuse("日期要从今天起，一期比一期晚", "Days begin today and follow each other")
    if any(amount <= 0 for _, amount in found):
        _refuse("每期金额都要大于0", "Every instalment is more than 0")
    total = sum((amount for _, amount in found), ZERO)
    if total != outstanding:
        _refuse(
            f"各期合计{total:,.2f}元，应退{outstanding:,.2f}元，要正好相等",
            f"Together {total:,.2f} yuan; {outstanding:,.2f} are due, exactly",
        )
    return found


def next_due(lines: Sequence[tuple[date, Decimal]], outstanding: Decimal) -> date | None:
    """The day of the first instalment of a plan that is not yet paid whole; None where all is paid."""
    paid = sum((amount for _, amount in lines), ZERO) - outstanding
    for day, amount in lines:
        paid -= amount
        if paid < 0:
            return day
    return None


def _refuse(zh: str, en: str) -> NoReturn:
    raise AnswersRefused.at("own_dates", zh, en)
