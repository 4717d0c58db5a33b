"""Forms: what a user task asks. One definition gives the page, the checks and the printed form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bpmn.expressions import names_in
from bpmn.reader import SNAKE_CASE, Section, placeholders
from bpmn.text import Text

TYPES = frozenset(
    {
        "text",
        "longtext",
        "integer",
        "money",
        "date",
        "choice",
        "choices",
        "yesno",
        "idnumber",
        "name",
        "phone",
        "account",
    }
)
VARIABLE_TYPES = frozenset({"choice", "choices", "yesno", "integer", "money"})
"""Only these may go to the engine and, in clear, into the log: nothing that names a person."""

_BOUNDED = {"integer": "whole", "text": "whole", "longtext": "whole", "money": "money", "date": "date"}
_DATE_BOUND = re.compile(r"today|[+-]\d{1,5}d|\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Choice:
    """One answer to choose. With `when`, it is offered only while that condition holds."""

    id: str
    label: Text
    when: str | None = None


@dataclass(frozen=True)
class Field:
    """One question of a form. `hint` may name case variables in `{braces}`.

    `min`/`max`: int for integer and for the length of texts; yuan as text ("0.01") or int for
    money; "today", "-30d", "+10d" or an ISO day for dates.
    """

    id: str
    type: str
    label: Text
    hint: Text | None = None
    unit: Text | None = None
    required: bool = True
    variable: bool = False
    when: str | None = None
    min: int | str | None = None
    max: int | str | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def name(self) -> str:
        """How conditions and the engine call the answer: money is whole fen under `<id>_fen`."""
        return f"{self.id}_fen" if self.type == "money" else self.id


@dataclass(frozen=True)
class Rule:
    """A condition across fields; `message`, shown beside `fields`, may name fields and case variables."""

    check: str
    fields: tuple[str, ...]
    message: Text


@dataclass(frozen=True)
class Form:
    """The questions of one step, in the order in which they are asked."""

    id: str
    title: Text
    source: str
    submit: Text
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()
    intro: Text | None = None

    def field(self, field_id: str) -> Field:
        """The field of that id; KeyError when the form does not ask it."""
        for field in self.fields:
            if field.id == field_id:
                return field
        raise KeyError(field_id)

    @property
    def variables(self) -> frozenset[str]:
        """Names of the engine variables this form provides."""
        return frozenset(field.name for field in self.fields if field.variable)


def read_form(section: Section, lists: Mapping[str, tuple[Choice, ...]]) -> Form:
    """Read one form file. `lists` are the lists that `choices_from` may name."""
    form_id = section.string("id")
    stem = section.file.rsplit("/", 1)[-1].removesuffix(".toml")
    if form_id and form_id != stem:
        section.fault(f"id应为文件名“{stem}”", f"the id should be the file name, {stem!r}", "id")
    head = (section.text("title"), section.string("source"), section.text("submit"))
    intro = section.maybe_text("intro")
    fields = tuple(_read_field(part, lists) for part in section.sections("fields"))
    seen: set[str] = set()
    for field in fields:
        if field.id in seen:
            section.fault(f"字段“{field.id}”重复", f"field {field.id!r} stands twice", field.id)
        seen.add(field.id)
    if not fields:
        section.fault("表单没有字段", "the form asks nothing", "fields")
    rules = tuple(_read_rule(part, fields) for part in section.sections("rules"))
    section.close()
    return Form(form_id, *head, fields=fields, rules=rules, intro=intro)


def _read_field(section: Section, lists: Mapping[str, tuple[Choice, ...]]) -> Field:
    field_id, kind = section.string("id"), section.string("type")
    if field_id and not SNAKE_CASE.match(field_id):
        section.fault("id只用小写字母、数字和下划线", "an id is snake_case", "id")
    if kind and kind not in TYPES:
        section.fault(f"没有“{kind}”这种类型", f"there is no type {kind!r}", "type")
    variable = section.flag("variable", False)
    if variable and kind in TYPES and kind not in VARIABLE_TYPES:
        section.fault(
            f"{kind}类型不能是流程变量，会把个人信息明文写进日志",
            f"a {kind} may not be a variable: it would stand in clear in the log",
            "variable",
        )
    field = Field(
        id=field_id,
        type=kind,
        label=section.text("label"),
        hint=section.maybe_text("hint"),
        unit=section.maybe_text("unit"),
        required=section.flag("required", True),
        variable=variable,
        when=section.maybe_string("when"),
        min=section.bound("min"),
        max=section.bound("max"),
        choices=_read_choices(section, kind, lists),
    )
    _check_bounds(section, field)
    section.close()
    return field


def _read_choices(section: Section, kind: str, lists: Mapping[str, tuple[Choice, ...]]) -> tuple[Choice, ...]:
    listed = section.sections("choices")
    source = section.maybe_string("choices_from")
    if kind not in {"choice", "choices"}:
        if listed or source:
            section.fault(f"{kind}类型没有选项", f"a {kind} has no choices", "choices")
        return ()
    if source is not None:
        if listed:
            section.fault(
                "choices与choices_from只能有一个", "give choices or choices_from, not both", "choices"
            )
        if source not in lists:
            section.fault(f"没有列表“{source}”", f"there is no list {source!r}", "choices_from")
        return lists.get(source, ())
    if not listed:
        section.fault("没有选项", "there are no choices", "choices")
    choices = []
    for part in listed:
        part.element = f"{section.element}.{part.element}"
        choices.append(Choice(part.string("id"), part.text("label"), part.maybe_string("when")))
        part.close()
    ids = [choice.id for choice in choices]
    for double in sorted({name for name in ids if ids.count(name) > 1}):
        section.fault(f"选项“{double}”重复", f"choice {double!r} stands twice", "choices")
    return tuple(choices)


def _check_bounds(section: Section, field: Field) -> None:
    kind = _BOUNDED.get(field.type)
    ends: list[Decimal | None] = []
    for key, bound in (("min", field.min), ("max", field.max)):
        value = None
        if bound is None:
            ends.append(None)
            continue
        if kind is None:
            section.fault(f"{field.type}类型没有上下限", f"a {field.type} has no bounds", key)
        elif kind == "date":
            if not (isinstance(bound, str) and _DATE_BOUND.fullmatch(bound)):
                section.fault("应为today、-30d或日期", "should be today, -30d or a day", key)
        elif kind == "whole" and not isinstance(bound, int):
            section.fault("应为整数", "should be a whole number", key)
        else:
            try:
                value = Decimal(bound)
            except InvalidOperation:
                section.fault("应为金额", "should be an amount", key)
        ends.append(value)
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        section.fault(
            f"下限{field.min}大于上限{field.max}", f"min {field.min} is above max {field.max}", "min"
        )


def _read_rule(section: Section, fields: Iterable[Field]) -> Rule:
    rule = Rule(section.string("check"), section.strings("fields"), section.text("message"))
    ids = {field.id for field in fields}
    if not rule.fields:
        section.fault("没有写明字段", "names no field", "fields")
    for name in sorted(set(rule.fields) - ids):
        section.fault(f"没有字段“{name}”", f"there is no field {name!r}", "fields")
    section.close()
    return rule


def check_conditions(section: Section, form: Form, case_variables: frozenset[str]) -> None:
    """Note every condition of the form that is none, or that names what nobody answers; texts likewise."""
    own = {field.name for field in form.fields}
    _check_texts(section, form, case_variables)
    conditions = [(f"{field.id}.when", field.when) for field in form.fields]
    conditions += [
        (f"{field.id}.{choice.id}.when", choice.when) for field in form.fields for choice in field.choices
    ]
    conditions += [(f"rules[{number}].check", rule.check) for number, rule in enumerate(form.rules, start=1)]
    for element, source in conditions:
        if source is None or not source.strip():
            continue
        try:
            names = names_in(source)
        except ValueError as error:
            section.fault(f"条件不合规定：{error}", f"not a valid condition: {error}", element)
            continue
        for name in sorted(names - own - case_variables):
            section.fault(f"条件里的“{name}”没有出处", f"nothing provides {name!r}", element)


def _check_texts(section: Section, form: Form, case_variables: frozenset[str]) -> None:
    fields = {field.id for field in form.fields}
    texts = [
        (f"rules[{number}].message", rule.message, fields) for number, rule in enumerate(form.rules, start=1)
    ]
    texts += [(f"{field.id}.hint", field.hint, set()) for field in form.fields if field.hint]
    for element, text, known in texts:
        for name in sorted(placeholders(section, text, element) - known - case_variables):
            section.fault(f"文字中的“{name}”没有出处", f"nothing provides {name!r} in this text", element)
