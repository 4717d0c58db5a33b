"""One form definition, shown as a page: fields, hints, units, choices, what was typed, what is wrong.

Fields whose condition cannot be decided yet are shown all the same (marked as "only if it applies"),
so that the page is right without JavaScript; with it, they come and go while one answers.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from bpmn import Choice, Field, Form
from bpmn.text import Text
from web import conditions
from workflow.errors import FieldFault
from workflow.forms import tell

Raw = Mapping[str, str | list[str]]
NUMBERS = {"integer", "money"}
YES_NO = (Choice("yes", Text("是", "Yes")), Choice("no", Text("否", "No")))
AUTOCOMPLETE = "off"  # these answers are about somebody else than the one who types


@dataclass(frozen=True, slots=True)
class ChoiceView:
    id: str
    label: Text
    checked: bool
    condition: str | None


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field ready for the template. `condition` is JSON for the page, None when it always applies."""

    id: str
    kind: str
    label: Text
    hint: Text | None
    unit: Text | None
    required: bool
    value: str
    choices: tuple[ChoiceView, ...]
    faults: tuple[Text, ...]
    condition: str | None
    maybe: bool
    limit: int | None

    @property
    def bad(self) -> bool:
        return bool(self.faults)

    @property
    def described_by(self) -> str:
        parts = [f"{self.id}-hint"] if self.hint else []
        return " ".join(parts + ([f"{self.id}-error"] if self.faults else []))

    @property
    def numeric(self) -> bool:
        return self.kind in NUMBERS

    @property
    def inputmode(self) -> str | None:
        return {"integer": "numeric", "money": "decimal", "phone": "tel", "account": "numeric"}.get(self.kind)


@dataclass(frozen=True, slots=True)
class FormView:
    id: str
    title: Text
    intro: Text | None
    submit: Text
    fields: tuple[FieldView, ...]
    faults: tuple[FieldFault, ...]
    variables: str


def raw_answers(form: Form, sent: MultiDict[str, str]) -> dict[str, str | list[str]]:
    """What was typed, as it was typed, for the fields of this form only."""
    raw: dict[str, str | list[str]] = {}
    for field in form.fields:
        if field.type == "choices":
            raw[field.id] = sent.getlist(field.id)
        elif field.id in sent:
            raw[field.id] = sent[field.id]
    return raw


def show(
    form: Form,
    raw: Raw | None = None,
    variables: Mapping[str, Any] | None = None,
    *,
    faults: Sequence[FieldFault] = (),
) -> FormView:
    """The form with what was typed. `variables` are the case's decision variables, never personal."""
    raw, variables = raw or {}, variables or {}
    known = {**variables, **_told(form, raw)}
    own = {field.name for field in form.fields}
    asked, used = set(own), set[str]()
    fields = []
    for field in form.fields:
        condition, state = _condition(field.when, known, used)
        if state is False and not _depends(condition, asked):
            asked.discard(field.name)  # nothing that is answered here can bring it back
            continue
        fields.append(_field(field, raw, faults, condition, state, known, used, own, asked))
    told = {name: variables[name] for name in sorted(used - own) if name in variables}
    ids = {field.id for field in fields}
    order = {field.id: place for place, field in enumerate(fields)}
    shown = sorted(faults, key=lambda fault: order.get(fault.field, -1))
    return FormView(
        form.id, form.title, form.intro, form.submit, tuple(fields),
        tuple(fault if fault.field in ids else FieldFault("form-top", fault.message) for fault in shown),
        _json(told),
    )  # fmt: skip


def _field(
    field: Field,
    raw: Raw,
    faults: Iterable[FieldFault],
    condition: conditions.Tree | None,
    state: bool | None,
    known: Mapping[str, object],
    used: set[str],
    own: Set[str],
    asked: Set[str],
) -> FieldView:
    typed = raw.get(field.id, "")
    chosen = set(typed) if isinstance(typed, list) else {typed}
    choices = []
    for choice in YES_NO if field.type == "yesno" else field.choices:
        rule, offered = _condition(choice.when, known, used)
        # What is not asked never gets an answer: then the check will not offer the choice either.
        closed = offered is False or (offered is None and _depends(rule, own))
        if closed and not _depends(rule, asked):
            continue
        choices.append(
            ChoiceView(choice.id, choice.label, choice.id in chosen, _told_to_page(rule, asked, known))
        )
    limit = field.max if field.type in {"text", "longtext"} and isinstance(field.max, int) else None
    return FieldView(
        id=field.id,
        kind=field.type,
        label=field.label,
        hint=field.hint and tell(field.hint, known),
        unit=field.unit or (Text("元", "yuan") if field.type == "money" else None),
        required=field.required,
        value=typed if isinstance(typed, str) else "",
        choices=tuple(choices),
        faults=tuple(fault.message for fault in faults if fault.field == field.id),
        condition=_told_to_page(condition, asked, known),
        maybe=state is not True and field.when is not None,
        limit=limit,
    )


def _condition(
    source: str | None, known: Mapping[str, object], used: set[str]
) -> tuple[conditions.Tree | None, bool | None]:
    """(the condition for the page, whether it holds now: None when that is open)."""
    if not source:
        return None, True
    try:
        rule = conditions.tree(source)
    except conditions.Untold:
        return None, None
    used |= conditions.names(rule)
    try:
        return rule, conditions.decide(rule, known)
    except conditions.Undecided:
        return rule, None


def _depends(rule: conditions.Tree | None, asked: Set[str]) -> bool:
    """Whether an answer to what this very form asks can change the condition."""
    return rule is not None and bool(conditions.names(rule) & asked)


def _told_to_page(rule: conditions.Tree | None, asked: Set[str], known: Mapping[str, object]) -> str | None:
    """The condition as JSON, if answers of this form move it and nothing else is missing to decide it."""
    if rule is None or not _depends(rule, asked):
        return None
    return _json(rule) if conditions.names(rule) <= asked | known.keys() else None


def _told(form: Form, raw: Raw) -> dict[str, object]:
    """Answers in the types the conditions compare; what cannot be read is left out."""
    known: dict[str, object] = {}
    for field in form.fields:
        value = raw.get(field.id)
        if value in (None, "", []):
            continue
        read = _READ.get(field.type, _as_typed)
        try:
            known[field.name] = read(value)
        except (ValueError, InvalidOperation, TypeError):
            continue
    return known


def _as_typed(value: Any) -> object:
    return value


def _fen(value: Any) -> int:
    return int(Decimal(str(value).replace(",", "").replace("，", "")) * 100)


_READ: Mapping[str, Callable[[Any], object]] = {
    "integer": lambda value: int(str(value)),
    "money": _fen,
    "yesno": lambda value: {"yes": True, "no": False}.get(str(value)),
    "choices": list,
}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer_text(field: Field, value: object, language: str) -> str | Markup:
    """A typed answer in words, for the printed form and for comparisons."""
    from web.language import figure, iso

    if value is None or value == "":
        return ""
    labels = {choice.id: choice.label(language) for choice in field.choices}
    match field.type, value:
        case "yesno", bool(flag):
            return YES_NO[0 if flag else 1].label(language)
        case "yesno", str(typed):
            return {choice.id: choice.label(language) for choice in YES_NO}.get(typed, typed)
        case "choices", list() | tuple():
            comma = "、" if language == "zh" else ", "
            return comma.join(labels.get(str(item), str(item)) for item in value)
        case "choice", _:
            return labels.get(str(value), str(value))
        case "money", Decimal():
            return figure(value)
        case "date", date():
            return iso(value)
    return str(value)
