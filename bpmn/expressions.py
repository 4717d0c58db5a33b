"""The grammar of conditions in forms: which words a condition may use.

Nothing is evaluated here. The engine has the compiler; this reading only makes sure, when the
data files are loaded, that a condition is one and that every name in it exists.
"""

import ast

FUNCTIONS = frozenset({"min", "max", "len"})

_ALLOWED = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.FloorDiv,
    ast.Mod,
    ast.Compare,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.In,
    ast.NotIn,
    ast.Is,
    ast.IsNot,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.Tuple,
    ast.List,
    ast.Call,
)


def names_in(source: str) -> frozenset[str]:
    """The names a condition reads. Raises ValueError, in words, when it is not a condition."""
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"not an expression: {source!r}") from error
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = set()
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ValueError(f"{type(node).__name__} is not allowed in {source!r}")
        if isinstance(node, ast.Call) and not _is_plain_call(node):
            raise ValueError(f"only {', '.join(sorted(FUNCTIONS))} may be called in {source!r}")
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | None):
            raise ValueError(f"constant {node.value!r} is not allowed in {source!r}")
        if isinstance(node, ast.Name) and id(node) not in called:
            if node.id.startswith("_") or node.id in FUNCTIONS:
                raise ValueError(f"{node.id!r} is not the name of an answer in {source!r}")
            names.add(node.id)
    return frozenset(names)


def _is_plain_call(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
