"""Checking decision tables before any case meets them (sharp edge 6).

SpiffWorkflow knows the hit policies UNIQUE and COLLECT; any other name silently means the first match, UNIQUE
does not look whether a second row matches, and no match sets nothing. So other policies are refused, and a
UNIQUE table is tried out on every combination of the values its cells name and of values between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from math import prod
from typing import Any

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.engine.expressions import Expression, ExpressionError
from workflow.engine.scripts import PLACEHOLDER, Scripts, compile_cell

_OTHER = "\N{HORIZONTAL ELLIPSIS}"
_MOST_POINTS = 20_000
_POLICIES = ("UNIQUE", "COLLECT")

Cell = tuple[Expression | None, Expression] | None
Point = tuple[object, bool]
"""A value to try, and whether it lies among the values the table names (else a gap there is no fault)."""


def faults_of_table(file: str, element: str, table: Any, scripts: Scripts) -> Iterator[Fault]:
    """Faults of the decision table that the business rule task ``element`` calls."""

    def fault(zh: str, en: str) -> Fault:
        return Fault(file, element, Text(f"决策表 {table.id}：{zh}", f"decision table {table.id}: {en}"))

    if table.hit_policy not in _POLICIES:
        yield fault(
            f"命中策略“{table.hit_policy}”会被当作“取第一条”",
            f"hit policy {table.hit_policy} would mean first match",
        )
    rows: list[list[Cell]] = []
    for rule in table.rules:
        try:
            rows.append([_cell(entry, scripts) for entry in rule.inputEntries])
            for entry in rule.outputEntries:
                if entry.text:
                    scripts.expression(entry.text)
        except ExpressionError as refused:
            number = rule.row_number
            yield fault(f"第{number}行：{refused.reason.zh}", f"row {number}: {refused}")
            return
    if table.hit_policy == "UNIQUE":
        names = [entry.expression or entry.label for entry in table.inputs]
        yield from _try_out(names, rows, fault)


def _cell(entry: Any, scripts: Scripts) -> Cell:
    asked = entry.input.expression or entry.input.label
    texts = [text for text in entry.lhs if text is not None and text.strip()]
    return compile_cell(asked, texts[0], scripts) if texts else None


def _try_out(names: list[str], rows: list[list[Cell]], fault: Any) -> Iterator[Fault]:
    if not all(name.isidentifier() for name in names) or len(set(names)) < len(names):
        return  # computed inputs cannot be chosen freely
    columns = [_points([row[number] for row in rows]) for number in range(len(names))]
    if any(column is None for column in columns):
        return
    points: list[list[Point]] = [column for column in columns if column is not None]
    if prod(len(column) for column in points) > _MOST_POINTS:
        return
    overlaps: set[tuple[int, int]] = set()
    gap: dict[str, object] | None = None
    for combination in product(*points):
        data = {name: value for name, (value, _) in zip(names, combination, strict=True)}
        try:
            hits = [number for number, row in enumerate(rows, 1) if all(_holds(cell, data) for cell in row)]
        except ExpressionError:
            return  # a cell reads other variables too
        overlaps.update(pairwise(hits))
        if not hits and gap is None and all(inside for _, inside in combination):
            gap = data
    for one, other in sorted(overlaps):
        yield fault(f"第{one}行与第{other}行重叠", f"rows {one} and {other} overlap")
    if gap is not None:
        told = ", ".join(f"{name} = {value!r}" for name, value in gap.items())
        yield fault(f"没有一行适用于：{told}", f"no row for {told}")


def _holds(cell: Cell, data: dict[str, object]) -> bool:
    if cell is None:
        return True
    asked, condition = cell
    scope = data if asked is None else {**data, PLACEHOLDER: asked.evaluate(data)}
    return bool(condition.evaluate(scope))


def _points(cells: list[Cell]) -> list[Point] | None:
    """Values worth trying in a column, or None for a column that cannot be tried out."""
    constants = {
        value for cell in cells if cell is not None for value in cell[1].constants if value is not None
    }
    if not constants:
        return [(None, True)]
    if all(isinstance(value, bool) for value in constants):
        return [(True, True), (False, True)]
    if all(isinstance(value, str) for value in constants):
        return [*((value, True) for value in sorted(constants, key=str)), (_OTHER, False)]
    numbers = [value for value in constants if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(constants):
        return None
    numbers.sort()
    between = [(low + high) / 2 for low, high in pairwise(numbers) if high - low > 1]
    inside: list[Point] = [(value, True) for value in [*numbers, *between]]
    return [*inside, (numbers[0] - 1, False), (numbers[-1] + 1, False)]
