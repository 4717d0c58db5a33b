"""Rule files with their SQL checked against the tables of the facts: what is wrong is said in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite

from bpmn import Fault, Text
from bpmn.flags import FOLDER, Part, Rule, is_rule_file, read_rule
from bpmn.rulebook import DATA
from workflow.facts.schema import labels
from workflow.facts.store import empty_facts

NEEDED: Final = ("case_id", "subject")
GIVEN: Final = frozenset({"now", "today"})
"""What every query is told: the instant and the day it is asked for."""
ROW: Final = frozenset({"case_id", "subject", "severity", "village", "township", "org"})
"""Columns of a row that place it and are no evidence."""
SEQ: Final = re.compile(r"([a-z0-9]+_)*seq")
CASE: Final = re.compile(r"([a-z0-9]+_)*case_id|other_id")
_PARAMETER = re.compile(r":([a-z][a-z0-9_]*)")
_STRINGS = re.compile(r"'(?:[^']|'')*'|--[^\n]*")
_NO_COLUMN = re.compile(r"no such column: (.*)")
_NO_TABLE = re.compile(r"no such table: (.*)")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a home by id, the faults of files that are not used, and the files themselves."""

    rules: Mapping[str, Rule]
    faults: tuple[Fault, ...]
    files: Mapping[str, bytes]


def rules_of(home: Path | None = None) -> Rules:
    """The packaged rules; a file of the same name in the folder `flags` of the home takes a rule's place."""
    files = {path.name: path.read_bytes() for path in _files(DATA / FOLDER)}
    if home is not None:
        files |= {path.name: path.read_bytes() for path in _files(home / FOLDER)}
    return check(files)


def _files(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.glob("RF-*") if is_rule_file(path.name) and path.is_file())


def check(files: Mapping[str, bytes]) -> Rules:
    """Read and check rule files by name. A faulty one is left out; the others count."""
    return _check(tuple(sorted(files.items())))


@lru_cache(maxsize=8)
def _check(files: tuple[tuple[str, bytes], ...]) -> Rules:
    rules, faults = {}, []
    with empty_facts() as empty:
        for name, content in files:
            found: list[Fault] = []
            rule = read_rule(found, name, content)
            if rule is not None:
                for part in rule.parts:
                    found += _faults_of(empty, rule, part)
                found += _unused(rule)
            if rule is not None and not found:
                rules[rule.id] = rule
            faults += found
    return Rules(rules, tuple(faults), dict(files))


def parameters(rule: Rule, now: str) -> dict[str, Any]:
    """What the SQL of a rule is told at an instant (Shanghai, "YYYY-MM-DD HH:MM:SS")."""
    figures = {name: threshold.value for name, threshold in rule.thresholds.items()}
    return {**figures, "now": now, "today": now[:10]}


def _faults_of(empty: Any, rule: Rule, part: Part) -> list[Fault]:
    where = f"parts.{part.id}"

    def fault(zh: str, en: str) -> list[Fault]:
        return [Fault(rule.file, where, Text(zh, en))]

    given = parameters(rule, "2000-01-01 00:00:00")
    for name in sorted(_asked(part) - given.keys()):
        return fault(
            f"缺少阈值“{name}”，请写在 [thresholds] 里",
            f"the threshold {name!r} is missing from [thresholds]",
        )
    try:
        cursor = empty.execute(part.sql, given)
    except (sqlite.Error, sqlite.Warning) as error:
        return fault(*_in_words(str(error)))
    if cursor.description is None:
        return fault("不是查询语句", "is not a query")
    columns = [column[0] for column in cursor.description]
    faults = []
    for name in NEEDED:
        if name not in columns:
            faults += fault(f"查询结果缺少“{name}”列", f"its rows lack the column {name!r}")
    for name in columns:
        if name not in ROW and label_of(rule, name) is None:
            faults += fault(
                f"“{name}”列没有名称，请写在 [columns] 里",
                f"the column {name!r} has no name: add it to [columns]",
            )
    if len(set(columns)) != len(columns):
        faults += fault("查询结果有同名的列", "two of its columns have the same name")
    return faults


def _unused(rule: Rule) -> list[Fault]:
    asked = {name for part in rule.parts for name in _asked(part)}
    return [
        Fault(rule.file, f"thresholds.{name}", Text("没有查询用到这个阈值", "no query reads this threshold"))
        for name in rule.thresholds
        if name not in asked
    ]


def _asked(part: Part) -> set[str]:
    """The parameters that the SQL of a part names."""
    return set(_PARAMETER.findall(_STRINGS.sub("", part.sql)))


def label_of(rule: Rule, column: str) -> Text | None:
    """What a column of evidence is called: by the rule itself, or as the facts call it."""
    own = rule.columns.get(column)
    if own is not None:
        return own
    known = labels().get(column)
    if known is None and SEQ.fullmatch(column):
        return Text("日志条目", "entry")
    if known is None and CASE.fullmatch(column):
        return Text("另一案件", "other case")
    return known


def _in_words(error: str) -> tuple[str, str]:
    if match := _NO_COLUMN.search(error):
        return f"核查数据里没有“{match[1]}”这一列", f"the facts have no column {match[1]}"
    if match := _NO_TABLE.search(error):
        return f"核查数据里没有“{match[1]}”这张表", f"the facts have no table {match[1]}"
    if "not authorized" in error or "prohibited" in error:
        return "查询只能读取核查数据，不能写入、附加或更改设置", "a query can only read the facts"
    if "one statement" in error:
        return "只能写一条查询语句", "only one query can be written"
    return f"查询语句有错：{error}", f"the SQL is wrong: {error}"
