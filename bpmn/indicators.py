"""Indicators (domain 8.1): one file for each, `indicators/Ixx.toml`, read strictly. What its SQL means is
checked by whoever has the facts (`workflow.indicators`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FOLDER: Final = "indicators"
COUNTED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "person": Text("人", "persons"),
        "household": Text("户", "households"),
        "time": Text("人次", "person-times"),
        "case": Text("件", "cases"),
        "step": Text("个环节", "steps"),
        "place": Text("家", "institutions"),
        "yuan": Text("元", "yuan"),
        "flag": Text("面红旗", "flags"),
    }
)
"""What is counted. An indicator divides persons by persons and yuan by yuan, never one by the other."""
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "share": "%", "money_share": "%", "entered_share": "%", "spent_share": "%", "last_year": "%",
        "growth": "%", "count": "", "sum": "yuan", "mean_money": "yuan", "mean_days": "wd",
        "median_days": "wd", "flags_per_100": "per_100", "flags_share": "%",
    }
)  # fmt: skip
"""How a figure comes about → its unit; count: what is counted."""
UNITS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        **COUNTED,
        "%": Text("%", "%"),
        "wd": Text("个工作日", "working days"),
        "per_100": Text("面/百件", "per 100 cases"),
    }
)
ASKS: Final = frozenset(KINDS) - {"entered_share", "flags_share"}
DIVIDES: Final = frozenset({"share", "money_share", "mean_money", "flags_per_100", "flags_share"})
"""Kinds whose rows say beside `top` what belongs to the whole (`base`)."""
MONEY: Final = frozenset({"money_share", "spent_share", "growth", "sum", "mean_money"})
"""Kinds whose `top` is fen."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Goal:
    """The target as a number: at least (or at most) so much."""

    least: Decimal | None
    most: Decimal | None

    def met(self, value: Decimal) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an indicator. `counted`: what its rows count; `top`, `base`: names of entered figures
    where it is made of them (for a share of the red flags, `top` is a conclusion); `part`: what its rows are
    also told apart by; `only`: an action of the matrix that the reader needs beside the usual.
    """

    id: str
    name: Text
    kind: str
    counted: str
    sql: str
    top: str
    base: str
    part: Text | None
    goal: Goal
    only: str

    @property
    def unit(self) -> str:
        return KINDS[self.kind] or self.counted


@dataclass(frozen=True, slots=True)
class Entered:
    """A yearly figure that no data of ours can give: an officer enters it with its source."""

    id: str
    name: Text
    unit: str


@dataclass(frozen=True, slots=True)
class Indicator:
    id: str
    name: Text
    formula: Text
    target: Text
    source: str
    how: Text
    figures: tuple[Figure, ...]
    entered: Mapping[str, Entered]
    file: str


def read_indicator(faults: list[Fault], file: str, content: bytes) -> Indicator | None:
    """Read one file; what is wrong is added to `faults`, and then None."""
    known = len(faults)
    top = read_toml(faults, file, content)
    if top is None:
        return None
    name = top.named_by_file()
    entered = {one.id: one for one in map(_entered, top.sections("entered"))}
    indicator = Indicator(
        id=name,
        name=top.text("name"),
        formula=top.text("formula"),
        target=top.text("target"),
        source=top.string("source"),
        how=top.text("how"),
        figures=tuple(_figure(section, entered) for section in top.sections("figures")),
        entered=MappingProxyType(entered),
        file=file,
    )
    ids = [figure.id for figure in indicator.figures]
    if not ids or len(set(ids)) != len(ids):
        top.fault("至少一个数，编号不能重复", "needs figures with different ids", "figures")
    top.close()
    return indicator if len(faults) == known else None


def _entered(section: Section) -> Entered:
    one = Entered(section.string("id"), section.text("name"), section.string("unit"))
    if not _NAME.fullmatch(one.id):
        section.fault("编号用小写字母", "an id in small letters is needed", "id")
    if one.unit not in COUNTED:
        section.fault(f"单位应为 {'、'.join(COUNTED)}", f"should be one of {', '.join(COUNTED)}", "unit")
    section.close()
    return one


def _figure(section: Section, entered: Mapping[str, Entered]) -> Figure:
    kind = section.string("kind")
    if kind not in KINDS:
        section.fault(f"应为 {'、'.join(KINDS)}", f"should be one of {', '.join(KINDS)}", "kind")
        kind = "count"
    figure = Figure(
        id=section.string("id"),
        name=section.text("name"),
        kind=kind,
        counted=section.string("counted", ""),
        sql=section.string("sql") if kind in ASKS else "",
        top=section.maybe_string("top") or "",
        base=section.maybe_string("base") or "",
        part=section.maybe_text("part"),
        goal=Goal(_number(section, "at_least"), _number(section, "at_most")),
        only=section.maybe_string("only") or "",
    )
    _check_units(section, figure, entered)
    section.close()
    return figure


def _number(section: Section, key: str) -> Decimal | None:
    return section.number(key) if section.has(key) else None


def _check_units(section: Section, figure: Figure, entered: Mapping[str, Entered]) -> None:
    """Counting units are never mixed (domain 8.1)."""
    if figure.kind in ASKS and figure.counted not in COUNTED:
        section.fault(f"单位应为 {'、'.join(COUNTED)}", f"should be one of {', '.join(COUNTED)}", "counted")
    needed = {"entered_share": ("top", "base"), "spent_share": ("base",)}.get(figure.kind, ())
    for key in needed:
        if getattr(figure, key) not in entered:
            section.fault("不是录入的数", "is no figure that is entered", key)
            return
    units = {entered[getattr(figure, key)].unit for key in needed}
    if figure.kind == "spent_share":
        units.add("yuan")
    if len(units) > 1:
        section.fault("分子和分母的单位不同", "numerator and denominator are in different units")
