"""What others may see of a person, and the gate before anything is published (domain 10.6, C-22, RF-37)."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import bpmn
from bpmn.text import Text
from workflow.errors import WorkflowError

STAR: Final = "*"

_NUMBERS: Final = (
    ("id_18", re.compile(r"(?<![0-9])[0-9]{6}[ -]?[0-9]{8}[ -]?[0-9]{3}[0-9Xx](?![0-9])")),
    ("id_15", re.compile(r"(?<![0-9])[0-9]{6}[ -]?[0-9]{6}[ -]?[0-9]{3}(?![0-9])")),
    ("phone", re.compile(r"(?<![0-9])1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])")),
    ("account", re.compile(r"(?<![0-9])[0-9]{16,19}(?![0-9])")),
    ("account", re.compile(r"(?<![0-9])[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?(?![0-9])")),
)
KINDS: Final = {
    "id_18": Text("18位身份证号", "an identity number of 18 characters"),
    "id_15": Text("15位身份证号", "an identity number of 15 digits"),
    "phone": Text("手机号", "a mobile number"),
    "account": Text("银行账号", "a bank account number"),
    "illness": Text("病情、残疾、用药或医院", "an illness, disability, drug or hospital"),
}


def mask_name(name: str) -> str:
    """张*, 张*明, 欧阳*锋; a minority name keeps its first and its last character.

    One star for every hidden character. Of two characters only the first stays.
    """
    if len(name) < 2:
        return STAR
    if len(name) == 2:
        return name[0] + STAR
    shown = _surname_length(name)
    hidden = len(name) - shown - 1
    if hidden == 0:
        return name[:shown] + STAR
    return name[:shown] + STAR * hidden + name[-1]


def _surname_length(name: str) -> int:
    if "·" in name:
        return 1
    for surname in _compound_surnames():
        if name.startswith(surname) and len(name) > len(surname):
            return len(surname)
    return 1


def mask_id(id_number: str) -> str:
    """The first six and the last four characters, for lists inside the office. Never for the public."""
    if len(id_number) != 18:
        return STAR * len(id_number)
    return id_number[:6] + STAR * 8 + id_number[-4:]


def mask_account(number: str) -> str:
    """The last four digits."""
    if len(number) < 8:
        return STAR * len(number)
    return STAR * (len(number) - 4) + number[-4:]


@dataclass(frozen=True, slots=True)
class Leak:
    """A place in a text that must not be published: `kind` is a key of `KINDS`."""

    kind: str
    field: str

    @property
    def name(self) -> Text:
        return KINDS[self.kind]


class NotPublishable(WorkflowError):
    """RF-37: the list holds what must not be public. `leaks` says what and in which field."""

    status = 422
    rule = "RF-37"

    def __init__(self, leaks: Iterable[Leak]) -> None:
        self.leaks = tuple(leaks)
        zh = "；".join(f"“{leak.field}”中有{leak.name.zh}" for leak in self.leaks)
        en = "; ".join(f"“{leak.field}” holds {leak.name.en}" for leak in self.leaks)
        super().__init__(
            Text(f"不能公示：{zh}。请删去后再公示。", f"Cannot be posted: {en}. Take it out and post again.")
        )


def leaks_in(text: str, field: str = "") -> tuple[Leak, ...]:
    """Everything in a text that looks like a number of a person, or like an illness.

    Full-width digits and invisible characters do not help it through.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isprintable():  # nearly always it is: asked of the whole text at once
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    kinds = [kind for kind, pattern in _NUMBERS if pattern.search(plain)]
    if _forbidden().search(plain):
        kinds.append("illness")
    return tuple(Leak(kind, field) for kind in dict.fromkeys(kinds))


def require_publishable(fields: Iterable[tuple[str, object]]) -> None:
    """Stop a public row that tells too much; `fields` are (name shown to the clerk, value).

    Raises:
        NotPublishable: with every leak of every field.
    """
    leaks = [leak for field, value in fields for leak in leaks_in(str(value), field)]
    if leaks:
        raise NotPublishable(leaks)


@cache
def _data() -> dict[str, list[str]]:
    path = Path(bpmn.__file__).parent / "publication.toml"
    return dict(tomllib.loads(path.read_text("utf-8")))


@cache
def _compound_surnames() -> tuple[str, ...]:
    return tuple(sorted(_data()["compound_surnames"], key=len, reverse=True))


@cache
def _forbidden() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in _data()["forbidden"]), re.IGNORECASE)
