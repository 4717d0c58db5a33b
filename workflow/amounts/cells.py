"""The few cell forms a tariff may use. Everything else FEEL could say is refused.

Inputs: a list of texts, a span of whole years or the name of one, or `-` (any). Outputs: a number, a
number times a parameter, a text, or `null`.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from bpmn.text import Text
from workflow.amounts.model import EVERY_AGE, Ages, Deductible, Most
from workflow.amounts.vocabulary import DEDUCTED, PERSONS

_TEXTS = re.compile(r'"[^"]*"(\s*,\s*"[^"]*")*')
_NUMBER = r"[0-9]{1,10}(?:\.[0-9]{1,6})?"
_SHARE = re.compile(rf"({_NUMBER})\s*\*\s*([a-z][a-z0-9_]*)")
_AGE = re.compile(r"(<=|<|>=|>)\s*([0-9]{1,3})")
_GROUP = re.compile(r"not\(([a-z][a-z0-9_]*)\)|([a-z][a-z0-9_]*)")
_AGES = re.compile(r"\[([0-9]{1,3})\.\.([0-9]{1,3})\]")
_BASE = re.compile(r"T(-[OBSMR])*")

NO_GROUPS: Mapping[str, Ages] = MappingProxyType({})
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


def ages(cell: str, groups: Mapping[str, Ages] = NO_GROUPS) -> Ages:
    """`<= 14`, `< 15`, `> 14`, `>= 15`, `[0..14]`; completed years; any if `-`.

    Also the name of a group of ages, or `not(name)`.
    """
    if cell in ANY:
        return EVERY_AGE
    if name := _GROUP.fullmatch(cell):
        return _group(name, groups)
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


def _group(name: re.Match[str], groups: Mapping[str, Ages]) -> Ages:
    word = name[1] or name[2]
    if word not in groups:
        raise CellRefused(f"不认识年龄段“{word}”", f"there is no group of ages {word!r}")
    group = groups[word]
    if not name[1]:
        return group
    if group.first > 0 and group.last is None:
        return Ages(0, group.first - 1)
    if group.first == 0 and group.last is not None:
        return Ages(group.last + 1, None)
    raise CellRefused(
        f"“{word}”之外不是一个年龄段，请直接写出",
        f"outside of {word!r} lies no single span of ages; write it out",
    )


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
    amount = _yuan(
        cell or "空", "起付线应为金额或“比例 * 参数”", "a deductible is an amount or “share * parameter”"
    )
    return Deductible(amount, None)


def least(cell: str) -> Decimal | None:
    """Yuan; None for `null`."""
    if cell in NOTHING:
        return None
    return _yuan(cell, "每次最低额应为金额", "the least of a grant is an amount")


def most(cell: str) -> Most | None:
    """`20000` yuan, or `700 * persons` (for each person covered); None for `null`."""
    if cell in NOTHING:
        return None
    share = _SHARE.fullmatch(cell)
    if share is not None and share[2] != PERSONS:
        raise CellRefused(f"只能乘以 {PERSONS}，现为{cell}", f"may only be times {PERSONS}, is {cell}")
    written = share[1] if share else cell
    return Most(_yuan(written, "每次最高额应为金额", "the most of a grant is an amount"), share is not None)


def _yuan(cell: str, zh: str, en: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", cell):
        raise CellRefused(f"{zh}，现为{cell}", f"{en}, is {cell}")
    return Decimal(cell)


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
