"""The linter of diagrams: refuses what SpiffWorkflow would misread and what the field forbids.

``lint`` reads files, ``lint_folder`` a folder. Each rule names file, element and reason in both languages.
The rules stand in ``guards`` (what the engine refuses), ``lint_misread``, ``lint_field``, ``lint_paths``,
``lint_refusal``, ``lint_style``, ``lint_layout`` and ``lint_tables``; ``soundness`` explores every marking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bpmn.faults import Fault, RulebookError
from bpmn.rulebook import Rulebook, load
from bpmn.text import Text
from workflow.engine import (
    lint_field,
    lint_layout,
    lint_misread,
    lint_paths,
    lint_refusal,
    lint_style,
    lint_tables,
)
from workflow.engine.faults import ModelRefused
from workflow.engine.lint_drawing import Drawing, read
from workflow.engine.model import read_model
from workflow.engine.soundness import Explored, explore_all
from workflow.engine.soundness.domains import decisions_of
from workflow.engine.soundness.values import Value
from workflow.engine.steering import Steering, steering_of

__all__ = ["Fault", "Report", "examine", "examine_folder", "lint", "lint_folder"]


@dataclass(frozen=True)
class Report:
    """``explored``: how many markings were looked at in each process or embedded sub-process."""

    faults: list[Fault]
    explored: Mapping[str, int]


def lint(
    files: Mapping[str, bytes], rulebook: Rulebook | None = None, *, is_read: bool = False
) -> list[Fault]:
    """Every fault of the diagrams (``*.bpmn``) and decision tables (``*.dmn``) among ``files``."""
    return examine(files, rulebook, is_read=is_read).faults


def examine(files: Mapping[str, bytes], rulebook: Rulebook | None = None, *, is_read: bool = False) -> Report:
    """Apply every rule and explore every diagram. ``is_read``: by the engine, without a fault.

    With a rule book, the roles, forms, limits, papers, states and letters that diagrams name are looked up,
    and variables are followed from the forms that ask them to the gateways that read them. Order: as found.
    """
    faults = [] if is_read else _refused_by_the_engine(files)
    drawings: list[Drawing] = []
    decisions: frozenset[str] = frozenset()
    tables = [content for file, content in sorted(files.items()) if file.endswith(".dmn")]
    for file, content in sorted(files.items()):
        if file.endswith(".dmn"):
            decisions |= lint_misread.decisions_in(content)
            if not file.startswith("policies/"):  # tariffs are read, and checked cell by cell, by the amounts
                faults += lint_tables.check(file, content, rulebook)
        elif file.endswith(".bpmn"):
            drawing = read(file, content)
            if isinstance(drawing, Fault):
                continue  # reported by the engine
            drawings.append(drawing)
    known = lint_field.survey(drawings)
    for drawing in drawings:
        faults += lint_misread.check(drawing, decisions)
        faults += lint_field.check(drawing, known, rulebook)
        faults += lint_style.check(drawing)
        faults += _layout(drawing, files[drawing.file])
    faults += lint_style.check_all(drawings)
    drawn = tuple((drawing.file, files[drawing.file]) for drawing in drawings)
    asked = _asked(drawings)
    outputs = ((name, tuple(each.items())) for name, each in decisions_of(tables).items() if name in asked)
    paths, found = _walked(drawn, steering_of(rulebook) if rulebook else None, tuple(outputs))
    faults += paths
    if found is None:
        return Report(faults, {})
    faults += lint_refusal.check(drawings, known, rulebook)
    faults += found.faults
    return Report(faults, found.markings)


Outputs = tuple[tuple[str, tuple[tuple[str, Value], ...]], ...]


def _asked(drawings: Iterable[Drawing]) -> set[str | None]:
    """The decision tables that diagrams ask."""
    return {
        node.text("b:extensionElements/s:calledDecisionId")
        for drawing in drawings
        for node in drawing.of("businessRuleTask")
    }


@lru_cache(maxsize=4)
def _walked(
    drawn: tuple[tuple[str, bytes], ...], book: Steering | None, outputs: Outputs
) -> tuple[tuple[Fault, ...], Explored | None]:
    """The rules about paths, and what exploring brings to light unless a process calls itself. It takes
    longest, and hangs on less than changes from one rule book to the next.
    """
    drawings = [one for file, content in drawn if isinstance(one := read(file, content), Drawing)]
    paths = tuple(lint_paths.check(drawings, book))
    if any("calls itself" in fault.reason.en for fault in paths):
        return paths, None
    return paths, explore_all(drawings, book, {name: dict(each) for name, each in outputs})


_well_drawn: set[bytes] = set()
"""Digests of diagrams without a fault of layout, which hangs on nothing but the drawing. Most diagrams of a
changed rule book are those of the one before, and to look at the drawing takes longer than most rules.
"""
_REMEMBERED = 500


def _layout(drawing: Drawing, content: bytes) -> list[Fault]:
    digest = hashlib.sha256(content).digest()
    if digest in _well_drawn:
        return []
    faults = list(lint_layout.check(drawing))
    if not faults:
        if len(_well_drawn) >= _REMEMBERED:
            _well_drawn.clear()
        _well_drawn.add(digest)
    return faults


def _refused_by_the_engine(files: Mapping[str, bytes]) -> list[Fault]:
    """What reading the diagrams in earnest brings to light: everything that would be misread."""
    try:
        read_model({file: content for file, content in files.items() if not file.startswith("policies/")})
    except ModelRefused as refused:
        return [Fault(fault.file, fault.element or "-", fault.reason) for fault in refused.faults]
    return []


def lint_folder(path: Path) -> list[Fault]:
    """Every fault in a folder or file; see ``examine_folder``."""
    return examine_folder(path).faults


def examine_folder(path: Path) -> Report:
    """Examine a folder: the data folder with ``flows/`` and its rule book, or any folder or file of diagrams.

    A rule book that cannot be read is itself reported, and its diagrams are then linted without it.
    """
    if path.is_file():
        return examine({path.name: path.read_bytes()})
    files = {
        found.relative_to(path).as_posix(): found.read_bytes()
        for found in sorted(path.rglob("*"))
        if found.suffix in (".bpmn", ".dmn") and found.is_file()
    }
    if not files:
        reason = Text("这里没有流程图", "there are no diagrams here")
        return Report([Fault(str(path), "-", reason)], {})
    if not (path / "flows").is_dir():
        return examine(files)
    try:
        return examine(files, load(path))
    except RulebookError as refused:
        report = examine(files)
        return Report([*refused.faults, *report.faults], report.explored)
