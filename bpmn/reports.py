"""Periodic reports (domain 8.2), `reports/<id>.toml`: tables, each a query over the facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FOLDER: Final = "reports"
PERIODS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "week": Text("周报", "weekly"),
        "month": Text("月报", "monthly"),
        "quarter": Text("季报", "quarterly"),
        "year": Text("年报", "yearly"),
        "until": Text("截止某日累计", "accumulated up to a day"),
    }
)
KINDS: Final = frozenset(
    {"text", "count", "yuan", "days", "org", "account", "category", "flow", "step_state"}
)
"""What a column holds: yuan is given in fen; codes are told by their names."""
ADDED: Final = frozenset({"count", "yuan"})


@dataclass(frozen=True, slots=True)
class Column:
    """`unit`: what is counted (人, 户, 人次, 件 …), named in the head. `total`: its sum means something."""

    id: str
    name: Text
    kind: str
    unit: Text | None
    total: bool


@dataclass(frozen=True, slots=True)
class ReportTable:
    id: str
    name: Text
    columns: tuple[Column, ...]
    sql: str
    note: Text | None


@dataclass(frozen=True, slots=True)
class Report:
    """`only`: an action of the matrix that the reader needs beside the usual."""

    id: str
    name: Text
    period: str
    source: str
    note: Text | None
    tables: tuple[ReportTable, ...]
    only: str


def read_report(faults: list[Fault], file: str, content: bytes) -> Report | None:
    """Read one file; what is wrong is added to `faults`, and then None."""
    known = len(faults)
    top = read_toml(faults, file, content)
    if top is None:
        return None
    report = Report(
        id=top.named_by_file(),
        name=top.text("name"),
        period=top.string("period"),
        source=top.string("source"),
        note=top.maybe_text("note"),
        tables=tuple(_table(section) for section in top.sections("tables")),
        only=top.maybe_string("only") or "",
    )
    if report.period not in PERIODS:
        top.fault(f"应为 {'、'.join(PERIODS)}", f"should be one of {', '.join(PERIODS)}", "period")
    if not report.tables or len({table.id for table in report.tables}) != len(report.tables):
        top.fault("至少一张表，编号不能重复", "needs tables with different ids", "tables")
    top.close()
    return report if len(faults) == known else None


def _table(section: Section) -> ReportTable:
    table = ReportTable(
        section.string("id"),
        section.text("name"),
        tuple(_column(each) for each in section.sections("columns")),
        section.string("sql"),
        section.maybe_text("note"),
    )
    if not table.columns:
        section.fault("没有列", "has no columns", "columns")
    section.close()
    return table


def _column(section: Section) -> Column:
    kind = section.string("kind")
    if kind not in KINDS:
        section.fault("不认识的种类", f"should be one of {', '.join(sorted(KINDS))}", "kind")
    unit = section.maybe_text("unit")
    column = Column(
        section.string("id"), section.text("name"), kind, unit, section.flag("total", kind in ADDED)
    )
    if kind == "count" and unit is None:
        section.fault("要写明单位", "names what is counted", "unit")
    if column.total and kind not in ADDED:
        section.fault("不能合计", "cannot be added up", "total")
    section.close()
    return column
