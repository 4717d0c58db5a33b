"""One case as an inspector reads it: entry by entry, the bytes themselves, and whether they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

import audit
from audit import Opening, Report, Status, Stored
from bpmn import Text
from workflow.house import House
from workflow.papers import PaperMissing
from workflow.reading.diagrams import Visit
from workflow.reading.timeline import Event, Reader, event_of, form_of, names_of, rules_then

PAPER: Final = "attach."
JUMPS: Final[Mapping[str, Text]] = {
    "data": Text("下一次计算", "next computation"),
    "pause": Text("下一次停表", "next stop of the clock"),
    "warn": Text("下一次提醒或被拒的办理", "next warning or refused attempt"),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed value: `value` is None while it is closed or gone; `erased_by` counts from 1 as people do."""

    name: str
    label: Text
    status: Status | None
    value: str | None
    paper: bool
    paper_held: bool
    erased_by: int | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """One entry among all of its case. `entry` is what the bytes decode to."""

    events: Sequence[Event]
    event: Event
    stored: Stored
    entry: Mapping[str, Any]
    sealed: tuple[Opened, ...]
    report: Report

    @property
    def last(self) -> int:
        return len(self.events)

    def jumps(self) -> list[tuple[Text, int, Text]]:
        """(what, number, its head) of the next entry of each kind worth a jump."""
        found = []
        for dot, name in JUMPS.items():
            later = next((e for e in self.events[self.event.number :] if e.dot == dot), None)
            if later is not None:
                found.append((name, later.number, later.head))
        return found


def inspect(house: House, conn: Connection, case: Any, number: int, *, opened: bool) -> Inspection:
    """Entry `number` (from 1; beyond the ends the nearest) with the verdict on the whole chain.

    `opened`: the reader has opened this case, with a reason that stands in the log. Without it the
    values stay closed; whether they match is told all the same.
    """
    rules = house.rules(case.rulebook)
    stored = list(audit.entries(conn, case.id))
    entries = [each.entry for each in stored]
    names = names_of(conn, {entry["actor"]["id"] for entry in entries})
    reader = Reader(sealed=True, objections=True)
    events = [
        event_of(rules_then(house, entry, rules), each, entry, {}, names, reader)
        for each, entry in zip(stored, entries, strict=True)
    ]
    place = min(max(1, number), len(stored)) - 1
    entry = entries[place]
    openings = audit.openings(conn, house.vault, case.id, place)
    form = form_of(rules_then(house, entry, rules), entry)
    labels = {field.id: field.label for field in form.fields} if form else {}
    return Inspection(
        events=events,
        event=events[place],
        stored=stored[place],
        entry=entry,
        sealed=tuple(_opened(house, labels, name, one, opened) for name, one in sorted(openings.items())),
        report=audit.verify(conn, house.vault, chain=case.id),
    )


def _opened(house: House, labels: Mapping[str, Text], name: str, opening: Opening, opened: bool) -> Opened:
    paper = name.startswith(PAPER)
    held = False
    if paper and isinstance(opening.value, str):
        try:
            house.files.read(opening.value)
            held = True
        except PaperMissing:
            held = False
    shown = opening.value if opened or paper else None
    return Opened(
        name=name,
        label=labels.get(name) or _label(name),
        status=opening.status,
        value=None if shown is None else str(shown),
        paper=paper,
        paper_held=held,
        erased_by=None if opening.erased_by is None else opening.erased_by + 1,
    )


def _label(name: str) -> Text:
    """Sealed values that no form asks: a paper's fingerprint and file name, an objection, a reason."""
    kind, _, rest = name.partition(".")
    number = int(rest.partition(".")[0]) + 1 if rest[:1].isdigit() else 0
    match kind:
        case "attach":
            return Text(f"第{number}份材料的指纹", f"fingerprint of paper {number}")
        case "paper":
            return Text(f"第{number}份材料的文件名", f"file name of paper {number}")
        case "letter":
            return Text(f"第{number}份文书的指纹", f"fingerprint of letter {number}")
        case "sheet":
            return Text("计算表的指纹", "fingerprint of the calculation sheet")
        case "objection_text":
            return Text("异议内容", "objection")
        case "objector":
            return Text("异议人", "objector")
        case "contact":
            return Text("联系方式", "contact")
        case "reason":
            return Text("查看理由", "reason for reading")
        case _:
            return Text(name, name)


def visits_at(visits: Sequence[Visit], done_seqs: Sequence[int | None], event: Event) -> list[Visit]:
    """The places as they were right after one entry."""
    then = []
    for visit, done_seq in zip(visits, done_seqs, strict=True):
        if visit.opened_at > event.at:
            continue
        over = done_seq is not None and done_seq < event.number
        then.append(
            Visit(
                visit.process, visit.node, visit.state, visit.opened_at,
                visit.done_at if over else None, visit.paused and visit.done_at is None,
            )
        )  # fmt: skip
    return then
