"""The duties of the work calendar, `bpmn/duties.toml`, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bpmn import Fault, Rulebook, RulebookError, Text
from bpmn.reader import Section, read_toml
from bpmn.rulebook import DATA

FILE: Final = "duties.toml"
TOWNSHIP: Final = "township"


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that offices do on days a limit gives: its own dates, so long after another duty, or
    (`cases`) the days on which it ends in open cases. `offices`: kinds of county offices, or `township`.
    """

    id: str
    limit: str
    name: Text
    offices: tuple[str, ...] = ()
    after: str = ""
    cases: bool = False


_read: dict[str, Mapping[str, Duty]] = {}


def duties_of(rulebook: Rulebook) -> Mapping[str, Duty]:
    """The duties of a rule book by id; of one from before there were any, those of the program's that its
    limits and offices give days for.

    Raises:
        RulebookError: with every fault of the file.
    """
    key = rulebook.digest
    if key not in _read:
        content = rulebook.files.get(FILE)
        _read[key] = _of_the_program(rulebook) if content is None else read_duties(content, rulebook)
    return _read[key]


def _of_the_program(rulebook: Rulebook) -> Mapping[str, Duty]:
    found, faults = _look_through((DATA / FILE).read_bytes(), rulebook)
    wrong = {fault.element.partition(".")[0] for fault in faults}
    known = {duty.id: duty for duty in found.values() if duty.id not in wrong}
    return MappingProxyType(
        {name: duty for name, duty in known.items() if not duty.after or duty.after in known}
    )


def read_duties(content: bytes, rulebook: Rulebook) -> Mapping[str, Duty]:
    """Read the file; limits and offices are looked up in the rule book.

    Raises:
        RulebookError: with every fault of the file.
    """
    found, faults = _look_through(content, rulebook)
    if faults:
        raise RulebookError(faults)
    return MappingProxyType(found)


def _look_through(content: bytes, rulebook: Rulebook) -> tuple[dict[str, Duty], list[Fault]]:
    faults: list[Fault] = []
    top = read_toml(faults, FILE, content)
    found: dict[str, Duty] = {}
    for name in top.keys() if top else ():
        section = top.under(name) if top else None
        if section is not None:
            found[name] = _duty(section, rulebook)
            section.close()
    for duty in found.values():
        base = found.get(duty.after)
        if duty.after and (base is None or base.after or base.cases):
            words = Text(
                f"“{duty.after}”不是按日期到期的工作", f"{duty.after!r} is no duty with dates of its own"
            )
            faults.append(Fault(FILE, f"{duty.id}.after", words))
    return found, faults


def _duty(section: Section, rulebook: Rulebook) -> Duty:
    limit = section.string("limit")
    after, cases = section.maybe_string("after") or "", section.flag("cases", False)
    offices, name = section.strings("offices"), section.maybe_text("name")
    row = rulebook.limits.get(limit)
    if row is None:
        section.fault(f"没有“{limit}”这个时限", f"there is no limit {limit!r}", "limit")
    elif not cases and (row.unit == "date") is bool(after):
        section.fault(
            "按日期到期的时限不写after，其他时限要写after或cases",
            "a limit that ends on a date has no `after`; another one needs `after` or `cases`",
            "limit",
        )
    if cases is bool(offices):
        section.fault(
            "写明由谁办（offices）；按案卷列出的不写",
            "name the offices; none where the days come from cases",
            "offices",
        )
    for office in offices:
        if office != TOWNSHIP and office not in rulebook.offices:
            section.fault(f"没有“{office}”这类机构", f"there is no kind of office {office!r}", "offices")
    told = name or (Text(limit, limit) if row is None else row.name)
    return Duty(section.element, limit, told, offices, after, cases)
