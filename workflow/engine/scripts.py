"""What diagrams compute: the script engine handed to SpiffWorkflow, and decision tables.

Every expression is compiled once per model. In a guarded model it must be in the language of
``expressions``; an unguarded one (other people's diagrams) may use the wider one of ``lenient``.
"""

# mypy: disallow-subclassing-any=False

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.dmn.specs.model import HitPolicy

from workflow.engine import lenient
from workflow.engine.expressions import Expression, Script, compile_expression, compile_script

PLACEHOLDER = "dmninputexpr"
_QUESTION = re.compile(r"(\?)(?=(?:[^'\"]|['\"][^'\"]*['\"])*$)")


def _no_due(limit: str) -> Any:
    raise NameError("due() is only for timers")


@lru_cache(maxsize=4096)
def _strict(source: str) -> Expression:
    """Once per process: most of what a changed rule book computes, the one before computed too."""
    return compile_expression(source, {"due": _no_due})


class NoRuleMatches(Exception):
    """A decision table has no row for the data of the case."""


class RulesOverlap(Exception):
    """More than one row of a UNIQUE decision table matches."""


class Scripts(PythonScriptEngine):
    """Evaluates with compiled expressions. Holds nothing of any case; shared by all threads."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.environment = _Environment(self)
        self._expressions: dict[str, Any] = {}
        self._scripts: dict[str, Any] = {}

    def expression(self, source: str) -> Any:
        """The compiled form, from the cache. Raises ``ExpressionRefused``."""
        found = self._expressions.get(source)
        if found is None:
            found = _strict(source) if self.strict else lenient.compile_expression(source)
            self._expressions[source] = found
        return found

    def script(self, source: str) -> Any:
        """The compiled form of a script, from the cache. Raises ``ExpressionRefused``."""
        found = self._scripts.get(source)
        if found is None:
            found = self._scripts[source] = (
                compile_script(source) if self.strict else lenient.compile_script(source)
            )
        return found

    def evaluate(self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        """The value on the data of a task; task data hides data objects of the same name."""
        compiled = self.expression(expression)
        scope = {**external_context, **task.data} if external_context else task.data
        if "due" in compiled.functions:
            scope = {**scope, "due": _recording(task.workflow.top_workflow)}
        return compiled.evaluate(scope)

    def execute(self, task: Any, script: str, external_context: Mapping[str, Any] | None = None) -> bool:
        data = task.data
        data.update(self.script(script).run(data))
        return True

    def validate(self, expression: str) -> None:
        self.expression(expression)


class _Environment:
    """SpiffWorkflow asks this instead of the engine where it has data and no task."""

    def __init__(self, scripts: Scripts) -> None:
        self.scripts = scripts

    def evaluate(
        self, expression: str, context: Mapping[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> Any:
        scope = {**external_context, **context} if external_context else context
        return self.scripts.expression(expression).evaluate(scope)


def _recording(case: Any) -> Callable[[str], Any]:
    def due(limit: str) -> Any:
        if limit not in case.dues:
            case.dues[limit] = case.due(limit)
        return case.dues[limit]

    return due


class Table:
    """A decision table with its cells compiled; stands in for SpiffWorkflow's ``DMNEngine``."""

    def __init__(self, table: Any, scripts: Scripts) -> None:
        self.decision_table = table
        self.strict = scripts.strict
        self.scripts = scripts
        self.collect = table.hit_policy == HitPolicy.COLLECT.value
        self.rows = [(rule, _cells(rule, scripts)) for rule in table.rules]

    def result(self, task: Any) -> dict[str, Any]:
        """The outputs for the data of the task.

        Raises ``NoRuleMatches`` or ``RulesOverlap`` in a guarded model where stock would silently set nothing
        or take the first (sharp edge 6).
        """
        return self._outputs(task.data, lambda rule: dict(rule.output_as_dict(task)))

    def answer(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs for given data, outside of any case: of COLLECT each output is a list.

        Raises as ``result`` does.
        """
        return self._outputs(data, lambda rule: self._written(rule, data))

    def _written(self, rule: Any, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            entry.output.name: self.scripts.expression(entry.text).evaluate(data)
            for entry in rule.outputEntries
            if entry.text
        }

    def _outputs(self, data: Mapping[str, Any], written: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        hits = [rule for rule, cells in self.rows if all(_holds(cell, data) for cell in cells)]
        if self.collect:
            collected: dict[str, list[Any]] = {}
            for rule in hits:
                for name, value in written(rule).items():
                    collected.setdefault(name, []).append(value)
            return collected
        if self.strict and len(hits) != 1:
            name = self.decision_table.id
            if hits:
                raise RulesOverlap(f"{name}: rows {', '.join(str(rule.row_number) for rule in hits)} match")
            raise NoRuleMatches(f"{name}: no row matches")
        return written(hits[0]) if hits else {}


def _cells(rule: Any, scripts: Scripts) -> list[tuple[Any, Any]]:
    cells = []
    for entry in rule.inputEntries:
        asked = entry.input.expression or entry.input.label
        for text in entry.lhs:
            if text is not None and text.strip():
                cells.append(compile_cell(asked, text, scripts))
    return cells


def compile_cell(asked: str, text: str, scripts: Scripts) -> tuple[Any, Any]:
    """A cell as (expression for ``?`` or None, condition), by the rules SpiffWorkflow has for cells."""
    replaced = _QUESTION.sub(PLACEHOLDER, text)
    if PLACEHOLDER in replaced:
        return scripts.expression(asked), scripts.expression(replaced)
    try:
        compile(text.strip(), "<cell>", "eval")
    except SyntaxError:
        return None, scripts.expression(f"{asked} {text}")  # a comparison such as ">= 10"
    return None, scripts.expression(f"({asked}) == ({text})")


def _holds(cell: tuple[Any, Any], data: Mapping[str, Any]) -> bool:
    asked, condition = cell
    if asked is not None:
        data = {**data, PLACEHOLDER: asked.evaluate(data)}
    return bool(condition.evaluate(data))


__all__ = ["Expression", "NoRuleMatches", "RulesOverlap", "Script", "Scripts", "Table", "compile_cell"]
