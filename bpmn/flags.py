"""Red flags (domain 5.3): one file for each, `flags/RF-xx.toml`, read strictly. What its SQL means is
checked by whoever has the facts (`workflow.flags`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FOLDER: Final = "flags"
SEVERITIES: Final = ("H", "M", "L")
"""H: the inspector is told the same day; M: the weekly list; L: statistics."""
_FILE = re.compile(r"RF-\d\d[a-z]?\.toml")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure of a rule; its SQL reads it as `:name`."""

    id: str
    value: int | float | str
    name: Text


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a rule. `severity` where it differs from the rule's."""

    id: str
    name: Text
    severity: str
    sql: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A red flag: a hint, never a finding. `innocent`: what else it can be. `missing`: what of it the
    data cannot
    show, and why. Without parts nothing of it can be computed. `columns`: names of its own evidence.
    """

    id: str
    name: Text
    severity: str
    source: str
    explain: Text
    innocent: tuple[Text, ...]
    missing: Text | None
    thresholds: Mapping[str, Threshold]
    parts: tuple[Part, ...]
    columns: Mapping[str, Text]
    file: str


def is_rule_file(name: str) -> bool:
    """Whether a file of that name holds a red flag."""
    return _FILE.fullmatch(name) is not None


def read_rule(faults: list[Fault], file: str, content: bytes) -> Rule | None:
    """Read one file; what is wrong is added to `faults`, and then None."""
    known = len(faults)
    top = read_toml(faults, file, content)
    if top is None:
        return None
    name = top.named_by_file()
    severity = _severity(top, "")
    innocent = tuple(_innocent(section) for section in top.sections("innocent"))
    if not innocent:
        top.fault("至少写一条可能的正当原因", "name at least one innocent explanation", "innocent")
    rule = Rule(
        id=name,
        name=top.text("name"),
        severity=severity,
        source=top.string("source"),
        explain=top.text("explain"),
        innocent=innocent,
        missing=top.maybe_text("missing"),
        thresholds=MappingProxyType(_thresholds(top)),
        parts=tuple(_part(section, severity) for section in top.sections("parts")),
        columns=MappingProxyType(_columns(top)),
        file=file,
    )
    if not rule.parts and rule.missing is None:
        top.fault("没有查询，也没有说明为什么不能查", "no parts, and no word why not", "parts")
    if len({part.id for part in rule.parts}) != len(rule.parts):
        top.fault("查询编号有重复", "two parts have the same id", "parts")
    top.close()
    return rule if len(faults) == known else None


def _innocent(section: Section) -> Text:
    said = section.here()
    section.close()
    return said


def _severity(section: Section, default: str) -> str:
    given = section.string("severity", default or None)
    if given not in SEVERITIES:
        section.fault("应为 H、M 或 L", "should be H, M or L", "severity")
    return given


def _thresholds(top: Section) -> dict[str, Threshold]:
    found: dict[str, Threshold] = {}
    for name, section in top.tables("thresholds").items() if top.has("thresholds") else ():
        if not _NAME.fullmatch(name):
            section.fault("名称用小写字母", "a name in small letters is needed")
        found[name] = Threshold(name, section.figure("value"), section.text("name"))
        section.close()
    return found


def _part(section: Section, severity: str) -> Part:
    part = Part(
        section.string("id"), section.text("name"), _severity(section, severity), section.string("sql")
    )
    section.close()
    return part


def _columns(top: Section) -> dict[str, Text]:
    table = top.under("columns") if top.has("columns") else None
    return {name: table.text(name) for name in table.keys()} if table else {}  # noqa: SIM118
