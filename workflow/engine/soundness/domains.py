"""Which values variables may take: from forms, from the variable table, from decision tables, from use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from bpmn.expressions import names_in
from bpmn.forms import Field, Form
from workflow.engine.lint_drawing import Drawing, Node
from workflow.engine.lint_field import FACTS, STEPS, scripts_of
from workflow.engine.soundness.values import (
    ANYTHING,
    OTHER,
    Constant,
    Domains,
    Names,
    Value,
    assignments,
    atoms,
    joined,
)
from workflow.engine.steering import Steering
from workflow.engine.xml import local

Decisions = Mapping[str, Mapping[str, Value]]
"""Decision id → what its outputs may be."""
_TRUTHS: frozenset[Constant] = frozenset({True, False})


@dataclass(frozen=True)
class Answers:
    """What may be answered at a step: each variable with its values and the condition for each of them.

    ``always``: variables that are certainly answered; ``reads``: variables the conditions look at.
    """

    values: Mapping[str, Sequence[tuple[Value, str | None]]]
    always: Names
    reads: Names


def answers_of(
    node: Node, book: Steering | None, relevant: Names, domains: Domains, free: Names
) -> Answers | None:
    """The form of a step and the facts looked up with it; None where nothing is asked.

    Without a rule book, each of the ``free`` variables may be answered at any step.
    """
    if node.tag not in STEPS:
        return None
    if book is None:
        asked = {name: [(domains.of(name), None)] for name in free}
        return Answers(asked, frozenset(), frozenset())
    values: dict[str, list[tuple[Value, str | None]]] = {}
    always: set[str] = set()
    reads: set[str] = set()
    form = book.forms.get(node.properties.get("form", ""))
    own = {field.name for field in form.fields} if form else set()
    for field in form.fields if form else ():
        if not field.variable or field.name not in relevant:
            continue
        values[field.name] = _offered(field)
        if field.required and field.when is None:
            always.add(field.name)
        for when in (field.when, *(choice.when for choice in field.choices)):
            reads |= names_in(when) - own if when else frozenset()
    for fact in node.words("facts"):
        for name in FACTS.get(fact, frozenset()) & relevant:
            values[name] = [(domains.of(name), None)]
            always.add(name)
    return Answers(values, frozenset(always), frozenset(reads))


def _offered(field: Field) -> list[tuple[Value, str | None]]:
    if field.type == "choice":
        return [(choice.id, choice.when) for choice in field.choices]
    if field.type == "yesno":
        return [(True, None), (False, None)]
    return [(ANYTHING, None)]


def domains_of(drawings: Sequence[Drawing], book: Steering | None, relevant: Names) -> Domains:
    """The finite choices of all relevant variables, and every constant the diagrams name."""
    finite: dict[str, set[Constant]] = {}
    offers = [when for form in book.forms.values() for when in _whens(form)] if book else []
    used, compared, literals = _use(drawings, offers)
    if book is not None:
        for form in book.forms.values():
            for field in form.fields:
                if field.variable and field.type in ("choice", "yesno"):
                    each = _TRUTHS if field.type == "yesno" else {choice.id for choice in field.choices}
                    finite.setdefault(field.name, set()).update(each)
        for name, row in book.variables.items():
            if row.type == "yesno":
                finite.setdefault(name, set()).update(_TRUTHS)
    for name in relevant - finite.keys():
        if used.get(name, 0) == len(compared.get(name, ())):
            finite[name] = set().union(*compared[name]) if name in compared else {OTHER}
    for name, constants in _given(drawings).items():
        if name in finite:
            finite[name] |= constants
    return Domains({name: frozenset(values) for name, values in finite.items() if name in relevant}, literals)


def _whens(form: Form) -> Iterable[str]:
    for field in form.fields:
        yield from (when for when in (field.when, *(choice.when for choice in field.choices)) if when)


def _given(drawings: Iterable[Drawing]) -> dict[str, set[Constant]]:
    """Constants that scripts give to variables."""
    found: dict[str, set[Constant]] = {}
    for drawing in drawings:
        for node in drawing.nodes.values():
            for source in scripts_of(node):
                for name, expression in assignments(source):
                    value = ast.parse(expression, mode="eval").body
                    if isinstance(value, ast.Constant) and isinstance(value.value, str | int | None):
                        found.setdefault(name, set()).add(value.value)
    return found


def _use(
    drawings: Sequence[Drawing], offers: Iterable[str]
) -> tuple[dict[str, int], dict[str, list[set[Constant]]], frozenset[Constant]]:
    """How often each variable is read, with which constants it is compared, and all constants."""
    used: dict[str, int] = {}
    compared: dict[str, list[set[Constant]]] = {}
    literals: set[Constant] = set()
    sources = [flow.condition for drawing in drawings for flow in drawing.flows if flow.condition]
    conditions = [atom for source in (*sources, *offers) for atom in atoms(source)]
    computed = [
        expression
        for drawing in drawings
        for node in drawing.nodes.values()
        for source in scripts_of(node)
        for _, expression in assignments(source)
    ]
    for expression in (*conditions, *computed):
        tree = ast.parse(expression, mode="eval").body
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                used[node.id] = used.get(node.id, 0) + 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str | int | None):
                literals.add(node.value)
        name, constants = _comparison(tree)
        copied = isinstance(tree, ast.Name) and expression in computed and expression not in conditions
        if name is not None and not copied:
            compared.setdefault(name, []).append(constants)
    return used, compared, frozenset(literals)


def _comparison(tree: ast.expr) -> tuple[str | None, set[Constant]]:
    """The variable that an expression compares with constants only, and the values worth trying."""
    match tree:
        case ast.Name(id=name):
            return name, set(_TRUTHS)
        case ast.Compare(
            left=ast.Name(id=name),
            ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot()],
            comparators=[ast.Constant(value=value)],
        ) if isinstance(value, str | int | float | None):
            return name, {OTHER, value}
        case ast.Compare(
            left=ast.Name(id=name),
            ops=[ast.In() | ast.NotIn()],
            comparators=[ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts)],
        ):
            values = [part.value for part in parts if isinstance(part, ast.Constant)]
            if len(values) == len(parts):
                return name, {OTHER, *(v for v in values if isinstance(v, str | int | float | None))}
    return None, set()


def decisions_of(tables: Iterable[bytes]) -> dict[str, dict[str, Value]]:
    """What the outputs of decision tables may be: the texts of their cells, or anything."""
    found: dict[str, dict[str, Value]] = {}
    for content in tables:
        try:
            root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            continue  # reported where tables are read
        for decision in root.iter():
            if local(decision) == "decision":
                found[decision.get("id", "")] = dict(_outputs(decision))
    return found


def _outputs(decision: etree._Element) -> Iterable[tuple[str, Value]]:
    tables = [one for one in decision.iter() if local(one) == "decisionTable"]
    for table in tables:
        names = [one.get("name", "") for one in table if local(one) == "output"]
        rows = [
            [
                "".join(str(text) for text in cell.itertext()).strip()
                for cell in rule
                if local(cell) == "outputEntry"
            ]
            for rule in table
            if local(rule) == "rule"
        ]
        for place, name in enumerate(names):
            cells = {_constant(row[place]) for row in rows if place < len(row)}
            single = table.get("hitPolicy", "UNIQUE") == "UNIQUE"
            yield name, joined(cells) if single and cells else ANYTHING


def _constant(cell: str) -> Value:
    try:
        value = ast.literal_eval(cell)
    except (SyntaxError, ValueError):
        return ANYTHING
    return value if isinstance(value, str | int | float) else ANYTHING
