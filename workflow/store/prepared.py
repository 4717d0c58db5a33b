"""The statements of the hot path: written with SQLAlchemy, compiled once, given to the driver itself.

SQLAlchemy Core spends several times on a small statement what the database spends (measured: `mingjian
bench`). A `Prepared` keeps its types, its two dialects and its exceptions, and leaves the rest away.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, CompoundSelect, Connection, Dialect, Select, Uuid, bindparam
from sqlalchemy.sql.dml import UpdateBase

from audit.driver import Driver, driver_of

Convert = Callable[[Any], Any]


@lru_cache(maxsize=4_096)
def uuid_of(digits: str | None) -> Any:
    """The id that hexadecimal digits stand for: those of the cases at work are asked for again and again."""
    return None if digits is None else UUID(digits)


Written = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | UpdateBase


@dataclass(frozen=True, slots=True)
class _Plan:
    """One dialect's text, how each value goes in, and how each column comes out."""

    sql: str
    named: bool
    places: tuple[str, ...]  # the values' names in the text
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]  # the values given, in that order
    into: tuple[tuple[int, Convert], ...]
    fixed: Mapping[str, Any]
    row: Any
    columns: tuple[tuple[int, Convert], ...]

    def run(self, driver: Driver, values: Mapping[str, Any]) -> Any:
        """The driver's cursor after the statement."""
        bound: Any = list(self.pick({**self.fixed, **values} if self.fixed else values))
        for number, into in self.into:
            bound[number] = into(bound[number])
        if self.named:
            bound = dict(zip(self.places, bound, strict=True))
        driver.run(self.sql, bound)
        return driver.cursor

    def read(self, row: Any) -> Any:
        """A row of the driver as the program sees it."""
        cells = list(row)
        for number, out in self.columns:
            cells[number] = out(cells[number])
        return tuple.__new__(self.row, cells)


class Prepared:
    """A statement with `bindparam`s, or an `insert` with the columns it will be given.

    Raises:
        TypeError: the statement needs what only SQLAlchemy does at run time: lists for IN, or
            values it invents (columns with a default that are not given).
    """

    __slots__ = ("_given", "_plans", "_statement")

    def __init__(self, statement: Written, *given: str) -> None:
        self._statement, self._given = statement, given
        self._plans: dict[str, _Plan] = {}

    def first(self, conn: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, columns by name; None when there is none."""
        plan, cursor = self._run(conn, values)
        rows = cursor.fetchall()
        return plan.read(rows[0]) if rows else None

    def all(self, conn: Connection, values: Mapping[str, Any]) -> list[Any]:
        plan, cursor = self._run(conn, values)
        return list(map(plan.read, cursor.fetchall()))

    def scalar(self, conn: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, or None."""
        row = self.first(conn, values)
        return None if row is None else row[0]

    def change(self, conn: Connection, values: Mapping[str, Any]) -> int:
        """How many rows were written."""
        count: int = self._run(conn, values)[1].rowcount
        return count

    def _run(self, conn: Connection, values: Mapping[str, Any]) -> tuple[_Plan, Any]:
        driver = driver_of(conn)
        plan = self._plans.get(driver.name)
        if plan is None:
            plan = self._plans[driver.name] = self._compile(driver.dialect)
        return plan, plan.run(driver, values)

    def _compile(self, dialect: Dialect) -> _Plan:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=list(self._given) or None)
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError("a list of values cannot be prepared")
        if compiled.prefetch:
            raise TypeError(f"values are missing for {', '.join(c.name for c in compiled.prefetch)}")
        places = tuple(compiled.positiontup or compiled.binds)
        binds = [compiled.binds[place] for place in places]
        into = [bind.type.dialect_impl(dialect).bind_processor(dialect) for bind in binds]
        # a value that stands in the statement itself goes the same way under a name nobody gives
        keys = [bind.key if bind.required else f"\x00{number}" for number, bind in enumerate(binds)]
        fixed = {key: bind.value for key, bind in zip(keys, binds, strict=True) if not bind.required}
        names, columns = [], []
        returned = self._statement.exported_columns
        for number, column in enumerate(returned):
            names.append(column.name)
            out = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if out is not None and isinstance(column.type, Uuid):
                out = uuid_of
            if out is not None:
                columns.append((number, out))
        row = namedtuple("Row", names, rename=True) if names else None
        return _Plan(
            compiled.string,
            not compiled.positional,
            places,
            _picker(keys),
            tuple((number, convert) for number, convert in enumerate(into) if convert is not None),
            fixed,
            row,
            tuple(columns),
        )


class PreparedFor:
    """A statement with one list, for short lists of few lengths: prepared once for each length it has had.

    `make` writes it for the list's parameters: `column.in_(listed)`; they are of the type of `column`.
    """

    __slots__ = ("_column", "_known", "_make")

    def __init__(self, column: Any, make: Callable[[list[BindParameter[Any]]], Written]) -> None:
        self._column, self._make = column, make
        self._known: dict[int, Prepared] = {}

    def all(self, conn: Connection, listed: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
        return self._of(len(listed)).all(conn, {**values, **_numbered(listed)})

    def change(self, conn: Connection, listed: Sequence[Any], values: Mapping[str, Any]) -> int:
        """How many rows were written."""
        return self._of(len(listed)).change(conn, {**values, **_numbered(listed)})

    def _of(self, length: int) -> Prepared:
        prepared = self._known.get(length)
        if prepared is None:
            parameters = [bindparam(name, type_=self._column.type) for name in _numbered(range(length))]
            prepared = self._known[length] = Prepared(self._make(parameters))
        return prepared


def _numbered(listed: Sequence[Any]) -> dict[str, Any]:
    return {f"listed_{number}": one for number, one in enumerate(listed)}


def _picker(keys: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: tuple(values[key] for key in keys)
