"""The figure of an indicator for a period and an area, and the rows behind it (domain 8.1).

Rows come from the facts as (case, key, top, base, part): what is counted is counted once by its key. A
figure that cannot be given is None with the reason, never 0 and never 100 %.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

from bpmn import Text
from bpmn.indicators import MONEY, Figure, Indicator
from workflow.deadlines import SHANGHAI

NOT_ENTERED: Final = Text("未录入", "not entered")
NOTHING: Final = Text("没有可算的数据", "nothing to count")
NOT_LAST_YEAR: Final = Text("没有上年同期数据", "no data of the year before")
COUNTY_ONLY: Final = Text("只有全县数据", "for the whole county only")
_TENTH, _FEN, _HUNDRED = Decimal("0.1"), Decimal("0.01"), Decimal(100)
Given = Mapping[tuple[str, str], Decimal]
"""(indicator, entered figure) → what was entered for the year."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    since: date
    until: date

    @property
    def last_year(self) -> "Period":
        return Period(_year_before(self.since), _year_before(self.until))

    def asked(self, now: datetime) -> dict[str, str]:
        """As parameters of the queries: Shanghai time, as the facts write it."""
        end, local = self.until + timedelta(days=1), now.astimezone(SHANGHAI)
        return {
            "since": f"{self.since} 00:00:00", "until": f"{end} 00:00:00",
            "since_on": self.since.isoformat(), "until_on": self.until.isoformat(),
            "now": f"{local:%Y-%m-%d %H:%M:%S}", "today": f"{local:%Y-%m-%d}",
        }  # fmt: skip


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


class Row(NamedTuple):
    """One thing behind a figure. `case`: hex of the case it stands in; `top` and `base`: whether or how much
    it counts above and below; money in fen.
    """

    case: str | None
    key: str
    township: str | None
    top: int
    base: int
    part: str | None


@dataclass(frozen=True, slots=True)
class Flagged:
    """A red flag: what an indicator needs of it."""

    id: str
    case: str | None
    township: str | None
    conclusion: str | None


@dataclass(frozen=True, slots=True)
class Value:
    """A figure. `top`, `base`: what was divided, in the unit that is counted (`base` None: nothing was);
    `value` None: `why` says what is missing.
    """

    value: Decimal | None
    top: Decimal | None
    base: Decimal | None
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """`parts`: the same for each part of the rows, by name."""

    figure: Figure
    total: Value
    parts: Mapping[str, Value]

    @property
    def met(self) -> bool | None:
        """Whether the target as a number is met; None where there is none or no figure."""
        goal = self.figure.goal
        if self.total.value is None or (goal.least is None and goal.most is None):
            return None
        return goal.met(self.total.value)


class Measuring:
    """Figures of one period and area over one connection to the facts; each query is asked once."""

    def __init__(
        self,
        facts: Any,
        period: Period,
        area: str,
        given: Given,
        now: datetime,
        flags: Callable[[Period], Sequence[Flagged]] = lambda period: (),
    ) -> None:
        self.facts, self.period, self.area, self.given, self.now = facts, period, area, given, now
        self.flags = flags
        self._rows: dict[tuple[str, Period], Sequence[Row]] = {}

    def rows(self, figure: Figure, period: Period | None = None) -> Sequence[Row]:
        """What is behind a figure. `area`: a township's code, or empty for the county."""
        if figure.kind == "flags_share":
            return self._flags(figure)
        cases = self._asked(figure, period or self.period)
        return [*cases, *self._flags(figure)] if figure.kind == "flags_per_100" else cases

    def _flags(self, figure: Figure) -> list[Row]:
        """Red flags first seen in the period: all of them count for so many per 100 cases; of the concluded
        ones those with the conclusion `figure.top`.
        """
        share = figure.kind == "flags_share"
        return [
            Row(
                flag.case, flag.id, flag.township, int(not share or flag.conclusion == figure.top),
                int(share), None,
            )
            for flag in self.flags(self.period)
            if (not self.area or flag.township == self.area) and (flag.conclusion or not share)
        ]  # fmt: skip

    def _asked(self, figure: Figure, asked: Period) -> Sequence[Row]:
        if (figure.sql, asked) not in self._rows:
            cursor = self.facts.execute(figure.sql, asked.asked(self.now))
            at = {column[0]: place for place, column in enumerate(cursor.description)}
            case, key, town, top = (at[name] for name in ("case_id", "key", "township", "top"))
            base, part = at.get("base"), at.get("part")
            self._rows[figure.sql, asked] = [
                Row(
                    row[case], str(row[key]), row[town], row[top] or 0,
                    1 if base is None else row[base] or 0, None if part is None else row[part],
                )
                for row in cursor
                if not self.area or row[town] == self.area
            ]  # fmt: skip
        return self._rows[figure.sql, asked]

    def measure(self, indicator: Indicator, figure: Figure) -> Measured:
        """One figure of an indicator."""
        if figure.kind == "entered_share":
            return Measured(figure, self._entered(indicator, figure), {})
        rows = self.rows(figure)
        total = self._value(indicator, figure, rows)
        names = sorted({row.part for row in rows if row.part is not None}) if figure.part else []
        by_part: dict[str, list[Row]] = {name: [] for name in names}
        for row in rows if names else ():
            by_part[str(row.part)].append(row)
        return Measured(
            figure, total, {name: self._value(indicator, figure, own) for name, own in by_part.items()}
        )

    def _entered(self, indicator: Indicator, figure: Figure) -> Value:
        if self.area:
            return Value(None, None, None, COUNTY_ONLY)
        top, base = (self.given.get((indicator.id, name)) for name in (figure.top, figure.base))
        if top is None or base is None:
            return Value(None, top, base, NOT_ENTERED)
        return _percent(top, base)

    def _value(self, indicator: Indicator, figure: Figure, rows: Sequence[Row]) -> Value:
        match figure.kind:
            case "share" | "flags_share" | "flags_per_100":
                return _percent(_keys(rows, above=True), _keys(rows, above=False))
            case "money_share":
                return _percent(_money(rows), _yuan(sum(row.base for row in rows)))
            case "count":
                return Value(_keys(rows, above=True), _keys(rows, above=True), None)
            case "sum":
                return Value(_money(rows), _money(rows), None)
            case "mean_money":
                times = _keys(rows, above=False)
                return _divided(_money(rows), times, _FEN)
            case "mean_days":
                return _divided(Decimal(sum(row.top for row in rows)), Decimal(len(rows)), _TENTH)
            case "median_days":
                return _median(sorted(row.top for row in rows))
            case "spent_share":
                return self._spent(indicator, figure, rows)
            case "last_year":
                before = _keys(self.rows(figure, self.period.last_year), above=True)
                return _percent(_keys(rows, above=True), before, NOT_LAST_YEAR)
            case "growth":
                return _growth(_money(rows), _money(self.rows(figure, self.period.last_year)))
            case _:
                raise ValueError(figure.kind)

    def _spent(self, indicator: Indicator, figure: Figure, rows: Sequence[Row]) -> Value:
        if self.area:
            return Value(None, _money(rows), None, COUNTY_ONLY)
        budget = self.given.get((indicator.id, figure.base))
        if budget is None:
            return Value(None, _money(rows), None, NOT_ENTERED)
        return _percent(_money(rows), budget)


def _keys(rows: Sequence[Row], *, above: bool) -> Decimal:
    """How many different things count above the line, or below it."""
    return Decimal(len({row.key for row in rows if (row.top if above else row.base)}))


def _money(rows: Sequence[Row]) -> Decimal:
    return _yuan(sum(row.top for row in rows))


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _percent(top: Decimal, base: Decimal, nothing: Text = NOTHING) -> Value:
    if not base:
        return Value(None, top, base, nothing)
    return Value((_HUNDRED * top / base).quantize(_FEN, ROUND_HALF_UP), top, base)


def _divided(top: Decimal, base: Decimal, unit: Decimal) -> Value:
    if not base:
        return Value(None, top, base, NOTHING)
    return Value((top / base).quantize(unit, ROUND_HALF_UP), top, base)


def _median(values: Sequence[int]) -> Value:
    """The middle of them; the mean of the two in the middle of an even number."""
    if not values:
        return Value(None, None, Decimal(0), NOTHING)
    half = len(values) // 2
    middle = values[half] if len(values) % 2 else Decimal(values[half - 1] + values[half]) / 2
    return Value(Decimal(middle).quantize(_TENTH, ROUND_HALF_UP), None, Decimal(len(values)))


def _growth(now: Decimal, before: Decimal) -> Value:
    if not before:
        return Value(None, now, before, NOT_LAST_YEAR)
    return Value((_HUNDRED * (now / before - 1)).quantize(_FEN, ROUND_HALF_UP), now, before)


def counts_money(figure: Figure) -> bool:
    """Whether `top` of its rows is fen."""
    return figure.kind in MONEY
