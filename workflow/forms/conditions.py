"""Conditions of forms, evaluated by the engine's restricted expressions."""

from collections.abc import Iterator, Mapping

from bpmn import Fault, Form, Rulebook, RulebookError
from workflow.engine.expressions import ExpressionFailed, ExpressionRefused, compile_expression


def holds(source: str, scope: Mapping[str, object]) -> bool | None:
    """Whether a condition holds; None when it asks for something that is not answered yet.

    Raises:
        ExpressionFailed: it cannot be worked out although everything is answered.
    """
    expression = compile_expression(source)
    known = {name: scope.get(name) for name in expression.names}
    try:
        return bool(expression.evaluate(known))
    except ExpressionFailed:
        if any(value is None for value in known.values()):
            return None
        raise


def names_of(source: str) -> frozenset[str]:
    return compile_expression(source).names


def require_sound(rulebook: Rulebook) -> None:
    """Compile every condition of every form, so that none fails for the first time on a case.

    Raises:
        RulebookError: with every condition that the engine's language refuses.
    """
    faults = []
    for form in rulebook.forms.values():
        for element, source in _conditions(form):
            try:
                compile_expression(source)
            except ExpressionRefused as refused:
                faults.append(Fault(f"forms/{form.id}.toml", element, refused.reason))
    if faults:
        raise RulebookError(faults)


def _conditions(form: Form) -> Iterator[tuple[str, str]]:
    for field in form.fields:
        if field.when:
            yield f"{field.id}.when", field.when
        for choice in field.choices:
            if choice.when:
                yield f"{field.id}.{choice.id}.when", choice.when
    for number, rule in enumerate(form.rules, start=1):
        yield f"rules[{number}].check", rule.check
