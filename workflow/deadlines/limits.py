"""The limits of the rule book as the clock uses them (domain 7.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, cast

from bpmn.faults import Fault, RulebookError
from bpmn.reader import Section
from bpmn.tables import LimitRow, read_limit
from bpmn.text import Text
from workflow.deadlines.fixed import Fixed, read_fixed

Unit = Literal["wd", "d", "h"]  # working days, calendar days, hours
BEGAN: Final = Text("开始", "the step began")
FILE: Final = "limits.toml"
FIXED: Final = "date"
SAME_DAY: Final = "same_day"
COUNTED: Final = frozenset({"wd", "d", "h"})
_ENTRY = re.compile(r"(-?)([1-9]\d*)(wd|d|h)")


@dataclass(frozen=True, slots=True)
class Warn:
    """One warning of a limit: when `amount` is used up, or (`before`) that much before the end."""

    amount: int
    unit: Unit
    before: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of `amount` units, or one that ends `on` a date. No `warn` means 60 % and 80 % used (C-26).

    `escalate`: whom an overdue step is reported to, as written in the rule book; `then`: whom besides
    from the second escalation on. A limit with `on` has no amount: it is told in days ("d"), or in hours
    where it ends on the same day. `extension`: how many units a supervisor may add, once (domain 7.2).
    `repeats`: a reminder, which begins anew when it has run out and its timer fires (D33).
    """

    id: str
    amount: int
    unit: Unit
    warn: tuple[Warn, ...]
    escalate: tuple[str, ...]
    name: Text
    source: str
    own: bool = False
    then: tuple[str, ...] = ()
    on: Fixed | None = None
    extension: int = 0
    event: Text = BEGAN
    repeats: bool = False

    def __hash__(self) -> int:
        return hash((self.id, self.amount, self.unit))  # what is kept of limits is looked up in every step


class HasLimits(Protocol):
    """A rule book, as far as its limits are concerned."""

    @property
    def limits(self) -> Mapping[str, LimitRow]: ...


def limits_of(rulebook: HasLimits | Mapping[str, LimitRow | Mapping[str, object]]) -> dict[str, Limit]:
    """The limits by id, from a rule book, from its rows, or from rows as they stand in TOML.

    Raises RulebookError with every fault: a row that is no limit, a warning that would come after
    the end of its limit or cannot be placed before it.
    """
    rows = rulebook if isinstance(rulebook, Mapping) else rulebook.limits
    faults: list[Fault] = []
    limits: dict[str, Limit] = {}
    for name, row in rows.items():
        known = len(faults)
        if not isinstance(row, LimitRow):
            section = Section(faults, FILE, name, row)
            row = read_limit(section)
            section.close()
        if len(faults) == known:
            limits[name] = _limit(row, faults)
    if faults:
        raise RulebookError(faults)
    return limits


def _limit(row: LimitRow, faults: list[Fault]) -> Limit:
    known = len(faults)

    def fault(key: str, zh: str, en: str) -> None:
        faults.append(Fault(FILE, f"{row.id}.{key}", Text(zh, en)))

    fixed = read_fixed(row.on, row.back) if row.unit == FIXED else None
    if row.unit == FIXED and fixed is None:
        fault("on", f"到期日“{row.on}”读不懂", f"the date {row.on!r} cannot be read")
    warn = []
    for entry in row.warn:
        match = _ENTRY.fullmatch(entry)
        if match is None or (row.unit not in COUNTED and fixed is None):
            fault("warn", f"提醒时点“{entry}”读不懂", f"{entry!r} cannot be read")
            continue
        amount, unit, before = int(match[2]), cast(Unit, match[3]), match[1] == "-"
        if fixed is not None:
            if not before or (unit == "h") is not (fixed.kind == SAME_DAY):
                fault("warn", f"“{entry}”应写成到期以前多久", f"{entry!r} should be so much before the end")
        elif unit == row.unit and amount >= row.amount + (not before):
            fault("warn", f"提醒时点“{entry}”不在时限之内", f"{entry!r} does not lie within the limit")
        elif before and unit == "wd" and row.unit != "wd":
            fault(
                "warn", "按工作日计的时限才能倒数工作日", "only working days are counted back in working days"
            )
        warn.append(Warn(amount, unit, before))
    unit = cast(Unit, row.unit)
    if fixed is not None:
        unit = "h" if fixed.kind == SAME_DAY else "d"
    if len(faults) > known:
        fixed = None
    return Limit(
        row.id, row.amount, unit, tuple(warn), row.escalate, row.name, row.source, row.own,
        row.then, fixed, row.amount // 2 if row.extension is None else row.extension,
        row.event or BEGAN, row.repeats,
    )  # fmt: skip
