"""What of a rule book decides which ways cases go: all that exploring the diagrams hangs on beside them.

It can be compared, so that a rule book with another tariff or another limit need not be explored again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bpmn.forms import Form
from bpmn.rulebook import Rulebook


class Variable(NamedTuple):
    """A row of bpmn/variables.toml."""

    origin: str
    type: str


class Opening(NamedTuple):
    """A row of bpmn/flows.toml: what is asked, and found out, before the flow starts."""

    form: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Steering:
    """Forms, variables and flows by their ids. ``blocking``: states in which no other step can be done.

    ``rows``: the same, to be compared.
    """

    rows: tuple[object, ...]
    forms: Mapping[str, Form] = field(compare=False)
    variables: Mapping[str, Variable] = field(compare=False)
    flows: Mapping[str, Opening] = field(compare=False)
    blocking: frozenset[str]


def steering_of(book: Rulebook) -> Steering:
    variables = {name: Variable(row.origin, row.type) for name, row in book.variables.items()}
    flows = {name: Opening(row.form, row.facts) for name, row in book.flows.items()}
    rows = tuple(tuple(each.items()) for each in (book.forms, variables, flows))
    blocking = frozenset(name for name, row in book.states.items() if row.blocks)
    return Steering(rows, book.forms, variables, flows, blocking)
