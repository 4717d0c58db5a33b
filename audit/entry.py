"""One entry of the log: its fields, its types, and what must never stand in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize
from uuid import UUID

from audit.entry_types import EntryRefused, require_declared

VERSION = 1
LOG, READS = "mingjian", "mingjian/reads"
"""What happens to the cases; and, apart, who looked at what and who was refused."""
LATE_AFTER = timedelta(minutes=10)
"""A claim older than this, compared with its recording, carries `late`."""

FIELDS = frozenset(
    {"v", "log", "case", "seq", "prev", "type", "from", "to", "actor", "task", "at_claimed", "at_recorded"}
    | {"vars", "commit", "attach", "rule", "command", "kernel", "request"}
)
ACTOR = frozenset({"id", "role", "org", "on_behalf"})
TASK = frozenset({"spec", "version", "spec_sha256", "node"})
ATTACHED = frozenset({"commit", "size"})

OPTIONAL = frozenset({"late", "kid"})
"""`late` where it is true; `kid`, the id of the application key that signed the entry, unless none has."""

_KID = re.compile(r"[0-9a-f]{8}")
_HEX = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
# An identity number, a mobile phone, a bank account, a division code, wherever it stands alone in a text.
_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1[3-9]\d{9}|\d{16,19}|\d{12})(?![0-9A-Za-z])")
_SHORTEST_PERSONAL = 11
# What NFKC makes digits of: full-width ones, ², ①, ㏾ and the like, two of a character or, with something
# else beside them, three. So eleven in a row come of five or more; NFKC is slow and most texts have none.
_DIGIT = (
    "[\\d\xb2\xb3\xb9\xbc-\xbe\u2070\u2074-\u2079\u2080-\u2089\u2150-\u215f\u2189\u2460-\u249b\u24ea"
    "\u3251-\u325f\u32b1-\u32cb\u3358-\u3370\u3378\u3379\u339f-\u33a6\u33a8\u33af\u33e0-\u33fe"
    "\U0001f100-\U0001f10a]"
)
_MAY_BE_PERSONAL = re.compile(_DIGIT + "{5}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A paper: the hex SHA-256 of its bytes (goes to the vault, salted) and its size in bytes (in clear)."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What happened, before it is sealed and chained.

    `vars` and `command` stand in clear: codes, amounts, flags, nothing of a person. `sealed` holds the
    personal values by field; only their salted commitments enter the entry. `actor` has the keys id, role,
    org, on_behalf; `task` is None or has spec, version, spec_sha256, node. Times are aware.
    """

    type: str
    vars: Mapping[str, Any]
    frm: str | None
    to: str | None
    actor: Mapping[str, Any]
    task: Mapping[str, Any] | None
    at_claimed: datetime
    rule: str
    command: Mapping[str, Any]
    kernel: str
    request: str | None
    attach: Sequence[Attachment] = ()
    sealed: Mapping[str, Any] = field(default_factory=dict)
    log: str = LOG


def instant(at: datetime) -> str:
    """An aware time as the log writes it: UTC, six decimals, so that texts sort as times do."""
    if at.tzinfo is None:
        raise EntryRefused("a time without a zone cannot be logged")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def sealed_fields(draft: Draft) -> dict[str, Any]:
    """All values of a draft that go to the vault: `sealed`, and the digest of each paper as attach.N."""
    fields = dict(draft.sealed)
    for number, paper in enumerate(draft.attach):
        if fields.setdefault(name := f"attach.{number}", paper.sha256) is not paper.sha256:
            raise EntryRefused(f"the field name {name} is kept for papers")
    return fields


def build(
    draft: Draft,
    case: UUID,
    seq: int,
    prev: bytes,
    commits: Mapping[str, str],
    at_recorded: datetime,
    kid: str | None = None,
) -> dict[str, Any]:
    """The entry of a draft. Raises EntryRefused when type, fields or values are not as declared."""
    require_declared(draft.type, draft.vars)
    entry = {
        "v": VERSION,
        "log": draft.log,
        "case": str(case),
        "seq": seq,
        "prev": prev.hex(),
        "type": draft.type,
        "from": draft.frm,
        "to": draft.to,
        "actor": dict(draft.actor),
        "task": None if draft.task is None else dict(draft.task),
        "at_claimed": instant(draft.at_claimed),
        "at_recorded": instant(at_recorded),
        "vars": dict(draft.vars),
        "commit": {name: commits[name] for name in draft.sealed},
        "attach": [
            {"commit": commits[f"attach.{number}"], "size": paper.size}
            for number, paper in enumerate(draft.attach)
        ],
        "rule": draft.rule,
        "command": dict(draft.command),
        "kernel": draft.kernel,
        "request": draft.request,
    }
    if at_recorded - draft.at_claimed > LATE_AFTER:
        entry["late"] = True
    if kid is not None:
        entry["kid"] = kid
    if reason := shape_fault(entry) or time_fault(entry):
        raise EntryRefused(reason)
    _refuse_personal(entry["vars"], "vars")
    _refuse_personal(entry["command"], "command")
    return entry


def shape_fault(entry: Any) -> str | None:
    """Why a decoded value is not an entry of this version; None when it is."""
    if type(entry) is not dict:
        return "not an object"
    if entry.get("v") != VERSION:
        return "of an unknown version"
    if wrong := (entry.keys() - OPTIONAL) ^ FIELDS:
        return f"fields missing or unknown: {', '.join(sorted(wrong))}"
    for name in ("log", "case", "type", "rule", "kernel"):
        if type(entry[name]) is not str:
            return f"{name} is not text"
    for name in ("from", "to", "request"):
        if entry[name] is not None and type(entry[name]) is not str:
            return f"{name} is neither text nor null"
    for name in ("at_claimed", "at_recorded"):
        if type(entry[name]) is not str or not _INSTANT.fullmatch(entry[name]):
            return f"{name} is not a time in UTC with six decimals"
    if type(entry["seq"]) is not int or entry["seq"] < 0:
        return "seq is not a count"
    if not _is_hash(entry["prev"]):
        return "prev is not a hash"
    if type(entry["actor"]) is not dict or entry["actor"].keys() != ACTOR:
        return "actor has other keys than id, role, org, on_behalf"
    if entry["task"] is not None and (type(entry["task"]) is not dict or entry["task"].keys() != TASK):
        return "task has other keys than spec, version, spec_sha256, node"
    for name in ("vars", "command", "commit"):
        if type(entry[name]) is not dict:
            return f"{name} is not an object"
    if not all(_is_hash(commit) for commit in entry["commit"].values()):
        return "commit holds what is not a hash"
    if type(entry["attach"]) is not list or not all(_is_attached(item) for item in entry["attach"]):
        return "attach holds what is not a commitment and a size"
    if entry.get("late", True) is not True:
        return "late is not true"
    if "kid" in entry and not (type(entry["kid"]) is str and _KID.fullmatch(entry["kid"])):
        return "kid is not the id of a key"
    return None


def time_fault(entry: Mapping[str, Any]) -> str | None:
    """Why the times of a well-formed entry contradict each other; None when they do not."""
    try:
        claimed, recorded = (datetime.fromisoformat(entry[name]) for name in ("at_claimed", "at_recorded"))
    except ValueError:
        return "a time that no calendar has"
    if claimed > recorded:
        return "claimed for a time after its recording"
    if (recorded - claimed > LATE_AFTER) is not ("late" in entry):
        return "late is set or missing against its times"
    return None


def _is_hash(value: Any) -> bool:
    return type(value) is str and _HEX.fullmatch(value) is not None


def _is_attached(item: Any) -> bool:
    return (
        type(item) is dict
        and item.keys() == ATTACHED
        and _is_hash(item["commit"])
        and type(item["size"]) is int
        and item["size"] >= 0
    )


def _refuse_personal(value: Any, place: str) -> None:
    """A net below the forms: they decide what is personal, this only catches what slipped through."""
    if type(value) is dict:
        inside: Iterable[Any] = [*value, *value.values()]
    else:
        inside = value
    for item in inside:
        kind = type(item)
        if kind is str or kind is int:
            text = item if kind is str else str(item)
            if len(text) < _SHORTEST_PERSONAL:
                continue
            if not text.isascii():
                if not _MAY_BE_PERSONAL.search(text):
                    continue
                text = normalize("NFKC", text)  # full-width digits are digits
            if _PERSONAL.search(text):
                raise EntryRefused(f"{place} hold what looks like a number of a person or a village")
        elif kind is dict or kind is list or kind is tuple:
            _refuse_personal(item, place)
