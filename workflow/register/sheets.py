"""Reading .xlsx and .csv files as if somebody hostile had made them.

Nothing is computed: a cell with a formula is refused. The size of the file, of what it unpacks to, of
rows and cells is bounded before anything is believed.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from bpmn.text import Text
from workflow.errors import RowFault, RowsRefused
from workflow.register.table import Cell, Line, Sheet, refused

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_UNPACKED: Final = 40 * 1024 * 1024
MOST_PARTS: Final = 200
MOST_ROWS: Final = 20_000
LAST_ROW: Final = 1_048_576
MOST_COLUMNS: Final = 60
LONGEST_CELL: Final = 500
MOST_FAULTS: Final = 500
CHUNK: Final = 64 * 1024
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9 ,.-]*|-+")
_FORBIDDEN_XML = (b"<!DOCTYPE", b"<!ENTITY")
_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError,
    SyntaxError, EOFError, OverflowError, NotImplementedError, RuntimeError, OSError,
)  # fmt: skip
"""What openpyxl and zipfile raise over a damaged file; all of it means the same to the user."""


def read_sheet(path: Path) -> Sheet:
    """Read the first visible sheet of an .xlsx, or a .csv in UTF-8 or GB18030.

    Raises:
        RowsRefused: the file is too big, broken, of another kind, or holds a formula.
    """
    if path.stat().st_size > MOST_BYTES:
        raise refused(f"文件超过{MOST_BYTES >> 20}MB", f"The file is larger than {MOST_BYTES >> 20} MB")
    content = path.read_bytes()
    if content[:4] == b"PK\x03\x04":
        _require_harmless(content)
        return Sheet(_checked(_xlsx_lines(content)))
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise refused("这是旧的.xls或加密文件，请另存为.xlsx", "An old .xls or encrypted; save as .xlsx")
    return Sheet(_checked(_csv_lines(content)))


def _checked(lines: Iterable[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """Bounded, free of formulas, empty lines left out."""
    kept: list[tuple[int, Line]] = []
    faults: list[RowFault] = []
    for number, line in lines:
        if all(cell is None or cell == "" for cell in line):
            continue
        if number > MOST_ROWS:
            raise refused(f"超过{MOST_ROWS}行，请分成几个文件", f"More than {MOST_ROWS} rows", number)
        for at, cell in enumerate(line):
            if isinstance(cell, str) and len(cell) > LONGEST_CELL:
                too_long = Text(f"超过{LONGEST_CELL}个字", f"More than {LONGEST_CELL} characters")
                faults.append(RowFault(number, get_column_letter(at + 1), too_long))
            elif isinstance(cell, str) and _is_formula(cell):
                formula = Text("是公式，请改为数值或文字", "A formula; write the value itself")
                faults.append(RowFault(number, get_column_letter(at + 1), formula))
        if len(faults) > MOST_FAULTS:
            break
        kept.append((number, line))
    if faults:
        raise RowsRefused(faults)
    if not kept:
        raise refused("文件是空的", "The file is empty")
    return kept


def _is_formula(cell: str) -> bool:
    """What a spreadsheet would compute if opened there: =, @, and + or - before anything but a number."""
    start = cell.lstrip()[:1]
    return start in {"=", "@"} or (start in {"+", "-"} and not _PLAIN_NUMBER.fullmatch(cell.strip()))


def _require_harmless(content: bytes) -> None:
    """The archive is small when really unpacked, holds no program and no document type."""
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise refused("文件内部件过多", "The file has too many parts")
            for part in parts:
                name = part.filename.lower()
                if "vbaproject" in name or "externallink" in name or "/embeddings/" in name:
                    raise refused("文件含有宏、外部链接或嵌入对象", "The file holds macros, links or objects")
                data = _unpacked(archive, part, left)
                left -= len(data)
                if name.endswith((".xml", ".rels", ".vml")):
                    if data[:2] in (b"\xfe\xff", b"\xff\xfe") or b"\x00" in data[:64]:
                        raise refused("文件编码不是UTF-8", "The file is not in UTF-8")
                    if any(word in data for word in _FORBIDDEN_XML):
                        raise refused("文件含有实体定义", "The file defines entities")
    except _BROKEN as error:
        raise refused("不是有效的.xlsx文件", "This is no valid .xlsx file") from error


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> bytes:
    """A part of the archive, in small bites: the size it claims to have may be a lie."""
    data = bytearray()
    with archive.open(part) as stream:
        while bite := stream.read(CHUNK):
            data += bite
            if len(data) > most:
                raise refused("文件展开后过大", "The file unpacks to too much")
    return bytes(data)


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, Line]]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise refused("文件里没有工作表", "The file has no sheet")
        sheets[0].reset_dimensions()
        lines = sheets[0].iter_rows(max_col=MOST_COLUMNS, values_only=True)
        for number, line in enumerate(lines, start=1):
            if number > LAST_ROW:
                raise refused("行号超出范围", "A row number is out of range", number)
            if line.count(None) < len(line):
                yield number, tuple(_cell(cell) for cell in line)
    except _BROKEN as error:
        raise refused("不是有效的.xlsx文件", "This is no valid .xlsx file") from error


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str | int | float | date):
        return value
    return "=" if isinstance(value, ArrayFormula | DataTableFormula) else str(value)


def _csv_lines(content: bytes) -> Iterator[tuple[int, Line]]:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=first.count), strict=True)
    try:
        for line in reader:
            yield reader.line_num, tuple(line[:MOST_COLUMNS])
    except csv.Error as error:
        raise refused("这一行的引号不成对", "Quotation marks do not match", reader.line_num) from error


def _decoded(content: bytes) -> str:
    if b"\x00" in content:
        raise refused("不是.xlsx，也不是.csv", "Neither .xlsx nor .csv")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("文字编码既不是UTF-8也不是GB18030", "The text is neither UTF-8 nor GB18030")
