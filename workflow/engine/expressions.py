"""The one expression language of diagrams and forms: compiled once, restricted twice.

A source is first held against a list of allowed syntax, then compiled by RestrictedPython, so that a hole in
one is closed by the other. There are no attributes, no subscripts, no loops, no definitions and no calls but
of the functions in ``FUNCTIONS``; nothing here can reach a module, a clock, a file or chance.

    ExpressionError
    ├── ExpressionRefused    the source is not in the language (found on loading)
    └── ExpressionFailed     a sound expression met data it cannot work with (found on evaluating)
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, MappingProxyType
from typing import Any

from RestrictedPython.compile import compile_restricted_eval

from bpmn.text import Text

LONGEST = 2_000
"""Characters a source may have. Longer ones are a program, which does not belong in a diagram."""

Functions = Mapping[str, Callable[..., object]]
FUNCTIONS: Functions = MappingProxyType(
    {"abs": abs, "all": all, "any": any, "bool": bool, "int": int, "len": len, "max": max, "min": min,
     "str": str, "sum": sum}
)  # fmt: skip

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp,
    ast.IfExp, ast.Call, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr, ast.FormattedValue,
    ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot,
)  # fmt: skip
_CONSTANTS = (str, int, float, bool, type(None))


class ExpressionError(Exception):
    """``source`` is the text of the expression, ``reason`` says what is wrong in both languages."""

    def __init__(self, source: str, reason: Text) -> None:
        super().__init__(f"{source!r}: {reason.en}")
        self.source = source
        self.reason = reason


class ExpressionRefused(ExpressionError):
    """The source is not in the language."""


class ExpressionFailed(ExpressionError):
    """The expression could not be evaluated on the data given: a name is missing or a type does not fit."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: immutable, shared between cases and threads.

    ``names`` are the variables it reads; ``functions`` what it calls.
    """

    source: str
    names: frozenset[str]
    functions: frozenset[str]
    constants: frozenset[str | int | float | bool | None]
    code: CodeType
    scope: dict[str, Any]

    def evaluate(self, variables: Mapping[str, object]) -> object:
        """The value on these variables. Raises ``ExpressionFailed`` for a missing name or a wrong type."""
        try:
            return eval(self.code, self.scope, variables)  # noqa: S307 - compiled restricted, see the module
        except NameError as fault:
            missing = sorted(self.names - variables.keys())
            raise ExpressionFailed(
                self.source, Text(f"缺少变量：{'、'.join(missing)}", f"missing: {', '.join(missing)}")
            ) from fault
        except Exception as fault:
            raise ExpressionFailed(
                self.source, Text(f"无法计算：{fault}", f"cannot be evaluated: {fault}")
            ) from fault


@dataclass(frozen=True, slots=True)
class Script:
    """Assignments of expressions to plain names, in order."""

    source: str
    assignments: tuple[tuple[str, Expression], ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables it needs from outside."""
        needed: set[str] = set()
        given: set[str] = set()
        for name, expression in self.assignments:
            needed |= expression.names - given
            given.add(name)
        return frozenset(needed)

    def run(self, variables: Mapping[str, object]) -> dict[str, object]:
        """What it assigns, as new values. ``variables`` stay untouched, also when it fails half-way."""
        scope = dict(variables)
        assigned: dict[str, object] = {}
        for name, expression in self.assignments:
            scope[name] = assigned[name] = expression.evaluate(scope)
        return assigned


def compile_expression(source: str, functions: Functions | None = None) -> Expression:
    """Compile ``source``, once per process; ``functions`` are lent to it beside ``FUNCTIONS``.

    Raises ``ExpressionRefused``.
    """
    if functions is None:
        return _compiled(source)
    return _build(source, _parse(source, "eval").body, functions)


def compile_script(source: str) -> Script:
    """Compile assignments (``name = expression``, ``name += expression``), one to a line or parted by ``;``,
    once per process.

    Raises ``ExpressionRefused`` for everything else.
    """
    return _compiled_script(source)


@lru_cache(maxsize=4096)
def _compiled_script(source: str) -> Script:
    assignments: list[tuple[str, Expression]] = []
    for statement in _parse(source, "exec").body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case ast.AugAssign(target=ast.Name(id=name), op=operator, value=right):
                value = ast.BinOp(ast.Name(name, ast.Load()), operator, right)
            case _:
                raise ExpressionRefused(
                    source,
                    Text("脚本只能给变量赋值", "a script may only assign expressions to variables"),
                )
        _check_name(source, name)
        if name in FUNCTIONS:
            raise ExpressionRefused(source, Text(f"“{name}”是函数名", f"{name} is the name of a function"))
        assignments.append((name, _build(source, value, {})))
    return Script(source, tuple(assignments))


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Expression:
    return _build(source, _parse(source, "eval").body, {})


def _parse(source: str, mode: str) -> Any:
    if len(source) > LONGEST:
        told = Text(f"超过{LONGEST}个字符", f"longer than {LONGEST} characters")
        raise ExpressionRefused(source[:80], told)
    try:
        return ast.parse(source.strip(), mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        told = Text(f"语法错误：{fault}", f"not a valid expression: {fault}")
        raise ExpressionRefused(source, told) from fault


def _build(source: str, body: ast.expr, extra: Functions) -> Expression:
    functions = {**FUNCTIONS, **extra}
    tree = ast.Expression(body)
    names: set[str] = set()
    called: set[str] = set()
    callees: set[int] = set()
    constants: set[str | int | float | bool | None] = set()
    try:
        for node in ast.walk(tree):
            _check(source, node, functions)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called.add(node.func.id)
                callees.add(id(node.func))
            elif isinstance(node, ast.Name) and id(node) not in callees:
                if node.id in functions:
                    raise ExpressionRefused(
                        source, Text(f"“{node.id}”是函数名", f"{node.id} is the name of a function")
                    )
                names.add(node.id)
            elif isinstance(node, ast.Constant):
                constants.add(node.value)  # type: ignore[arg-type]  # _check let only these types through
        compiled = compile_restricted_eval(ast.fix_missing_locations(tree), filename="<expression>")
    except RecursionError as fault:
        raise ExpressionRefused(source, Text("嵌套过深", "nested too deeply")) from fault
    if compiled.code is None:
        told = "; ".join(compiled.errors)
        raise ExpressionRefused(source, Text(f"不允许：{told}", f"not allowed: {told}"))
    return Expression(
        source=source,
        names=frozenset(names),
        functions=frozenset(called),
        constants=frozenset(constants),
        code=compiled.code,
        scope={"__builtins__": {}, **functions},
    )


def _check(source: str, node: ast.AST, functions: Functions) -> None:
    if not isinstance(node, _ALLOWED):
        kind = type(node).__name__
        raise ExpressionRefused(source, Text(f"不允许的写法：{kind}", f"{kind} is not allowed here"))
    match node:
        case ast.Name(id=name):
            _check_name(source, name)
        case ast.Constant(value=value) if type(value) not in _CONSTANTS:
            kind = type(value).__name__
            raise ExpressionRefused(
                source, Text(f"不允许的常量类型：{kind}", f"constants of type {kind} are not allowed")
            )
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in functions:
            if any(isinstance(arg, ast.Starred) for arg in args):
                raise ExpressionRefused(source, Text("参数不允许带星号", "starred arguments are not allowed"))
        case ast.Call():
            allowed = ", ".join(sorted(functions))
            raise ExpressionRefused(
                source, Text(f"只能调用这些函数：{allowed}", f"only these functions may be called: {allowed}")
            )
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            # "x" * 10**9 would fill the memory of the process.
            if any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (left, right)):
                raise ExpressionRefused(source, Text("文字不能相乘", "text cannot be multiplied"))
        case ast.FormattedValue(conversion=how, format_spec=spec) if how != -1 or spec is not None:
            raise ExpressionRefused(source, Text("不允许格式说明", "format specifications are not allowed"))
        case ast.Dict(keys=keys) if None in keys:
            raise ExpressionRefused(source, Text("不允许展开字典", "unpacking is not allowed"))
        case _:
            pass


def _check_name(source: str, name: str) -> None:
    if name.startswith("_"):
        raise ExpressionRefused(
            source, Text(f"变量名不能以下划线开头：{name}", f"names may not begin with an underscore: {name}")
        )
