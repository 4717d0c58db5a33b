"""How long things are kept, and on which legal bases personal values may be erased (bpmn/retention.toml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault, RulebookError
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FILE: Final = "retention.toml"
LEAST: Final[Mapping[str, int | None]] = {"case_file": 30, "matching": 3, "reports": 10, "log": None}
"""Years [C-23]: a county may keep longer. None: for ever."""
THEN: Final = frozenset({"ask", "delete", "keep"})
DONE: Final[Mapping[str, frozenset[str]]] = {
    "case_file": frozenset({"ask", "keep"}),
    "matching": frozenset({"delete", "keep"}),
    "reports": frozenset({"keep"}),
    "log": frozenset({"keep"}),
}
"""What the program can do with each kind."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`years` is None for what is kept for ever; `then`: ask, delete or keep."""

    id: str
    name: Text
    years: int | None
    then: str
    source: str

    def before(self, today: date) -> date | None:
        """What is older than this day has been kept long enough (at the end of a month up to three days
        longer); None where nothing ever has.
        """
        return None if self.years is None else date(today.year - self.years, today.month, min(today.day, 28))


@dataclass(frozen=True, slots=True)
class Basis:
    """A legal basis; `after`: what must have been kept long enough first."""

    id: str
    name: Text
    law: str
    after: str


@dataclass(frozen=True, slots=True)
class Retention:
    kept: Mapping[str, Kept]
    bases: Mapping[str, Basis]


@lru_cache(maxsize=16)
def read_retention(content: bytes) -> Retention:
    """Check and read the file. Raises RulebookError with every fault."""
    faults: list[Fault] = []
    found = check_retention(faults, content)
    if faults:
        raise RulebookError(faults)
    return found


def check_retention(faults: list[Fault], content: bytes) -> Retention:
    """Read the file; what is wrong is added to `faults`."""
    top = read_toml(faults, FILE, content)
    if top is None:
        return Retention({}, {})
    kept, bases = top.tables("kept"), top.tables("bases")
    top.close()
    for name in LEAST.keys() ^ kept.keys():
        here = name in kept
        top.fault("没有这一类" if here else "缺少这一类", "unknown" if here else "missing", f"kept.{name}")
    return Retention(
        MappingProxyType({name: _kept(name, section) for name, section in kept.items() if name in LEAST}),
        MappingProxyType({name: _basis(name, section) for name, section in bases.items()}),
    )


def _kept(name: str, section: Section) -> Kept:
    years = section.whole("years", required=False)
    least = LEAST[name]
    if least is None and years is not None:
        section.fault("日志条目永久保存", "log entries are kept for ever", "years")
    if least is not None and (years or 0) < least:
        section.fault(f"至少保存{least}年", f"it is kept for {least} years at least", "years")
    then = section.string("then")
    if then not in THEN:
        section.fault(
            f"应为 {'、'.join(sorted(THEN))}", f"should be one of {', '.join(sorted(THEN))}", "then"
        )
    elif then not in DONE[name]:
        can = sorted(DONE[name])
        section.fault(
            f"这一类只能是 {'、'.join(can)}", f"with this kind it can only be {' or '.join(can)}", "then"
        )
    row = Kept(name, section.text("name"), years, then, section.string("source"))
    section.close()
    return row


def _basis(name: str, section: Section) -> Basis:
    after = section.maybe_string("after") or ""
    if after and after not in LEAST:
        section.fault(f"没有“{after}”这一类", f"there is no {after!r}", "after")
    row = Basis(name, section.text("name"), section.string("law"), after)
    section.close()
    return row
