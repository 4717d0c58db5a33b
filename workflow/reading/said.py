"""What an entry of the log says in words, beside its head: facts, answers, and what was sealed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from bpmn import Field, Form, Rulebook, Text
from workflow.evidence.documents import LETTER, SHEET
from workflow.reading.people import mask_phone
from workflow.reading.words import CHANNELS, NO, OTHER, READ, YES
from workflow.register.masking import mask_account, mask_id

FINGERPRINTS: Final = ("paper.", LETTER, SHEET)
"""Sealed beside what people wrote: names and digests of files, of no use to a reader of the timeline."""
OBJECTION_FIELDS: Final = frozenset({"objection_text", "objector", "contact"})
PERSONAL: Final[Mapping[str, Callable[[str], str]]] = {
    "idnumber": mask_id,
    "account": mask_account,
    "phone": mask_phone,
}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer in words. `decides`: it is a choice that moves the case, so a short view shows it."""

    label: Text
    value: Text
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `sealed` opens what was written in forms, `objections` the words of an objection."""

    sealed: bool
    objections: bool


def facts(book: Rulebook, entry: Mapping[str, Any]) -> Iterator[Said]:
    """What an entry says beside a form: which limit, what was read, what was refused, what was computed."""
    kind, variables = entry["type"], entry["vars"]
    given = variables.get("answers") or {}
    match kind:
        case (
            "alarm_raised"
            | "deadline_extended"
            | "extension_requested"
            | "extension_refused"
            | "deadline_recalculated"
        ):
            limit = book.limits.get(str(variables["limit"]))
            if limit is not None:
                yield Said(Text("期限", "Limit"), limit.name)
            if variables.get("why"):
                yield Said(Text("为什么", "Why"), _same(variables["why"]), decides=False)
        case "step_handed_over" if variables.get("exception"):
            yield Said(Text("例外", "Exception"), Text("外乡镇人员办理（SD-11）", "another township (SD-11)"))
        case "file_read":
            what = str(variables["what"])
            yield Said(Text("内容", "What"), READ.get(what, Text(what, what)))
        case "attempt_refused":
            yield Said(Text("规则", "Rule"), _same(variables.get("detail", "")))
        case "case_migrated":
            yield Said(Text("原版本", "From version"), _same(str(variables["from"])[:12]))
            yield Said(Text("新版本", "To version"), _same(str(variables["to"])[:12]))
        case "paper_attached":
            paper = book.papers.get(str(variables["kind"]))
            if paper is not None:
                yield Said(Text("材料", "Paper"), paper.name)
        case "objection_received":
            channel = CHANNELS.get(str(variables["channel"]))
            if channel is not None:
                yield Said(Text("途径", "Way"), channel)
            yield Said(Text("署名", "Named"), YES if variables["named"] else NO)
    if "set_off_made_fen" in given:
        yield Said(Text("抵扣金额", "Set off"), yuan(given["set_off_made_fen"]))
    for share in variables.get("set_off") or ():
        amount = yuan(share["fen"])
        told = Text(f"{amount.zh}，追回案件{share['case']}", f"{amount.en}, recovery {share['case']}")
        yield Said(Text("抵扣应退款", "Set off"), told)
    if "aid_fen" in given:
        yield Said(Text("测算救助", "Computed aid"), yuan(given["aid_fen"]))
    if given.get("serious_illness_settled") is False:
        yield Said(Text("大病保险", "Serious-illness insurance"), Text("还没有结清", "not settled yet"))
    if given.get("duplicate_found"):
        yield Said(
            Text("重复单据", "Duplicate bill"), Text("同一张发票出现在另一件案卷", "in another case too")
        )
    if given.get("relative_case"):
        yield Said(Text("近亲属", "Relative"), Text("有工作人员备案为近亲属", "filed by somebody on duty"))


def _same(value: object) -> Text:
    return Text(str(value), str(value))


def yuan(fen: int) -> Text:
    """An amount in fen, in words."""
    amount = f"{Decimal(fen).scaleb(-2):,.2f}"
    return Text(f"{amount}元", f"{amount} yuan")


def answers(form: Form | None, given: Mapping[str, Any]) -> Iterator[Said]:
    """The answers that stand in clear, by the labels of their form."""
    for field in form.fields if form else ():
        name = f"{field.id}_fen" if field.type == "money" else field.id
        if field.variable and name in given:
            yield Said(field.label, in_words(field, given[name]), field.type in {"choice", "choices"})


def in_words(field: Field, value: object) -> Text:
    """An answer as it is kept, in words."""
    labels = {choice.id: choice.label for choice in field.choices}
    match field.type, value:
        case "yesno", bool(flag):
            return YES if flag else NO
        case "money", int(fen):
            return yuan(fen)
        case "choices", list(items):
            chosen = [labels.get(str(item), _same(item)) for item in items]
            return Text("、".join(each.zh for each in chosen), ", ".join(each.en for each in chosen))
        case _, int(number) if field.unit is not None:
            return Text(f"{number}{field.unit.zh}", f"{number} {field.unit.en}")
        case _:
            return labels.get(str(value), _same(value))


def opened_words(
    form: Form | None, entry: Mapping[str, Any], opened: Mapping[str, Any], reader: Reader
) -> tuple[list[Said], int]:
    """What lies in the vault, as far as the reader may see it; and how many values stay closed."""
    fields = {field.id: field for field in form.fields} if form else {}
    words: list[Said] = []
    closed = 0
    for name in entry["commit"]:
        if name.startswith(FINGERPRINTS):
            continue
        may = reader.objections if name in OBJECTION_FIELDS else reader.sealed
        if name in {"objector", "contact"} or not may or name not in opened:
            closed += 1
            continue
        value = opened[name]
        field = fields.get(name)
        if value in ("", None):
            continue
        if field is not None:
            hide = PERSONAL.get(field.type)
            words.append(
                Said(field.label, _same(hide(str(value))) if hide else in_words(field, value), decides=False)
            )
        else:
            words.append(Said(OTHER.get(name, _same(name)), _same(value)))
    return words, closed
