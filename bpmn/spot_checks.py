"""Spot checks as data (bpmn/spot_checks.toml): how many cases are drawn and what is asked of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault, RulebookError
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FILE: Final = "spot_checks.toml"
ALWAYS: Final = ("relative", "advance", "leader_note")
"""What the program can find among closed cases; a case that is several of them counts as the first."""
WHOLE: Final = 100
FIGURES: Final = frozenset({"I17", "I18", "I20"})


@dataclass(frozen=True, slots=True)
class Quarterly:
    """Of each township `percent` of the cases, at least `least`."""

    name: Text
    percent: int
    least: int
    source: str


@dataclass(frozen=True, slots=True)
class Special:
    """Of each township `villages`, of each of them `households`: `urban` and `rural` where there are both."""

    name: Text
    villages: int
    households: int
    urban: int
    rural: int
    source: str


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the record sheet."""

    id: str
    name: Text
    figure: str


@dataclass(frozen=True, slots=True)
class SpotChecks:
    after: int
    quarterly: Quarterly
    special: Special
    always: Mapping[str, Text]
    sheet: Mapping[str, Item]

    def name(self, kind: str) -> Text:
        return self.quarterly.name if kind == "quarterly" else self.special.name


@lru_cache(maxsize=16)
def read_spot_checks(content: bytes) -> SpotChecks:
    """Check and read the file. Raises RulebookError with every fault."""
    faults: list[Fault] = []
    found = check_spot_checks(faults, content)
    if faults or found is None:
        raise RulebookError(faults)
    return found


def check_spot_checks(faults: list[Fault], content: bytes) -> SpotChecks | None:
    """Read the file; what is wrong is added to `faults`."""
    top = read_toml(faults, FILE, content)
    if top is None:
        return None
    draw, kinds, always, sheet = (top.under(name) for name in ("draw", "kinds", "always", "sheet"))
    top.close()
    if draw is None or kinds is None or always is None or sheet is None:
        return None
    after = draw.whole("after", least=1) or 1
    draw.close()
    quarterly, special = kinds.under("quarterly"), kinds.under("special")
    kinds.close()
    found = SpotChecks(
        after,
        Quarterly(Text("", ""), 1, 1, "") if quarterly is None else _quarterly(quarterly),
        Special(Text("", ""), 1, 1, 1, 0, "") if special is None else _special(special),
        MappingProxyType({name: _named(always, name) for name in always.keys()}),  # noqa: SIM118  not a mapping
        MappingProxyType({name: _item(sheet, name) for name in sheet.keys()}),  # noqa: SIM118
    )
    for name in found.always.keys() ^ set(ALWAYS):
        always.fault(f"这里只能是{'、'.join(ALWAYS)}", f"these are {', '.join(ALWAYS)}", name)
    return found


def _quarterly(section: Section) -> Quarterly:
    percent, least = section.whole("percent", least=1) or 1, section.whole("least", least=1) or 1
    if percent > WHOLE:
        section.fault("最大为100", "at most 100", "percent")
    row = Quarterly(section.text("name"), percent, least, section.string("source"))
    section.close()
    return row


def _special(section: Section) -> Special:
    numbers = {name: section.whole(name, least=1) or 1 for name in ("villages", "households")}
    parts = {name: section.whole(name, least=0) or 0 for name in ("urban", "rural")}
    if sum(parts.values()) != numbers["households"]:
        section.fault("urban加rural应等于households", "urban and rural should add up to households", "urban")
    row = Special(section.text("name"), **numbers, **parts, source=section.string("source"))
    section.close()
    return row


def _named(part: Section, name: str) -> Text:
    section = part.under(name)
    if section is None:
        return Text("", "")
    text = section.text("name")
    section.string("source")
    section.close()
    return text


def _item(part: Section, name: str) -> Item:
    section = part.under(name)
    if section is None:
        return Item(name, Text("", ""), "")
    figure = section.string("figure")
    if figure not in FIGURES:
        section.fault(f"应为{'、'.join(sorted(FIGURES))}", f"one of {', '.join(sorted(FIGURES))}", "figure")
    row = Item(name, section.text("name"), figure)
    section.close()
    return row
