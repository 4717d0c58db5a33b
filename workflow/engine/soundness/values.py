"""What a case may know, seen from far: constants, finite choices, and “anything”.

A condition over finite choices is decided by choosing; a condition over anything is remembered as answered
(``?amount_fen > 100`` is true from here on) until one of its variables is set again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from workflow.engine.expressions import ExpressionError, compile_expression, compile_script

Constant = str | int | float | bool | None


@lru_cache(maxsize=4096)
def _tree(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


class Anything:
    """The value of a variable of which nothing is known. There is one: ``ANYTHING``."""

    def __repr__(self) -> str:
        return "anything"


ANYTHING: Final = Anything()
Value = Constant | frozenset[Constant] | Anything
Data = tuple[tuple[str, Value], ...]
"""Variables in the order of their names; hashable."""
World = dict[str, Value]
"""What one branch of a case knows. Beside variables: ``?condition`` how it was answered, ``!name`` which step
has set a variable since the branches parted, ``@name`` that a repetition has left something there.
"""
Names = frozenset[str]

MOST_CHOICES = 64
"""Combinations of finite choices that one comparison is tried on; with more it counts as unknown."""
FARTHEST = 20
"""Whole numbers that a script computes are followed up to here: a counter that nothing bounds must not
make the exploration endless."""
OTHER = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for every value that no diagram compares with."""
_TRUTHS = frozenset({True, False})


def frozen(values: Mapping[str, Value]) -> Data:
    return tuple(sorted(values.items(), key=itemgetter(0)))


def joined(values: Iterable[Value]) -> Value:
    """One value for several that may be the case."""
    found: set[Constant] = set()
    for value in values:
        if isinstance(value, Anything):
            return ANYTHING
        found |= value if isinstance(value, frozenset) else {value}
    return next(iter(found)) if len(found) == 1 else frozenset(found)


class Condition(NamedTuple):
    """A condition in pieces: ``how`` is and, or, not, if or atom; only atoms have a source of their own."""

    how: Literal["and", "or", "not", "if", "atom"]
    parts: tuple[Condition, ...]
    source: str = ""


@lru_cache(maxsize=4096)
def condition(source: str) -> Condition:
    """The pieces of a condition; one that cannot be read is an atom, and nothing is known of it."""
    try:
        return _pieces(ast.parse(source.strip(), mode="eval").body)
    except (SyntaxError, ValueError):
        return Condition("atom", (), source)


def _pieces(node: ast.expr) -> Condition:
    match node:
        case ast.BoolOp(op=operator, values=parts):
            how: Literal["and", "or"] = "or" if isinstance(operator, ast.Or) else "and"
            return Condition(how, tuple(_pieces(part) for part in parts))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return Condition("not", (_pieces(part),))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return Condition("if", (_pieces(test), _pieces(body), _pieces(orelse)))
    return Condition("atom", (), ast.unparse(node))


@lru_cache(maxsize=4096)
def atoms(source: str) -> tuple[str, ...]:
    """The comparisons a condition is made of by and, or, not."""
    return tuple(dict.fromkeys(_atoms(condition(source))))


def _atoms(piece: Condition) -> Iterator[str]:
    if piece.how == "atom":
        yield piece.source
    for part in piece.parts:
        yield from _atoms(part)


@lru_cache(maxsize=4096)
def names_of(source: str) -> Names:
    """The variables an expression reads; none if it is not in the language."""
    try:
        return compile_expression(source).names
    except ExpressionError:
        return frozenset()


@lru_cache(maxsize=4096)
def assignments(source: str) -> tuple[tuple[str, str], ...]:
    """(variable, expression) of a script, in order; none if it is not in the language."""
    try:
        compile_script(source)
    except ExpressionError:
        return ()
    found = []
    for statement in ast.parse(source.strip()).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.append((name, ast.unparse(value)))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.append((name, ast.unparse(value)))
            case ast.AugAssign(target=ast.Name(id=name), op=operator, value=right):
                sum_of_both = ast.BinOp(ast.Name(name, ast.Load()), operator, right)
                found.append((name, ast.unparse(sum_of_both)))
            case _:  # compile_script lets nothing else through
                raise AssertionError(ast.dump(statement))
    return tuple(found)


@dataclass(frozen=True)
class Domains:
    """The finite choices of variables: from forms, from the variable table, from how they are compared."""

    finite: Mapping[str, frozenset[Constant]]
    literals: frozenset[Constant]

    def of(self, name: str) -> Value:
        return self.finite.get(name, ANYTHING)

    # -- conditions ----------------------------------------------------------------------------------------

    def ways(self, source: str, data: Mapping[str, Value]) -> list[tuple[bool, World]]:
        """The answers a condition can have on ``data``, each with what is then known."""
        found: dict[tuple[bool, Data], World] = {}
        for truth, after in self._ways(condition(source), dict(data)):
            found.setdefault((truth, frozen(after)), after)
        return [(truth, after) for (truth, _), after in found.items()]

    def _ways(self, piece: Condition, data: World) -> Iterator[tuple[bool, World]]:
        if piece.how == "atom":
            yield from self._atom(piece.source, data)
        elif piece.how == "not":
            for truth, after in self._ways(piece.parts[0], data):
                yield not truth, after
        elif piece.how == "if":
            test, body, orelse = piece.parts
            for truth, after in self._ways(test, data):
                yield from self._ways(body if truth else orelse, after)
        else:
            decided = piece.how == "or"
            open_ones = [data]
            for part in piece.parts:
                going_on = []
                for one in open_ones:
                    for truth, after in self._ways(part, one):
                        if truth is decided:
                            yield truth, after
                        else:
                            going_on.append(after)
                open_ones = going_on
            for one in open_ones:
                yield not decided, one

    def _atom(self, source: str, data: World) -> Iterator[tuple[bool, World]]:
        results = self._computed(source, data)
        if results is not None:
            for value, after in results:
                yield bool(value), after
            return
        known = data.get(f"?{source}")
        for truth in _TRUTHS if known is None else (bool(known),):
            yield truth, {**data, f"?{source}": truth}

    def _computed(self, source: str, data: World) -> list[tuple[object, World]] | None:
        """The expression on every combination of the finite choices it reads; None if some are unknown."""
        try:
            expression = compile_expression(source)
        except ExpressionError:
            return None
        names = sorted(expression.names)
        choices: list[list[Constant]] = []
        size = 1
        for name in names:
            value = data.get(name, self.of(name))
            if isinstance(value, Anything):
                value = self.of(name)
            if isinstance(value, Anything):
                return None
            each = sorted(value, key=repr) if isinstance(value, frozenset) else [value]
            choices.append(each)
            size *= len(each)
        if size > MOST_CHOICES:
            return None
        found = []
        for chosen in product(*choices):
            picked = dict(zip(names, chosen, strict=True))
            try:
                found.append((expression.evaluate(picked), {**data, **picked}))
            except ExpressionError:
                return None
        return found

    # -- scripts -------------------------------------------------------------------------------------------

    def run(self, source: str, data: Mapping[str, Value], relevant: Names) -> list[World]:
        """What may be known after a script; only ``relevant`` variables are followed."""
        worlds = [dict(data)]
        for name, expression in assignments(source):
            if name not in relevant:
                worlds = [forget(world, {name}) for world in worlds]
                continue
            after: dict[Data, World] = {}
            for world in worlds:
                for value, known in self._values(name, expression, world):
                    known = forget(known, {name})
                    known[name] = value
                    after.setdefault(frozen(known), known)
            worlds = list(after.values())
        return worlds

    def _values(self, name: str, source: str, data: World) -> Iterator[tuple[Value, World]]:
        match _tree(source):
            case ast.Name(id=other):
                yield data.get(other, self.of(other)), data
            case ast.IfExp(test=test, body=body, orelse=orelse):
                for truth, after in self.ways(ast.unparse(test), data):
                    yield from self._values(name, ast.unparse(body if truth else orelse), after)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                yield from self.ways(source, data)
            case _:
                results = self._computed(source, data)
                if results is None:
                    yield self.of(name), data
                    return
                for value, after in results:
                    yield self._followed(value), after

    def _followed(self, value: object) -> Value:
        if isinstance(value, bool) or value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and (abs(value) <= FARTHEST or value in self.literals):
            return value
        return ANYTHING


def forget(data: Mapping[str, Value], names: Iterable[str], *, answers_only: bool = False) -> World:
    """Without some variables, and without the answers to conditions that read them; or only without those."""
    gone = frozenset(names)
    return {key: value for key, value in data.items() if not _depends(key, gone, answers_only)}


def _depends(key: str, gone: Names, answers_only: bool = False) -> bool:
    if key.startswith("?"):
        return bool(names_of(key[1:]) & gone)
    return not answers_only and key.lstrip("@") in gone


def without(names: Names, killed: Names) -> Names:
    """Names less those set anew, and less the remembered answers that depend on these."""
    return frozenset(name for name in names if not _depends(name, killed))
