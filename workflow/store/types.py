"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine

FEN = Decimal("0.01")


class Money(TypeDecorator[Decimal]):
    """An amount in yuan, kept as a whole number of fen: exact on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        fen = value.scaleb(2)
        if fen != fen.to_integral_value():
            raise ValueError(f"{value} yuan is not a whole number of fen")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


UNZONED = "a time without a zone cannot be stored"


@lru_cache(maxsize=1_024)  # the same few times stand in many rows of one transaction
def instant_text(value: datetime | None) -> str | None:
    """UTC with six decimals, so that texts sort as times do. Raises ValueError for a time without a zone."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(UNZONED)
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def day_text(value: date | None) -> str | None:
    """A day as SQLite keeps it; of a time, its day alone."""
    return None if value is None else date.isoformat(value)


class Instant(TypeDecorator[datetime]):
    """An aware point in time; UTC in the database, in a text that sorts on SQLite."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if dialect.name != "postgresql":
            return instant_text(value)
        if value.tzinfo is None:
            raise ValueError(UNZONED)
        return value

    def bind_processor(self, dialect: Dialect) -> Any:
        """The way in without the detours of a decorated type: times are most of what is written."""
        return instant_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """The way out, likewise."""
        return _instant_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _instant_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
