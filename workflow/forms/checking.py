"""A form filled in: which questions it asks now, and what the answers are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from bpmn import Field, Form, Rule, Text
from workflow.errors import AnswersRefused, FieldFault
from workflow.forms.conditions import holds, names_of
from workflow.forms.values import (
    NotAnAnswer,
    Value,
    as_condition,
    as_sealed,
    as_shown,
    is_empty,
    read_value,
    tell,
)

Raw = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a form was answered with.

    `values`: typed, of every answered question: Decimal yuan, date, bool, int, str, tuple of ids.
    `variables`: for the engine and, in clear, the log; money as whole fen under `<id>_fen`. A
    variable that the form may ask but did not ask this time is None if the case still holds an
    older answer. `sealed`: everything else, as JSON values, for the vault.
    """

    values: Mapping[str, Value]
    variables: dict[str, object]
    sealed: dict[str, object]


class _Reading:
    """One pass over a form: questions in order, each shown or not by the answers before it."""

    def __init__(self, form: Form, raw: Raw, variables: Mapping[str, object], today: date | None) -> None:
        self.form, self.raw, self.today = form, raw, today
        self.scope: dict[str, object] = {**variables, **{field.name: None for field in form.fields}}
        self.shown: dict[str, Field] = {}
        self.values: dict[str, Value] = {}
        self.faults: dict[str, Text] = {}
        for field in form.fields:
            if field.when is None or holds(field.when, self.scope):
                self.shown[field.id] = self._offered(field)
                self._answer(self.shown[field.id])

    def _offered(self, field: Field) -> Field:
        """The field with the choices that can be chosen now."""
        if all(choice.when is None for choice in field.choices):
            return field
        offered = tuple(
            choice for choice in field.choices if choice.when is None or holds(choice.when, self.scope)
        )
        return replace(field, choices=offered)

    def _answer(self, field: Field) -> None:
        raw = self.raw.get(field.id)
        if raw is None or is_empty(raw):
            if field.required:
                self.faults[field.id] = _not_answered(field)
            return
        try:
            value = read_value(
                field if self.today else replace(field, min=None, max=None), raw, self.today or date.min
            )
        except NotAnAnswer as fault:
            self.faults[field.id] = fault.message
            return
        self.values[field.id] = value
        self.scope[field.name] = as_condition(value)

    def keep_rules(self) -> None:
        """Add the faults across fields; a rule over an answer that is refused or not asked waits."""
        refused = {self.form.field(field_id).name for field_id in self.faults}
        for rule in self.form.rules:
            if any(field_id not in self.shown for field_id in rule.fields) or names_of(rule.check) & refused:
                continue
            if holds(rule.check, self.scope) is False:
                message = self._message(rule)
                for field_id in rule.fields:
                    self.faults.setdefault(field_id, message)

    def _message(self, rule: Rule) -> Text:
        answers = {field.id: as_shown(self.values.get(field.id)) for field in self.form.fields}
        return tell(rule.message, {**self.scope, **answers})


def visible(form: Form, raw: Raw, variables: Mapping[str, object]) -> list[Field]:
    """The questions to show now, each with the choices that can be chosen now.

    `raw` may be empty or half filled in; what cannot be read counts as not answered.
    """
    return list(_Reading(form, raw, variables, None).shown.values())


def check(form: Form, raw: Raw, variables: Mapping[str, object], *, today: date) -> Answers:
    """The answers, checked against the form and the case's variables.

    Answers to questions that are not asked now are left out. `today` is the local day.

    Raises:
        AnswersRefused: one fault per field, in the order of the form.
    """
    reading = _Reading(form, raw, variables, today)
    reading.keep_rules()
    if reading.faults:
        order = [field.id for field in form.fields]
        faults = sorted(reading.faults.items(), key=lambda item: order.index(item[0]))
        raise AnswersRefused([FieldFault(field_id, message) for field_id, message in faults])
    engine: dict[str, object] = {}
    sealed: dict[str, object] = {}
    for field in form.fields:
        value = reading.values.get(field.id)
        if field.variable and (value is not None or variables.get(field.name) is not None):
            engine[field.name] = as_condition(value)
        elif not field.variable and value is not None:
            sealed[field.id] = as_sealed(value)
    return Answers(values=reading.values, variables=engine, sealed=sealed)


def _not_answered(field: Field) -> Text:
    label = field.label
    if field.type in {"choice", "choices", "yesno"}:
        return Text(
            f"“{label.zh}”没有选，选好再提交", f"“{label.en}” is not chosen; choose before submitting"
        )
    return Text(f"“{label.zh}”没有填，填好再提交", f"“{label.en}” is empty; fill it in before submitting")
