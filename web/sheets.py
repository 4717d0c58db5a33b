"""Tables as .xlsx for a spreadsheet. Every text stays a text, whatever it begins with."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from workflow.deadlines import SHANGHAI

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOLD: Final = Font(bold=True)
MONEY: Final = "#,##0.00"
MINUTE: Final = "yyyy-mm-dd hh:mm"
Cell = str | int | float | Decimal | datetime | None
"""Money in yuan is Decimal; a time is written as the hour of the office, for a spreadsheet knows no zones."""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: lines above the table, its heads, its rows. `widths` in characters, by column."""

    name: str
    above: Sequence[str]
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int]


def workbook(tables: Iterable[Table]) -> bytes:
    """The file. Rows are written as they come, so a long list does not stand in memory as cells."""
    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.name)
        for number, width in enumerate(table.widths):
            sheet.column_dimensions[chr(ord("A") + number)].width = width
        for line in table.above:
            sheet.append([_cell(sheet, line)])
        sheet.append([_cell(sheet, head, bold=True) for head in table.heads])
        for row in table.rows:
            sheet.append([_cell(sheet, value) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: WriteOnlyWorksheet, value: Cell, *, bold: bool = False) -> object:
    """A number, or a text that no spreadsheet takes for a formula, when it is opened or typed over."""
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).replace(tzinfo=None, second=0, microsecond=0)
    if not isinstance(value, str):
        made = WriteOnlyCell(sheet, value)  # type: ignore[arg-type]  # it takes Decimal, too
        if isinstance(value, Decimal | datetime):
            made.number_format = MONEY if isinstance(value, Decimal) else MINUTE
        return made
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"
    cell.quotePrefix = value[:1] in {"=", "+", "-", "@"}
    if bold:
        cell.font = BOLD
    return cell
