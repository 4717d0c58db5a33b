"""A wider language for diagrams that are not ours: Python compiled by RestrictedPython, without imports.

Used only by models read without guards, which run SpiffWorkflow's own test diagrams and other people's. It
offers subscripts, comprehensions and loops, but no attribute that begins with an underscore, no import and no
built-in that reaches outside the data.
"""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from RestrictedPython import Guards
from RestrictedPython.compile import compile_restricted_eval, compile_restricted_exec
from RestrictedPython.Eval import default_guarded_getitem, default_guarded_getiter

from bpmn.text import Text
from workflow.engine.expressions import ExpressionFailed, ExpressionRefused

_OPERATORS = {
    "+=": lambda a, b: a + b,
    "-=": lambda a, b: a - b,
    "*=": lambda a, b: a * b,
    "/=": lambda a, b: a / b,
    "//=": lambda a, b: a // b,
    "%=": lambda a, b: a % b,
}


def _write(value: Any) -> Any:
    if isinstance(value, dict | list):
        return value
    raise TypeError(f"{type(value).__name__} cannot be changed here")


_SCOPE: dict[str, Any] = {
    "__builtins__": {
        **Guards.safe_builtins,
        **{
            f.__name__: f
            for f in (all, any, dict, enumerate, filter, list, map, max, min, reversed, set, sum)
        },
    },
    "_getattr_": Guards.safer_getattr,
    "_getitem_": default_guarded_getitem,
    "_getiter_": default_guarded_getiter,
    "_iter_unpack_sequence_": Guards.guarded_iter_unpack_sequence,
    "_unpack_sequence_": Guards.guarded_unpack_sequence,
    "_inplacevar_": lambda operator, a, b: _OPERATORS[operator](a, b),
    "_write_": _write,
    "timedelta": datetime.timedelta,
    "Decimal": decimal.Decimal,
    "math": math,
}


@dataclass(frozen=True, slots=True)
class LenientExpression:
    """An expression of the wider language."""

    source: str
    code: CodeType
    functions: frozenset[str]

    def evaluate(self, variables: Mapping[str, object]) -> Any:
        """The value on these variables. Raises ``ExpressionFailed``."""
        try:
            return eval(self.code, {**_SCOPE, **variables})  # noqa: S307 - compiled restricted
        except Exception as fault:
            raise _failed(self.source, fault) from fault


@dataclass(frozen=True, slots=True)
class LenientScript:
    """A script of the wider language."""

    source: str
    code: CodeType

    def run(self, variables: Mapping[str, object]) -> dict[str, object]:
        """All variables after the script; those given stay as they are unless it edits nested data."""
        scope = {**_SCOPE, **variables}
        try:
            exec(self.code, scope)  # noqa: S102 - compiled restricted
        except Exception as fault:
            raise _failed(self.source, fault) from fault
        return {k: v for k, v in scope.items() if k not in _SCOPE and not callable(v)}


def _failed(source: str, fault: Exception) -> ExpressionFailed:
    return ExpressionFailed(source, Text(f"无法计算：{fault!r}", f"cannot be evaluated: {fault!r}"))


def _checked(source: str, compiled: Any) -> CodeType:
    if compiled.code is None:
        told = "; ".join(compiled.errors)
        raise ExpressionRefused(source, Text(f"不允许：{told}", f"not allowed: {told}"))
    code: CodeType = compiled.code
    return code


def compile_expression(source: str) -> LenientExpression:
    """Compile an expression. Raises ``ExpressionRefused``."""
    code = _checked(source, compile_restricted_eval(source.strip(), filename="<expression>"))
    return LenientExpression(source, code, frozenset({"due"} & set(code.co_names)))


def compile_script(source: str) -> LenientScript:
    """Compile a script. Raises ``ExpressionRefused``."""
    return LenientScript(source, _checked(source, compile_restricted_exec(source, filename="<script>")))
