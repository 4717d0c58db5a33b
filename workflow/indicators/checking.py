"""Files whose SQL reads the facts, checked against their tables: what is wrong is said in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite

from bpmn import Fault, Text
from bpmn.indicators import DIVIDES, FOLDER, Figure, Indicator, read_indicator
from bpmn.rulebook import DATA
from workflow.facts.store import empty_facts
from workflow.permissions import MATRIX

ASKED: Final[Mapping[str, str]] = {
    name: "2000-01-01" for name in ("since", "until", "since_on", "until_on", "now", "today")
}
"""What every query is told: the period as instants (the end not in it) and as days (both in it), and now."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """By id, and the faults of files that are not used."""

    all: Mapping[str, Indicator]
    faults: tuple[Fault, ...]


def files_in(folder: str) -> Mapping[str, bytes]:
    """The packaged files of a folder by name."""
    return {path.name: path.read_bytes() for path in sorted((DATA / folder).glob("*.toml"))}


@cache
def indicators() -> Indicators:
    """The packaged indicators."""
    return check(files_in(FOLDER))


def check(files: Mapping[str, bytes]) -> Indicators:
    """Read and check files by name. A faulty one is left out; the others count."""
    found, faults = {}, []
    with empty_facts() as empty:
        for name, content in sorted(files.items()):
            wrong: list[Fault] = []
            one = read_indicator(wrong, name, content)
            for figure in one.figures if one else ():
                wrong += _faults(empty, name, figure)
            if one is not None and not wrong:
                found[one.id] = one
            faults += wrong
    return Indicators(found, tuple(faults))


def _faults(empty: Any, file: str, figure: Figure) -> Sequence[Fault]:
    where = f"figures.{figure.id}"
    if figure.only and figure.only not in MATRIX.actions:
        words = Text(f"没有“{figure.only}”这项权限", f"there is no action {figure.only!r}")
        return [Fault(file, where, words)]
    if not figure.sql:
        return []
    needed = ["case_id", "key", "top", "township"]
    needed += ["base"] if figure.kind in DIVIDES else []
    needed += ["part"] if figure.part else []
    return faults_of(empty, file, where, figure.sql, needed)


def faults_of(
    empty: Any, file: str, where: str, sql: str, needed: Collection[str], known: Mapping[str, Any] = ASKED
) -> Sequence[Fault]:
    """What is wrong with a query: that it is no reading of the facts, or that columns are missing."""
    try:
        cursor = empty.execute(sql, known)
    except (sqlite.Error, sqlite.Warning) as error:
        return [Fault(file, where, Text(f"查询语句有错：{error}", f"the SQL is wrong: {error}"))]
    columns = [column[0] for column in cursor.description or ()]
    missing = [name for name in needed if name not in columns]
    if not missing:
        return []
    words = Text(f"查询结果缺少这些列：{'、'.join(missing)}", f"its rows lack {', '.join(missing)}")
    return [Fault(file, where, words)]
