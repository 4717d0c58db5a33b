"""The limits of the rule book as the clock uses them (domain 7.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, cast

from bpmn.faults import Fault, RulebookError
from bpmn.reader import Section
from bpmn.tables import LimitRow, read_limit
from bpmn.text import Text

Unit = Literal["wd", "d", "h"]  # working days, calendar days, hours
FILE: Final = "limits.toml"
_ENTRY = re.compile(r"(-?)([1-9]\d*)(wd|d|h)")


@dataclass(frozen=True, slots=True)
class Warn:
    """One warning of a limit: when `amount` is used up, or (`before`) that much before the end."""

    amount: int
    unit: Unit
    before: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of `amount` units. No `warn` means 60 % and 80 % used (C-26).

    `escalate`: whom an overdue step is reported to, as written in the rule book.
    """

    id: str
    amount: int
    unit: Unit
    warn: tuple[Warn, ...]
    escalate: tuple[str, ...]
    name: Text
    source: str
    own: bool = False


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
    warn = []
    for entry in row.warn:
        match = _ENTRY.fullmatch(entry)
        if match is None or row.unit not in ("wd", "d", "h"):
            faults.append(
                Fault(FILE, f"{row.id}.warn", Text(f"提醒时点“{entry}”读不懂", f"{entry!r} cannot be read"))
            )
            continue
        amount, unit, before = int(match[2]), cast(Unit, match[3]), match[1] == "-"
        if unit == row.unit and amount >= row.amount + (not before):
            reason = Text(f"提醒时点“{entry}”不在时限之内", f"{entry!r} does not lie within the limit")
            faults.append(Fault(FILE, f"{row.id}.warn", reason))
        if before and unit == "wd" and row.unit != "wd":
            reason = Text(
                "按工作日计的时限才能倒数工作日", "only working days are counted back in working days"
            )
            faults.append(Fault(FILE, f"{row.id}.warn", reason))
        warn.append(Warn(amount, unit, before))
    return Limit(
        row.id, row.amount, cast(Unit, row.unit), tuple(warn), row.escalate, row.name, row.source, row.own
    )
