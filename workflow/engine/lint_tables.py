"""Rules for decision tables beside the diagrams: each cell of its column's type, each row with its source.

Gaps and overlaps of a UNIQUE table the engine finds by trying it out (`tables`). A COLLECT table gathers all
rows that hold, so there a gap is a column that no row asks, and an overlap is two rows that ask the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from bpmn.faults import Fault
from bpmn.rulebook import Rulebook
from bpmn.text import Text
from workflow.engine.xml import Unsafe, local, read_xml

ASKED: Mapping[str, tuple[type | tuple[type, ...], str, str]] = {
    "boolean": (bool, "是非值 True 或 False", "True or False"),
    "string": (str, "带引号的文字", "a text in quotes"),
    "number": ((int, float), "数字", "a number"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One input: what it is called, the variable it asks, and its type."""

    label: str
    asks: str
    type: str


def check(file: str, content: bytes, book: Rulebook | None) -> Iterator[Fault]:
    """Every fault of the tables in one file; none in one that cannot be read, which is told elsewhere."""
    try:
        root = read_xml(content)
    except (etree.XMLSyntaxError, Unsafe):
        return
    for table in root.iter():
        if local(table) == "decisionTable":
            yield from _faults(file, table, book)


def _faults(file: str, table: etree._Element, book: Rulebook | None) -> Iterator[Fault]:
    columns = [_column(each) for each in table if local(each) == "input"]
    rows = [each for each in table if local(each) == "rule"]
    cells = [_texts(row, "inputEntry") for row in rows]
    for column in columns:
        if book is not None and column.asks.isidentifier() and column.asks not in book.variables:
            told = Text(f"没有变量“{column.asks}”", f"there is no variable {column.asks!r}")
            yield Fault(file, column.label, told)
    for number, (row, asked) in enumerate(zip(rows, cells, strict=True), 1):
        for column, text in zip(columns, asked, strict=False):
            wanted = ASKED.get(column.type)
            if wanted and not _fits(text, wanted[0]):
                told = Text(f"应为{wanted[1]}，现为{text}", f"should be {wanted[2]}, is {text}")
                yield Fault(file, f"row {number} {row.get('id', '')} / {column.label}", told)
        if not any(_texts(row, "annotationEntry")):
            told = Text("每一行要写明依据", "every row must name its source")
            yield Fault(file, f"row {number} {row.get('id', '')} / source", told)
    if table.get("hitPolicy") == "COLLECT":
        yield from _collected(file, columns, rows, cells)


def _collected(
    file: str, columns: list[Column], rows: list[etree._Element], cells: list[list[str]]
) -> Iterator[Fault]:
    for place, column in enumerate(columns):
        if not any(asked[place] for asked in cells if place < len(asked)):
            told = Text("没有一行问到这一列", "no row asks this column")
            yield Fault(file, column.label, told)
    seen: dict[tuple[str, ...], str] = {}
    for row, asked in zip(rows, cells, strict=True):
        first = seen.setdefault(tuple(asked), row.get("id", ""))
        if first != row.get("id", ""):
            told = Text(f"与“{first}”的条件相同", f"asks the same as {first}")
            yield Fault(file, row.get("id", "-"), told)
    names = {column.asks for column in columns}
    if all(column.type == "boolean" for column in columns):
        for row in rows:
            for text in _texts(row, "outputEntry"):
                if text.strip("\"'") not in names:
                    told = Text(f"“{text}”不是本表所问的事项", f"{text} is none of the facts this table asks")
                    yield Fault(file, row.get("id", "-"), told)


def _column(element: etree._Element) -> Column:
    expression = next((each for each in element if local(each) == "inputExpression"), None)
    asks = "" if expression is None else _text(expression)
    return Column(
        element.get("label") or asks, asks, "" if expression is None else expression.get("typeRef", "")
    )


def _texts(row: etree._Element, kind: str) -> list[str]:
    return [_text(each) for each in row if local(each) == kind]


def _text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext())).strip()


def _fits(text: str, wanted: type | tuple[type, ...]) -> bool:
    """An empty cell asks nothing; one that is more than a value is tried out by the engine."""
    if text in {"", "-"}:
        return True
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return True
    values = value if isinstance(value, tuple) else (value,)
    return all(isinstance(each, wanted) and isinstance(each, bool) == (wanted is bool) for each in values)
