"""The file of the facts: how it is opened for whoever asks, read only and with what SQL alone cannot
count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite

from bpmn import Text
from workflow.errors import WorkflowError
from workflow.facts.schema import tables
from workflow.facts.times import working_days

FILE: Final = Path("facts") / "facts.sqlite"
_ALLOWED: Final = frozenset(
    {sqlite.SQLITE_SELECT, sqlite.SQLITE_READ, sqlite.SQLITE_FUNCTION, sqlite.SQLITE_RECURSIVE}
)
_FORBIDDEN_FUNCTIONS: Final = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})


class FactsMissing(WorkflowError):
    """Nobody has built the facts yet."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "还没有生成过核查数据。请先运行“mingjian flags run”。",
                "The facts have not been built yet. Run “mingjian flags run” first.",
            )
        )


def facts_file(home: Path) -> Path:
    """Where the facts of a home lie."""
    return home / FILE


@contextmanager
def open_facts(home: Path) -> Iterator[Any]:
    """A connection that can only read the facts: no writing, no other file, no pragma. It may go from
    thread to thread, one after the other.

    Its SQL has wd(a, b), days(a, b) and seconds(a, b). Raises FactsMissing.
    """
    path = facts_file(home)
    if not path.exists():
        raise FactsMissing()
    connection = sqlite.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        add_functions(connection)
        read_only(connection)
        yield connection
    finally:
        connection.close()


@contextmanager
def empty_facts() -> Iterator[Any]:
    """The tables of the facts without a row, as `open_facts` gives them: a query is tried on them."""
    connection = sqlite.connect(":memory:")
    try:
        for table in tables().values():
            connection.execute(table.create)
        add_functions(connection)
        read_only(connection)
        yield connection
    finally:
        connection.close()


def add_functions(connection: Any) -> None:
    """Give a connection to facts the functions that count days, by the calendar in the facts themselves."""
    numbers: dict[str, int] = dict(connection.execute("SELECT day, n FROM workday"))

    def wd(a: str | None, b: str | None) -> int | None:
        return working_days(numbers, a, b) if a and b else None

    connection.create_function("wd", 2, wd, deterministic=True)
    connection.create_function("days", 2, _days, deterministic=True)
    connection.create_function("seconds", 2, _seconds, deterministic=True)


def read_only(connection: Any) -> None:
    """From now on the connection can read the tables it has and nothing else."""
    connection.set_authorizer(_authorize)


def _days(a: str | None, b: str | None) -> int | None:
    if not a or not b:
        return None
    return (datetime.fromisoformat(b[:10]) - datetime.fromisoformat(a[:10])).days


def _seconds(a: str | None, b: str | None) -> int | None:
    if not a or not b:
        return None
    return int((datetime.fromisoformat(b) - datetime.fromisoformat(a)).total_seconds())


def _authorize(
    action: int, one: str | None, two: str | None, database: str | None, inside: str | None
) -> int:
    """Deny first: reading is all that is allowed."""
    if action not in _ALLOWED or (action == sqlite.SQLITE_FUNCTION and two in _FORBIDDEN_FUNCTIONS):
        return int(sqlite.SQLITE_DENY)
    return int(sqlite.SQLITE_OK)
