"""What all tables share."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, MetaData, Table, Uuid, text
from sqlalchemy.orm import DeclarativeBase

from workflow.store.types import Instant, Money

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def table(model: "type[Base]") -> Table:
    """The table of a model, for statements that are prepared once."""
    return cast(Table, model.__table__)


def where(condition: str) -> dict[str, Any]:
    """What makes an index hold only the rows that are looked for by it, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def known(column: str) -> dict[str, Any]:
    """An index over the rows that have a value there: most have none yet when they are written."""
    return where(f"{column} IS NOT NULL")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        UUID: Uuid(),
        datetime: Instant(),
        Decimal: Money(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }
