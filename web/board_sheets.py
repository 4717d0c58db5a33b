"""The board as two sheets: its table and the list behind the number that was chosen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from flask import get_template_attribute

from bpmn import Text
from web.here import now
from web.language import iso, local, t
from web.sheets import Cell, Table
from workflow.deadlines import Standing
from workflow.reading.board import COLUMNS, Board, Column, Wanted
from workflow.reading.held import Held

MOST: Final = 10_000
"""Rows of a list that are taken away at once; a longer one says how long it is."""
LEVELS: Final = {
    "township": Text("乡镇", "Township"),
    "village": Text("村(社区)", "Village"),
    "step": Text("环节", "Step"),
    "holder": Text("经办人", "Officer"),
}


def sheets(board: Board, rows: Sequence[Held], wanted: Wanted, told: Mapping[str, Text]) -> Iterator[Table]:
    """Figures first, then rows, with the moment and the filters above both."""
    when = f"{local(now()):%Y-%m-%d %H:%M}"
    narrowed = " · ".join(t(told[key]) for key in told if key != wanted.by)
    yield Table(
        t("数字", "Figures"),
        [line for line in (when, narrowed) if line],
        [t("代码", "Code"), t(LEVELS[board.level]), t("单位", "Office"),
         *(_column(column) for column in COLUMNS), t("合计", "Total")],
        [[line.code, t(line.name), t(line.note) if line.note else "",
          *(line.numbers[column] for column in COLUMNS), line.total] for line in (*board.lines, board.total)],
        [22, 24, 24, 8, 8, 8, 8, 8],
    )  # fmt: skip
    column, total = _column(wanted.column), board.number(wanted)
    filters = " · ".join([*map(t, told.values()), f"{column} {total}"])
    short = t(f"只列前{len(rows)}件，共{total}件", f"The first {len(rows)} of {total}")
    yield Table(
        t("名单", "List"),
        [when, filters, *([short] if len(rows) < total else [])],
        [t("期限", "Limit"), t("申请人", "Applicant"), t("案件编号", "Case"), t("乡镇", "Township"),
         t("村(社区)", "Village"), t("环节", "Step"), t("谁在办", "Who holds it"), t("到期", "Due")],
        [_row(item) for item in rows],
        [16, 12, 20, 12, 16, 24, 28, 12],
    )  # fmt: skip


def _row(item: Held) -> list[Cell]:
    who = t("等待，不用人办", "a wait")
    if not item.waits:
        names = t("、", ", ").join(item.holders) or t("岗位空缺", "the seat is vacant")
        who = f"{item.office} {names}"
    due = iso(item.standing.due.day) if item.standing else ""
    return [_limit(item.standing), item.person, item.number, item.township, item.village,
            item.step, who, due]  # fmt: skip


def _limit(standing: Standing | None) -> str:
    """How a limit stands, as the page says it."""
    if standing is None:
        return t("没有期限", "No limit")
    words: str = get_template_attribute("parts/clock.html", "standing_words")(standing).striptags()
    return words


def _column(column: Column) -> str:
    words: str = get_template_attribute("parts/work.html", "filter_name")(column).striptags()
    return words
