"""A table that has been read from a file: its heading row, and values asked for by column.

Row numbers are those of the file, so that whoever made the table finds the place.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from bpmn.text import Text
from workflow.errors import RowFault, RowsRefused
from workflow.register.identity import NotValid

HEADING_WITHIN: Final = 10
"""The row with the column names stands among the first ten; a title may stand above it."""

YES: Final = frozenset({"是", "有", "y", "yes", "true", "1", "√"})
NO: Final = frozenset({"否", "无", "n", "no", "false", "0", "×"})
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?: 0{1,2}:00(?::00)?)?")

T = TypeVar("T")
Cell = str | int | float | bool | date | datetime | None
Line = Sequence[Cell]


def refused(zh: str, en: str, row: int = 0, column: str = "") -> RowsRefused:
    """The whole file is refused for one reason; row 0 means the file."""
    return RowsRefused([RowFault(row, column, Text(zh, en))])


@dataclass(slots=True)
class Row:
    """One line of the table. Values are asked for by the id of their column."""

    number: int
    cells: Mapping[str, Cell]
    headings: Mapping[str, str]

    def fault(self, column: str, zh: str, en: str) -> RowFault:
        return RowFault(self.number, self.headings.get(column, column), Text(zh, en))

    def take(self, faults: list[RowFault], column: str, read: Callable[[str], T]) -> T | None:
        """What `read` makes of the column, or None when it is not valid: then that is a fault more."""
        try:
            return read(column)
        except NotValid as error:
            faults.append(RowFault(self.number, self.headings.get(column, column), error.message))
            return None

    def maybe(self, faults: list[RowFault], column: str, read: Callable[[str], T]) -> T | None:
        """The same for a column that may be empty or missing: then it is None without a fault."""
        return self.take(faults, column, read) if self.has(column) else None

    def has(self, column: str) -> bool:
        return self.cells.get(column) not in (None, "")

    def text(self, column: str) -> str:
        """The value as text; "" when empty. A number with more digits than a spreadsheet keeps is refused.

        Raises:
            NotValid: the cell is a number that has lost digits, a date, or a yes/no.
        """
        value = self.cells.get(column)
        if value is None:
            return ""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, bool | date):
            raise NotValid("应为文字，单元格里是日期或真假值", "Should be text, is a date or yes/no")
        if isinstance(value, float) and not value.is_integer():
            return repr(value)
        if abs(value) >= 10**15:
            raise NotValid(
                "单元格是数值格式，长号码已丢失末位；请改为文本格式后重新填写",
                "The cell is a number and has lost its last digits; format it as text and type it again",
            )
        return str(int(value))

    def money(self, column: str) -> Decimal:
        """Yuan, not negative, at most two decimals; an empty cell is 0.

        Raises:
            NotValid
        """
        value = self.cells.get(column)
        if value is None or value == "":
            return Decimal("0.00")
        if isinstance(value, bool | date):
            raise NotValid("应为金额", "Should be an amount")
        typed = value if isinstance(value, str) else repr(value)
        cleaned = unicodedata.normalize("NFKC", typed).strip().removesuffix("元").replace(",", "")
        try:
            amount = Decimal(cleaned)
        except InvalidOperation:
            raise NotValid("不是金额，应如12345.60", "This is no amount; write it like 12345.60") from None
        if not amount.is_finite() or amount < 0 or amount >= 10**10:
            raise NotValid(
                "金额不能为负，也不能超过百亿元", "An amount is not negative and below ten thousand million"
            )
        exact = amount.quantize(Decimal("0.01"))
        noise = Decimal("0.000001") if isinstance(value, float) else Decimal(0)
        if abs(exact - amount) > noise:
            raise NotValid("金额最多两位小数", "An amount has at most two decimals")
        return exact

    def day(self, column: str) -> date | None:
        """A date, or None when empty. Text like 2026-01-05, 2026/1/5, 2026年1月5日, 20260105 is understood.

        Raises:
            NotValid
        """
        value = self.cells.get(column)
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        typed = unicodedata.normalize("NFKC", str(value)).strip()
        found = _DATE.fullmatch(typed)
        parts = found.groups() if found else (typed[:4], typed[4:6], typed[6:])
        if found or (len(typed) == 8 and typed.isascii() and typed.isdigit()):
            try:
                return date(*(int(part) for part in parts))
            except ValueError:
                raise NotValid("没有这一天", "There is no such day") from None
        raise NotValid("日期应如2026-01-05", "Write a date like 2026-01-05")

    def yes(self, column: str, default: bool) -> bool:
        value = self.cells.get(column)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        typed = unicodedata.normalize("NFKC", str(value)).strip().lower()
        if typed in YES or typed in NO:
            return typed in YES
        raise NotValid("应填“是”或“否”", "Write 是 (yes) or 否 (no)")


@dataclass(slots=True)
class Sheet:
    """A table: its heading row and the lines below, empty ones left out."""

    lines: list[tuple[int, Line]]
    rows: list[Row] = field(default_factory=list)
    _headings: dict[str, str] = field(default_factory=dict)

    def heading(self, column: str) -> str:
        """The name of a column as it stands in the file."""
        return self._headings.get(column, column)

    def require_columns(
        self, required: Mapping[str, Sequence[str]], optional: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Find the heading row and fill `rows`. Column id → the names it may have; others are left aside.

        Raises:
            RowsRefused: no heading row, a required column is missing, or a name stands twice.
        """
        every = {**(optional or {}), **required}
        names = {_plain(name): column for column, all_ in every.items() for name in all_}
        best: tuple[int, int, dict[int, str], Line] | None = None
        for place, (number, line) in enumerate(self.lines[:HEADING_WITHIN]):
            found = {
                at: names[_plain(cell)]
                for at, cell in enumerate(line)
                if isinstance(cell, str) and _plain(cell) in names
            }
            if found and (best is None or len(found) > len(best[2])):
                best = (place, number, found, line)
        if best is None:
            wanted = "、".join(all_[0] for all_ in required.values())
            raise refused(f"找不到表头，应有：{wanted}", f"No heading row; needed: {', '.join(required)}")
        place, number, columns, line = best
        self._headings = {column: str(line[at]).strip() for at, column in columns.items()}
        faults = [
            RowFault(number, all_[0], Text(f"缺少“{all_[0]}”这一列", f"Column {column!r} is missing"))
            for column, all_ in required.items()
            if column not in self._headings
        ]
        seen: set[str] = set()
        for at, column in columns.items():
            if column in seen:
                twice = Text("这一列出现了两次", "This column stands twice")
                faults.append(RowFault(number, str(line[at]), twice))
            seen.add(column)
        if faults:
            raise RowsRefused(faults)
        self.rows = [
            Row(
                number, {column: line[at] for at, column in columns.items() if at < len(line)}, self._headings
            )
            for number, line in self.lines[place + 1 :]
        ]
        if not self.rows:
            raise refused("表头下面没有数据", "There is nothing below the heading row", number)


def _plain(heading: str) -> str:
    """A heading without spaces, stars and what stands in brackets as decoration."""
    return re.sub(r"[\s*():]+", "", unicodedata.normalize("NFKC", heading)).lower()
