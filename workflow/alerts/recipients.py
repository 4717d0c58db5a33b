"""Who is told of a limit at which level: `bpmn/alerts.toml`, read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bpmn import Fault, Rulebook, RulebookError, Text
from bpmn.reader import Section, read_toml
from bpmn.rulebook import DATA
from workflow.deadlines import Limit

FILE: Final = "alerts.toml"
LEVELS: Final = ("warn", "warn2", "overdue", "second", "third")
HOLDER: Final = "holder"
_WORDS: Final = frozenset({HOLDER, "escalate", "then"})


@dataclass(frozen=True, slots=True)
class AlertRules:
    """`levels`: level → words and stations; `vacant`: stations that stand in when nobody sits there."""

    levels: Mapping[str, tuple[str, ...]]
    at_once: frozenset[str]
    vacant: tuple[str, ...]

    def stations(self, level: str, limit: Limit) -> tuple[str, ...]:
        """Everybody to tell, in order and once; `holder` stands for the step's own seats."""
        words = self.levels.get(level, self.levels["warn"])
        parts: dict[str, Sequence[str]] = {"escalate": limit.escalate, "then": limit.then}
        return tuple(dict.fromkeys(each for word in words for each in parts.get(word, (word,))))


_read: dict[str, AlertRules] = {}


def alert_rules(rulebook: Rulebook) -> AlertRules:
    """The rules of a rule book; of one from before there were any, those that come with the program.

    Raises:
        RulebookError: with every fault of the file.
    """
    key = rulebook.digest
    if key not in _read:
        content = rulebook.files.get(FILE)
        _read[key] = read_alert_rules((DATA / FILE).read_bytes() if content is None else content, rulebook)
    return _read[key]


def read_alert_rules(content: bytes, rulebook: Rulebook) -> AlertRules:
    """Read the file; stations are looked up in the roles of the rule book, limits in its limits."""
    faults: list[Fault] = []
    top = read_toml(faults, FILE, content)
    levels: dict[str, tuple[str, ...]] = {}
    at_once: tuple[str, ...] = ()
    vacant: tuple[str, ...] = ()
    if top is not None:
        part, rules = top.under("levels"), top.under("rules")
        if part is not None:
            levels = {level: part.strings(level) for level in LEVELS}
            for level, words in levels.items():
                if not words:
                    part.fault("没有写通知谁", "nobody is told", level)
                _look_up(part, level, words, rulebook)
            part.close()
        if rules is not None:
            at_once, vacant = rules.strings("at_once"), rules.strings("vacant")
            for limit in at_once:
                if limit not in rulebook.limits:
                    rules.fault(f"没有“{limit}”这个时限", f"there is no limit {limit!r}", "at_once")
            _look_up(rules, "vacant", vacant, rulebook)
            rules.close()
        top.close()
    if faults:
        raise RulebookError(faults)
    return AlertRules(MappingProxyType(levels), frozenset(at_once), vacant)


def _look_up(section: Section, key: str, words: Sequence[str], rulebook: Rulebook) -> None:
    for word in words:
        role, _, place = word.partition("@")
        row = rulebook.roles.get(role)
        known = row is not None and (not place or place in row.places or place in (row.kind, row.level))
        if word not in _WORDS and not known:
            section.fault(f"没有“{word}”这个角色或位置", f"there is no role or place {word!r}", key)


LEVEL_NAMES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "warn": Text("临期", "Due soon"),
        "warn2": Text("快到期", "Due very soon"),
        "overdue": Text("超期", "Overdue"),
        "second": Text("超期后第二次提醒", "Overdue, second notice"),
        "third": Text("超期后第三次提醒", "Overdue, third notice"),
    }
)
