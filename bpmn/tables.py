"""The lists of the rule book: limits, roles, reasons, categories, papers, states, offices, flows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bpmn.reader import Section
from bpmn.text import Text

UNITS: Final = frozenset({"wd", "d", "h", "date"})
LEVELS: Final = ("village", "township", "county")
GOVERNMENT: Final = "government"
OPENED: Final = frozenset({"window", "case", "system"})
LONGEST_OFFICE: Final = 16
BILLS: Final = frozenset({"must", "may", "none"})
_WARN = re.compile(r"-?[1-9]\d*(wd|d|h)")


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A legal limit (domain 7.2), or one of ours (`own`).

    `unit`: wd working days, d calendar days, h hours, date: ends `on` a date of the calendar (and has
    no amount), with `back` before a rest day instead of after it. `warn`: "6wd" = so much used, "-1d" =
    so much before the end; empty = 60 % and 80 % (C-26). `escalate`: a role code, or "SUP@township"
    where the role sits at more than one place; read it with `Rulebook.station`; `then`: the next level,
    from the second escalation on. `extension`: the units a supervisor may add once, half of the limit
    unless the law says otherwise, 0 for none. `event`: what starts it, in words. `flow`: the flow
    that has the step (domain 2.0). `no_step`: why no step and no duty names it. `repeats`: a reminder and
    no deadline, which begins anew when it has run out.
    """

    id: str
    amount: int
    unit: str
    warn: tuple[str, ...]
    escalate: tuple[str, ...]
    name: Text
    source: str
    own: bool
    then: tuple[str, ...] = ()
    on: str = ""
    back: bool = False
    extension: int | None = None
    event: Text | None = None
    flow: str = ""
    no_step: Text | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role (domain 1.2). `level`/`kind` say where its seats are; `places` lists further ones."""

    id: str
    name: Text
    level: str
    kind: str
    places: tuple[str, ...]

    @property
    def sits_at(self) -> tuple[tuple[str, str], ...]:
        """Level and kind of every organisation in which there is such a seat."""
        return (self.level, self.kind), *(split_place(place) for place in self.places)


@dataclass(frozen=True, slots=True)
class Station:
    """Where a message for a role goes: the role, and level and kind of the organisation."""

    role: str
    level: str
    kind: str


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason code (domain 4.7). `refuses` is false for R10 and R14: pauses, not refusals."""

    id: str
    name: Text
    refuses: bool


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category of persons (domain 1.3); `order` is the place in the list = priority (C-07)."""

    id: str
    name: Text
    order: int


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A kind of paper in a file (domain 4.1).

    `per_step`: made in the step that demands it, so one from an earlier step will not do.
    """

    id: str
    name: Text
    per_step: bool


@dataclass(frozen=True, slots=True)
class StateRow:
    """A legal state (domain 2.0). `paused` is the legal reason why the clock stands, or None; while a
    state `blocks`, no step of the case but those of that state can be done.
    """

    id: str
    name: Text
    paused: Text | None
    final: bool
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """An office of the county. `department`: decides a part of its own in parallel (domain 2.6)."""

    id: str
    name: Text
    department: bool
    covers_county: bool


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow that a case can take: who opens it, and with what (domain 2.0).

    `opened`: window, case or system. `bills`: must, may or none. `links`: how the case is tied to the
    one it was opened from, or empty; `after`: the outcomes that one must have come to. `facts`: what is
    found out before it starts. `asked_for`: what letters call it that is applied for, where it is not medical
    assistance. `counts_from`: limit → the field of the form with the day it counts from. `beside`: answers
    that stand beside every step, by the ids of their fields.
    """

    id: str
    number: str
    name: Text
    source: str
    opened: str
    permission: str
    form: str
    bills: str
    papers: tuple[str, ...]
    state: str
    links: str
    after: tuple[str, ...]
    facts: tuple[str, ...]
    asked_for: Text | None = None
    counts_from: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A case variable that no form provides: from the start, a script, a timer or a fact.

    `values`: the codes that a text may be, in words.
    """

    id: str
    name: Text
    type: str
    origin: str
    values: Mapping[str, Text] = field(default_factory=dict)


def read_limit(section: Section) -> LimitRow:
    unit = section.string("unit")
    row = LimitRow(
        id=section.element,
        amount=0 if unit == "date" else section.whole("amount", least=1) or 1,
        unit=unit,
        warn=section.strings("warn"),
        escalate=section.strings("escalate"),
        name=section.text("name"),
        source=section.string("source"),
        own=section.flag("own", False),
        then=section.strings("then"),
        on=section.string("on") if unit == "date" else "",
        back=section.flag("back", False),
        extension=section.whole("extension", required=False, least=0),
        event=section.maybe_text("event"),
        flow=section.string("flow", ""),
        no_step=section.maybe_text("no_step"),
        repeats=section.flag("repeats", False),
    )
    if row.repeats and (unit == "date" or row.extension != 0):
        section.fault(
            "重复的提醒按工作日、日或小时计，不能延期（extension = 0）",
            "a reminder that repeats counts units and is not extended (extension = 0)",
            "repeats",
        )
    if row.unit and row.unit not in UNITS:
        section.fault(f"没有“{row.unit}”这种单位", f"there is no unit {row.unit!r}", "unit")
    for entry in row.warn:
        if not _WARN.fullmatch(entry):
            section.fault(f"提醒时点“{entry}”应如6wd、-1d", f"{entry!r} should be like 6wd or -1d", "warn")
    return row


def read_role(section: Section) -> RoleRow:
    row = RoleRow(
        id=section.element,
        name=section.text("name"),
        level=section.string("level"),
        kind=section.string("kind", "government"),
        places=section.strings("places"),
    )
    for level, _ in row.sits_at:
        if level and level not in LEVELS:
            section.fault(f"没有“{level}”这一级", f"there is no level {level!r}", "level")
    return row


def split_place(place: str) -> tuple[str, str]:
    """("county", "finance") for "finance": a level means its government, a kind a county office."""
    return (place, "government") if place in LEVELS else ("county", place)


def read_reason(section: Section) -> ReasonRow:
    return ReasonRow(section.element, section.text("name"), section.flag("refuses", True))


def read_category(section: Section) -> CategoryRow:
    return CategoryRow(section.element, section.text("name"), section.whole("order", least=1) or 0)


def read_paper(section: Section) -> PaperRow:
    return PaperRow(section.element, section.text("name"), section.flag("per_step", False))


def read_state(section: Section) -> StateRow:
    return StateRow(
        section.element,
        section.text("name"),
        section.maybe_text("paused"),
        section.flag("final", False),
        section.flag("blocks", False),
    )


def read_office(section: Section) -> OfficeRow:
    if len(section.element) > LONGEST_OFFICE:
        section.fault(f"机构代码最多{LONGEST_OFFICE}个字符", f"an id has at most {LONGEST_OFFICE} characters")
    area = section.string("area", "county")
    if area not in {"county", "none"}:
        section.fault("area只能是county或none", "the area is county or none", "area")
    return OfficeRow(
        section.element, section.text("name"), section.flag("department", False), area == "county"
    )


def read_flow(section: Section) -> FlowRow:
    row = FlowRow(
        id=section.element,
        number=section.string("number"),
        name=section.text("name"),
        source=section.string("source"),
        opened=section.string("opened"),
        permission=section.string("permission"),
        form=section.string("form"),
        bills=section.string("bills"),
        papers=section.strings("papers"),
        state=section.string("state"),
        links=section.maybe_string("links") or "",
        after=section.strings("after"),
        facts=section.strings("facts"),
        asked_for=section.maybe_text("asked_for"),
        counts_from=section.by_name("counts_from", Section.string),
        beside=section.strings("beside"),
    )
    if row.opened and row.opened not in OPENED:
        section.fault("opened只能是window、case或system", "opened is window, case or system", "opened")
    if row.bills and row.bills not in BILLS:
        section.fault("bills只能是must、may或none", "bills is must, may or none", "bills")
    return row


def read_variable(section: Section) -> VariableRow:
    row = VariableRow(
        section.element, section.text("name"), section.string("type"), section.string("origin"),
        section.by_name("values", Section.text),
    )  # fmt: skip
    if row.values and row.type != "text":
        section.fault("只有文字才逐个写值", "only a text has values one by one", "values")
    if row.type and row.type not in {"text", "integer", "yesno", "fen", "list"}:
        section.fault(f"没有“{row.type}”这种类型", f"there is no type {row.type!r}", "type")
    if row.origin and row.origin not in {"start", "script", "timer", "fact"}:
        section.fault(f"没有“{row.origin}”这种来源", f"there is no origin {row.origin!r}", "origin")
    return row


TABLES: Final = MappingProxyType(
    {
        "limits": read_limit,
        "roles": read_role,
        "reasons": read_reason,
        "categories": read_category,
        "papers": read_paper,
        "states": read_state,
        "variables": read_variable,
        "offices": read_office,
        "flows": read_flow,
    }
)
"""File name without `.toml` → how one of its rows is read; the row's name is its id."""
