"""Columns of the registers as the database keeps them: to make a time of every text and a text of every time
takes longer than all else that is done with them.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Dialect, Select, Table, Uuid, select, type_coerce
from sqlalchemy.types import NullType, UserDefinedType

from workflow.store.types import Instant

AS_KEPT: Final = NullType()
"""A time or a chain's number as the driver gives it."""


class _Number(UserDefinedType[UUID]):
    """The number of a case. Many rows have the same, so it is made once."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], UUID | None] | None:
        return _numbered if dialect.name == "sqlite" else None


@lru_cache(maxsize=8_192)
def _numbered(kept: str | None) -> UUID | None:
    return None if kept is None else UUID(kept)


def whole(table: Table) -> Select[Any]:
    """Every column of a table, in the order of its key. Times are what `times.local` takes."""
    return select(*(_read(column) for column in table.c)).order_by(*table.primary_key)


def _read(column: Column[Any]) -> Any:
    if isinstance(column.type, Instant):
        return type_coerce(column, AS_KEPT).label(column.key)
    if isinstance(column.type, Uuid):
        return type_coerce(column, _Number()).label(column.key)
    return column
