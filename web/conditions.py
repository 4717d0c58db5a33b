"""Conditions of a form (`when`), made ready for the page.

The server decides what counts; the page only hides what does not apply. So a condition that cannot
be told to the page is simply not told, and the field stays in sight.
"""

import ast
from collections.abc import Mapping
from typing import Any

Tree = list[Any]
_COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_MATHS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


class Untold(ValueError):
    """This condition uses something the page cannot work out."""


class Undecided(ValueError):
    """An answer the condition needs is not there yet."""


def tree(source: str) -> Tree:
    """The condition as nested lists: ["==", ["name", "decision"], ["value", "refuse"]].

    Raises:
        Untold: it uses more than names, constants, comparisons, and/or/not, + - *.
    """
    try:
        return _node(ast.parse(source, mode="eval").body)
    except SyntaxError as error:
        raise Untold(str(error)) from error


def _node(node: ast.AST) -> Tree:
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, str | int | bool):
            return ["value", value]
        case ast.Name(id=name):
            return ["name", name]
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return ["list", *[_node(item) for item in items]]
        case ast.BoolOp(op=op, values=values):
            return ["and" if isinstance(op, ast.And) else "or", *[_node(value) for value in values]]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ["not", _node(operand)]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ["-", ["value", 0], _node(operand)]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _MATHS:
            return [_MATHS[type(op)], _node(left), _node(right)]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARE for op in ops):
            sides = [left, *others]
            parts = [[_COMPARE[type(op)], _node(sides[i]), _node(sides[i + 1])] for i, op in enumerate(ops)]
            return parts[0] if len(parts) == 1 else ["and", *parts]
    raise Untold(ast.unparse(node) if isinstance(node, ast.expr) else str(node))


def names(condition: Tree) -> set[str]:
    if condition[0] == "name":
        return {condition[1]}
    return set().union(*(names(part) for part in condition[1:] if isinstance(part, list)))


def decide(condition: Tree, values: Mapping[str, object]) -> bool:
    """Whether it holds with these answers.

    Raises:
        Undecided: an answer it needs is missing.
    """
    return bool(_value(condition, values))


def _value(condition: Tree, values: Mapping[str, object]) -> Any:
    kind, *parts = condition
    if kind == "value":
        return parts[0]
    if kind == "name":
        if values.get(parts[0]) is None:
            raise Undecided(parts[0])
        return values[parts[0]]
    if kind in {"and", "or"}:
        return _joined(kind, parts, values)
    if kind == "not":
        return not _value(parts[0], values)
    if kind == "list":
        return [_value(part, values) for part in parts]
    return _compared(kind, _value(parts[0], values), _value(parts[1], values))


def _joined(kind: str, parts: list[Tree], values: Mapping[str, object]) -> bool:
    """and/or that can be decided although one side is not: false and ?, true or ?."""
    settles = kind == "or"
    missing: Undecided | None = None
    for part in parts:
        try:
            if bool(_value(part, values)) is settles:
                return settles
        except Undecided as error:
            missing = error
    if missing is not None:
        raise missing
    return not settles


def _compared(kind: str, left: Any, right: Any) -> Any:
    try:
        match kind:
            case "==":
                return left == right
            case "!=":
                return left != right
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case ">=":
                return left >= right
            case "in":
                return left in right
            case "not in":
                return left not in right
            case "+":
                return left + right
            case "-":
                return left - right
            case _:
                return left * right
    except TypeError as error:
        raise Undecided(kind) from error
