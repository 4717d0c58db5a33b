"""The log of one case as a reader follows it: what happened, who did it, what was written.

All openings of the vault come in one query. What stays closed to this reader is shown as closed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from audit import Stored, VaultError
from audit import entries as read_entries
from audit.tables import audit_key, audit_vault
from bpmn import Field, Form, Rulebook, RulebookError, Text
from workflow.errors import NotFound
from workflow.evidence.documents import LETTER, SHEET
from workflow.house import House
from workflow.reading.people import mask_phone
from workflow.reading.words import CHANNELS, KINDS, LEVELS, NO, OTHER, PUBLIC_ROLE, READ, SERVICES, YES
from workflow.register.masking import mask_account, mask_id
from workflow.rules import Rules
from workflow.store.models import Account
from workflow.store.prepared import Prepared

Dot = Literal["", "full", "pause", "warn", "data"]
FINGERPRINTS: Final = ("paper.", LETTER, SHEET)
"""Sealed beside what people wrote: names and digests of files, of no use to a reader of the timeline."""
OBJECTION_FIELDS: Final = frozenset({"objection_text", "objector", "contact"})
WARNINGS: Final = frozenset(
    {
        "alarm_raised",
        "attempt_refused",
        "step_urged",
        "put_under_supervision",
        "supervision_answer_overdue",
    }
)
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
class Event:
    """One entry. `number` counts from 1 as people do; `leaf` is the hash of its bytes, in hex."""

    number: int
    leaf: str
    at: datetime
    kind: str
    head: Text
    actor_id: int
    actor: str
    role: Text
    node: str | None
    process: str | None
    frm: str | None
    to: str | None
    said: tuple[Said, ...]
    effects: tuple[Text, ...]
    papers: int
    withheld: int
    dot: Dot

    @property
    def short(self) -> tuple[Said, ...]:
        """What moved the case."""
        return tuple(said for said in self.said if said.decides)

    @property
    def rest(self) -> tuple[Said, ...]:
        """Everything else that was written."""
        return tuple(said for said in self.said if not said.decides)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `sealed` opens what was written in forms, `objections` the words of an objection."""

    sealed: bool
    objections: bool


_KEY = Prepared(select(audit_key.c.wrapped).where(audit_key.c.chain == bindparam("chain")))
_SEALED = Prepared(
    select(audit_vault.c.seq, audit_vault.c.nonce, audit_vault.c.sealed).where(
        audit_vault.c.chain == bindparam("chain")
    )
)


def timeline(house: House, conn: Connection, case: Any, reader: Reader) -> list[Event]:
    """All entries of a case, oldest first."""
    stored = list(read_entries(conn, case.id))
    opened = open_all(house, conn, case.id) if reader.sealed or reader.objections else {}
    rules = house.rules(case.rulebook)
    decoded = [(each, each.entry) for each in stored]
    names = names_of(conn, {entry["actor"]["id"] for _, entry in decoded})
    return [
        event_of(rules_then(house, entry, rules), each, entry, opened.get(each.seq, {}), names, reader)
        for each, entry in decoded
    ]


def rules_then(house: House, entry: Mapping[str, Any], now: Rules) -> Rules:
    """The rules an entry was written under; those of the case where the entry names none that are known."""
    try:
        return house.rules(entry["rule"])
    except (NotFound, RulebookError):
        return now


def open_all(house: House, conn: Connection, chain: UUID) -> dict[int, Mapping[str, Any]]:
    """seq → the sealed values of the entry. A row that does not open is left out; the inspection says so."""
    wrapped = _KEY.scalar(conn, {"chain": chain})
    if wrapped is None:
        return {}
    found: dict[int, Mapping[str, Any]] = {}
    for seq, nonce, sealed in _SEALED.all(conn, {"chain": chain}):
        try:
            values = house.vault.unseal(chain, seq, wrapped, nonce, sealed)
        except VaultError:
            continue
        found[seq] = {field: value for field, (_, value) in values.items()}
    return found


def names_of(conn: Connection, accounts: set[int]) -> dict[int, str]:
    rows = conn.execute(select(Account.id, Account.name).where(Account.id.in_(accounts)))
    return {row.id: row.name for row in rows}


def event_of(
    rules: Rules,
    stored: Stored,
    entry: Mapping[str, Any],
    opened: Mapping[str, Any],
    names: Mapping[int, str],
    reader: Reader,
) -> Event:
    """One entry in words."""
    book, task, variables = rules.rulebook, entry["task"] or {}, entry["vars"]
    form = form_of(rules, entry)
    said = [*_facts(book, entry), *_answers(form, variables.get("answers") or {})]
    closed = 0
    if opened or not reader.sealed:
        words, closed = _sealed(form, entry, opened, reader)
        said += words
    actor_id = entry["actor"]["id"]
    role = entry["actor"]["role"]
    return Event(
        number=stored.seq + 1,
        leaf=stored.leaf.hex(),
        at=datetime.fromisoformat(entry["at_claimed"]),
        kind=entry["type"],
        head=head_of(rules, entry),
        actor_id=actor_id,
        actor=names.get(actor_id, ""),
        role=book.roles[role].name if role in book.roles else PUBLIC_ROLE,
        node=task.get("node"),
        process=task.get("spec"),
        frm=entry["from"],
        to=entry["to"],
        said=tuple(said),
        effects=tuple(effects_of(book, variables.get("effects") or ())),
        papers=len(entry["attach"]),
        withheld=closed,
        dot=_dot(entry),
    )


FORMS: Final[Mapping[str, str]] = {
    "application_withdrawn": "withdrawal",
    "death_reported": "death",
    "case_paused": "pause_case",
    "case_resumed": "resume_case",
    "deadline_extended": "extension",
    "extension_requested": "extension",
    "extension_refused": "extension_refusal",
    "step_urged": "urge",
    "step_handed_over": "reassignment",
    "put_under_supervision": "supervision",
    "supervision_answered": "supervision_answer",
}
"""The form of what is no step of a diagram."""


def head_of(rules: Rules, entry: Mapping[str, Any]) -> Text:
    """The first words of an entry: for a finished step the name the diagram gives it."""
    kind, task, variables = entry["type"], entry["task"], entry["vars"]
    if kind == "task_completed" and task:
        name = rules.model.node(task["spec"], task["node"]).name
        return Text(name, name)
    if kind == "alarm_raised":
        return LEVELS.get(str(variables.get("level")), KINDS[kind])
    return KINDS.get(kind, Text(kind, kind))


def form_of(rules: Rules, entry: Mapping[str, Any]) -> Form | None:
    """The form whose answers an entry holds."""
    kind, task = entry["type"], entry["task"]
    name = FORMS.get(kind)
    if kind == "case_opened":
        name = rules.rulebook.flows[entry["vars"]["flow"]].form
    if kind == "task_completed" and task:
        name = rules.model.node(task["spec"], task["node"]).properties.get("form")
    return rules.rulebook.forms.get(name) if name else None


def effects_of(book: Rulebook, effects: Sequence[str]) -> Iterator[Text]:
    for effect in effects:
        name, _, rest = effect.partition(" ")
        if name == "issue_letter" and rest in book.letters:
            title = book.letters[rest].title
            yield Text(f"发出《{title.zh}》", f"Letter issued: {title.en}")
        elif name in SERVICES:
            yield SERVICES[name]


def _facts(book: Rulebook, entry: Mapping[str, Any]) -> Iterator[Said]:
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


def _answers(form: Form | None, given: Mapping[str, Any]) -> Iterator[Said]:
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


def _sealed(
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


def _dot(entry: Mapping[str, Any]) -> Dot:
    to = entry["to"] or ""
    if entry["type"] in WARNINGS:
        return "warn"
    if to != entry["from"]:
        return "pause" if to.startswith("PAUSED_") or to == "RETURNED_FOR_PAPERS" else "full"
    return "data" if "aid_fen" in (entry["vars"].get("answers") or {}) else ""
