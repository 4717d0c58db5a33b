"""What the facts' tables and columns are called and mean, read from `bpmn/flags/facts.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from bpmn import Text
from bpmn.rulebook import DATA

FILE: Final = DATA / "flags" / "facts.toml"
ACTS: Final = "acts"
WORDS: Final = "words"
LABELS: Final = "labels"


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, int or real, as SQLite keeps it."""

    name: str
    kind: str
    about: Text


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    about: Text
    columns: Mapping[str, Column]

    @property
    def create(self) -> str:
        """The statement that makes it."""
        columns = ", ".join(f'"{column.name}" {column.kind}' for column in self.columns.values())
        return f'CREATE TABLE "{self.name}" ({columns})'

    @property
    def insert(self) -> str:
        """The statement that adds a row, from a mapping with every column."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        return f'INSERT INTO "{self.name}" ({names}) VALUES ({", ".join(f":{n}" for n in self.columns)})'  # noqa: S608


@cache
def tables() -> Mapping[str, Table]:
    """Every table by its name, in the order of the file."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {name: _table(name, rows) for name, rows in read.items() if name not in (ACTS, LABELS, WORDS)}
    )


@cache
def acts() -> Mapping[str, str]:
    """Form → what its step is."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))[ACTS]
    return MappingProxyType({form: act for act, forms in read.items() for form in forms})


@cache
def words() -> Mapping[str, tuple[str, ...]]:
    """Lists of words that are sought in long texts."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))[WORDS]
    return MappingProxyType({name: tuple(listed) for name, listed in read.items()})


@cache
def body_words() -> tuple[str, ...]:
    """Words in the names of companies, villages and other bodies (domain 5.3 RF-19)."""
    return tuple(tomllib.loads(FILE.read_text(encoding="utf-8"))[WORDS]["bodies"])


@cache
def labels() -> Mapping[str, Text]:
    """Column → what it is called as evidence: by the list of labels, else where it stands first."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))[LABELS]
    found = {name: Text(zh, en) for name, (zh, en) in read.items()}
    for table in tables().values():
        for column in table.columns.values():
            found.setdefault(column.name, column.about)
    return MappingProxyType(found)


def _table(name: str, rows: Mapping[str, list[str]]) -> Table:
    about = rows["about"]
    columns = {
        column: Column(column, told[0], Text(told[1], told[2]))
        for column, told in rows.items()
        if column != "about"
    }
    return Table(name, Text(about["zh"], about["en"]), MappingProxyType(columns))  # type: ignore[call-overload]
