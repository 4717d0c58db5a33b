"""The statements of the hot path: written with SQLAlchemy, compiled once, given to the driver itself.

SQLAlchemy Core spends several times on a small statement what the database spends (measured: `mingjian
bench`). A `Prepared` keeps its types, its two dialects and its exceptions, and leaves the rest away.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, CompoundSelect, Connection, Date, Dialect, Select, Uuid, bindparam
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

from audit.driver import driver_of, hex_of
from workflow.store.types import day_text


@lru_cache(maxsize=4_096)
def uuid_of(digits: str | None) -> Any:
    """The id that hexadecimal digits stand for: those of the cases at work are asked for again and again."""
    return None if digits is None else UUID(digits)


Written = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | UpdateBase


class _Plan(NamedTuple):
    """One dialect's text. `bind`: what its driver takes, of the values given; `read`: a row of its answer."""

    sql: str
    bind: Callable[[Mapping[str, Any]], Any]
    read: Callable[[Any], Any]


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
        read, cursor = self._run(conn, values)
        rows = cursor.fetchall()
        return read(rows[0]) if rows else None

    def all(self, conn: Connection, values: Mapping[str, Any]) -> list[Any]:
        read, cursor = self._run(conn, values)
        return list(map(read, cursor.fetchall()))

    def scalar(self, conn: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, or None."""
        row = self.first(conn, values)
        return None if row is None else row[0]

    def change(self, conn: Connection, values: Mapping[str, Any]) -> int:
        """How many rows were written."""
        count: int = self._run(conn, values)[1].rowcount
        return count

    def _run(self, conn: Connection, values: Mapping[str, Any]) -> tuple[Callable[[Any], Any], Any]:
        driver = driver_of(conn)
        plan = self._plans.get(driver.name)
        if plan is None:
            plan = self._plans[driver.name] = self._compile(driver.dialect)
        driver.run(plan.sql, plan.bind(values))
        return plan.read, driver.cursor

    def _compile(self, dialect: Dialect) -> _Plan:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=list(self._given) or None)
        if compiled.post_compile_params or compiled.literal_execute_params:
            raise TypeError("a list of values cannot be prepared")
        if compiled.prefetch:
            raise TypeError(f"values are missing for {', '.join(c.name for c in compiled.prefetch)}")
        return _Plan(compiled.string, _binder(compiled, dialect), _reader(self._statement, dialect))


_OWN: tuple[tuple[type[TypeEngine[Any]], Callable[[Any], Any]], ...] = ((Uuid, hex_of), (Date, day_text))
"""What is converted more quickly than SQLAlchemy does it, to the same."""


def _binder(compiled: Any, dialect: Dialect) -> Callable[[Mapping[str, Any]], Any]:
    """The values of a statement, as its driver wants them, from those given by name: written out as one
    expression, for a loop over them takes longer than many a statement.
    """
    known: dict[str, Any] = {}
    cells = []
    places = compiled.positiontup or compiled.binds
    for number, place in enumerate(places):
        bind = compiled.binds[place]
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            convert = next((own for kind, own in _OWN if isinstance(bind.type, kind)), convert)
        if not bind.required:  # a value that stands in the statement itself
            known[f"v{number}"] = bind.value if convert is None else convert(bind.value)
            cells.append(f"v{number}")
        elif convert is None:
            cells.append(f"given[{bind.key!r}]")
        else:
            known[f"c{number}"] = convert
            cells.append(f"c{number}(given[{bind.key!r}])")
    if compiled.positional:
        written = f"({''.join(f'{cell}, ' for cell in cells)})"
    else:
        written = f"{{{', '.join(f'{place!r}: {cell}' for place, cell in zip(places, cells, strict=True))}}}"
    return _written(f"lambda given: {written}", known)


def _reader(statement: Written, dialect: Dialect) -> Callable[[Any], Any]:
    """A row with the columns by name, their values as the program knows them."""
    columns = list(statement.exported_columns)
    if not columns:
        return tuple
    make: Any = namedtuple
    row = make("Row", [column.name for column in columns], rename=True)
    known: dict[str, Any] = {"row": row, "new": tuple.__new__}
    cells = []
    for number, column in enumerate(columns):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is None:
            cells.append(f"cells[{number}]")
        else:
            known[f"c{number}"] = uuid_of if isinstance(column.type, Uuid) else convert
            cells.append(f"c{number}(cells[{number}])")
    return _written(f"lambda cells: new(row, ({', '.join(cells)},))", known)


def _written(expression: str, known: dict[str, Any]) -> Callable[[Any], Any]:
    """A function from its text, which holds nothing but the names of our own columns and parameters."""
    function: Callable[[Any], Any] = eval(expression, known)  # noqa: S307 — nobody's input
    return function


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
