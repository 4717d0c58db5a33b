"""The few cell forms a tariff may use. Everything else FEEL could say is refused.

Inputs: a list of texts, a span of whole years, or `-` (any). Outputs: a number, a number times a
parameter, a text, or `null`.
"""

import re
from decimal import Decimal

from bpmn.text import Text
from workflow.amounts.model import Ages, Deductible
from workflow.amounts.vocabulary import DEDUCTED

_TEXTS = re.compile(r'"[^"]*"(\s*,\s*"[^"]*")*')
_NUMBER = r"[0-9]{1,10}(?:\.[0-9]{1,6})?"
_SHARE = re.compile(rf"({_NUMBER})\s*\*\s*([a-z][a-z0-9_]*)")
_AGE = re.compile(r"(<=|<|>=|>)\s*([0-9]{1,3})")
_AGES = re.compile(r"\[([0-9]{1,3})\.\.([0-9]{1,3})\]")
_BASE = re.compile(r"T(-[OBSMR])*")

ANY = ("", "-")
NOTHING = ("", "-", "null")


class CellRefused(Exception):
    """The cell does not have one of the forms above."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = Text(zh, en)


def texts(cell: str) -> frozenset[str] | None:
    """`"TK", "DB"`; None for any."""
    if cell in ANY:
        return None
    if not _TEXTS.fullmatch(cell):
        raise CellRefused(f'应为"…"或"…", "…"或-，现为{cell}', f'must be "…" or "…", "…" or -, is {cell}')
    found = re.findall(r'"([^"]*)"', cell)
    if len(set(found)) != len(found):
        raise CellRefused(f"列表有重复：{cell}", f"the list repeats itself: {cell}")
    return frozenset(found)


def ages(cell: str) -> Ages:
    """`<= 14`, `< 15`, `> 14`, `>= 15`, `[0..14]`; completed years; any if `-`."""
    if cell in ANY:
        return Ages(0, None)
    if span := _AGES.fullmatch(cell):
        first, last = int(span[1]), int(span[2])
        if first > last:
            raise CellRefused(f"年龄段的起止颠倒：{cell}", f"the span of ages is upside down: {cell}")
        return Ages(first, last)
    if not (bound := _AGE.fullmatch(cell)):
        raise CellRefused(
            f"年龄应写作 <= 14、> 14、[0..14] 或 -，现为{cell}",
            f"an age is written <= 14, > 14, [0..14] or -, is {cell}",
        )
    sign, years = bound[1], int(bound[2])
    if sign == "<" and years == 0:
        raise CellRefused(f"没有人符合：{cell}", f"nobody fits: {cell}")
    return {
        "<=": Ages(0, years),
        "<": Ages(0, years - 1),
        ">=": Ages(years, None),
        ">": Ages(years + 1, None),
    }[sign]


def text(cell: str) -> str | None:
    """One text; None for `null`."""
    if cell in NOTHING:
        return None
    if not re.fullmatch(r'"[^"]+"', cell):
        raise CellRefused(f'应为"…"，现为{cell}', f'must be "…", is {cell}')
    return cell[1:-1]


def ratio(cell: str) -> Decimal | None:
    """More than 0, at most 1 (0.75 = 75%) [C-09]; None for `null`."""
    if cell in NOTHING:
        return None
    if not re.fullmatch(_NUMBER, cell) or not 0 < Decimal(cell) <= 1:
        raise CellRefused(
            f"比例应大于0、不超过1（75%写作0.75），现为{cell}",
            f"a ratio is above 0 and at most 1 (75% is 0.75), is {cell}",
        )
    return Decimal(cell)


def deductible(cell: str) -> Deductible:
    """`1500` yuan, or `0.05 * residents_income`."""
    if share := _SHARE.fullmatch(cell):
        return Deductible(Decimal(share[1]), share[2])
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", cell):
        raise CellRefused(
            f"起付线应为金额或“比例 * 参数”，现为{cell or '空'}",
            f"a deductible is an amount or “share * parameter”, is {cell or 'empty'}",
        )
    return Deductible(Decimal(cell), None)


def base(cell: str) -> tuple[str, ...]:
    """`"T-O-B-S-M-R"`: the parts of the bill taken off the total (domain 1.5), each once."""
    written = text(cell) or ""
    parts = written.split("-")[1:]
    if not _BASE.fullmatch(written) or len(set(parts)) != len(parts):
        raise CellRefused(
            f'计算基数应写作"T-O-B-S-M-R"或其一部分，现为{cell or "空"}',
            f'the base is written "T-O-B-S-M-R" or a part of it, is {cell or "empty"}',
        )
    return tuple(symbol for symbol in DEDUCTED if symbol in parts)
