"""The log of one case as a reader follows it: what happened, who did it, what was written.

All openings of the vault come in one query. What stays closed to this reader is shown as closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from audit import Stored, VaultError
from audit import entries as read_entries
from audit.tables import audit_key, audit_vault
from bpmn import Form, Rulebook, RulebookError, Text
from workflow.errors import NotFound
from workflow.house import House
from workflow.reading.said import Reader, Said, answers, facts, opened_words
from workflow.reading.words import KINDS, LEVELS, PUBLIC_ROLE, SERVICES
from workflow.rules import Rules
from workflow.store.models import Account
from workflow.store.prepared import Prepared

Dot = Literal["", "full", "pause", "warn", "data"]
WARNINGS: Final = frozenset(
    {
        "alarm_raised",
        "attempt_refused",
        "step_urged",
        "put_under_supervision",
        "supervision_answer_overdue",
    }
)


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
    said = [*facts(book, entry), *answers(form, variables.get("answers") or {})]
    closed = 0
    if opened or not reader.sealed:
        words, closed = opened_words(form, entry, opened, reader)
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


def _dot(entry: Mapping[str, Any]) -> Dot:
    to = entry["to"] or ""
    if entry["type"] in WARNINGS:
        return "warn"
    if to != entry["from"]:
        return "pause" if to.startswith("PAUSED_") or to == "RETURNED_FOR_PAPERS" else "full"
    return "data" if "aid_fen" in (entry["vars"].get("answers") or {}) else ""
