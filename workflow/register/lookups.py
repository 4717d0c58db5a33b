"""What every import asks: who is this, which village is that, and is the cell one of the values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from workflow.register.identity import NotValid
from workflow.register.table import Row as Line
from workflow.store.models import Household, Organisation, Person, table

BITE: Final = 400


def villages(conn: Connection) -> Mapping[str, Sequence[str]]:
    """Village code → itself, and every name a village goes by → the codes that bear it."""
    found: dict[str, list[str]] = {}
    above = table(Organisation).alias()
    for row in conn.execute(
        select(Organisation.code, Organisation.name, above.c.name.label("township"))
        .join(above, above.c.code == Organisation.parent)
        .where(Organisation.level == "village", Organisation.kind == "government")
    ):
        for word in (row.code, row.name, row.township + row.name):
            found.setdefault(word, []).append(row.code)
    return found


def place_code(places: Mapping[str, Sequence[str]], word: str) -> str:
    """The village a word means.

    Raises:
        NotValid: none, or more than one.
    """
    codes = places.get(word, ())
    if not codes:
        raise NotValid(f"没有“{word}”这个村(社区)", f"There is no village {word!r}")
    if len(codes) > 1:
        raise NotValid(
            "同名的村不止一个，请写12位代码", "Several villages bear this name; give the 12-digit code"
        )
    return codes[0]


def people_by_number(conn: Connection, numbers: Iterable[str]) -> dict[str, Row[Any]]:
    """Identity number → person with the village of the household."""
    return {
        row.id_number: row
        for bite in bites(sorted(numbers))
        for row in conn.execute(
            select(table(Person), Household.village)
            .outerjoin(table(Household), Household.id == Person.household_id)
            .where(Person.id_number.in_(bite))
        )
    }


def bites(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """In portions a database takes as one list."""
    return (items[start : start + BITE] for start in range(0, len(items), BITE))


def one_of(words: Mapping[str, str], word: str) -> str:
    if word not in words:
        raise NotValid(f"“{word}”不在可填的范围内", f"{word!r} is not one of the values") if word else empty()
    return words[word]


def filled(word: str, most: int) -> str:
    if not word:
        raise empty()
    if len(word) > most:
        raise NotValid(f"最多{most}个字", f"At most {most} characters")
    return word


def day_of(line: Line, column: str) -> date:
    day = line.day(column)
    if day is None:
        raise empty()
    return day


def empty() -> NotValid:
    return NotValid("不能为空", "Must not be empty")
