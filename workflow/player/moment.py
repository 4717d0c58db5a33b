"""One moment of a case in words: the entry, its verdict, the diagram, data, clocks, papers as they were."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from audit import Stored
from audit.merkle import leaf_hash
from bpmn import Text
from workflow.deadlines import Standing
from workflow.player.clocks import ClockThen
from workflow.player.film import Frame, Mark
from workflow.player.record import LetterThen, PaperThen, Record, Refused, SheetThen
from workflow.player.values import Change, Line, followed
from workflow.reading.diagrams import Diagram, Marked, chain_to, diagrams, mark
from workflow.reading.said import Reader
from workflow.reading.timeline import Event, event_of, head_of
from workflow.reading.words import KINDS, PUBLIC_ROLE
from workflow.replay import IMPOSSIBLE
from workflow.rules import Rules

NO_ENTRY: Final = Text("读不出来的一条", "An entry that cannot be read")
MARKS: Final[Mapping[Mark, Text]] = {
    "return": Text("退回", "return"),
    "data": Text("数据变更", "change of data"),
    "late": Text("超期", "overdue step"),
    "refusal": Text("不予办理或被拒", "refusal"),
    "reassignment": Text("改派", "reassignment"),
    "pause": Text("停表", "stop of the clock"),
}


@dataclass(frozen=True, slots=True)
class Who:
    """Who wrote an entry, from which seat; `name` is empty without a database; `on_behalf` is the log's."""

    id: int
    name: str
    role: Text
    office: str
    on_behalf: Any


@dataclass(frozen=True, slots=True)
class Moment:
    """The case right after one entry. Without rules there is no diagram and no words of a form."""

    frame: Frame
    event: Event | None
    head: Text
    who: Who | None
    claimed: datetime | None
    recorded: datetime | None
    lines: Sequence[Line]
    changes: Sequence[Change]
    clocks: Sequence[tuple[ClockThen, Standing | None]]
    papers: Sequence[PaperThen]
    sheet: SheetThen | None
    letters: Sequence[LetterThen]
    refused: Sequence[Refused]
    rules: Rules | None
    drawn: Diagram | None
    steps: Sequence[Marked]

    @property
    def number(self) -> int:
        return self.frame.number

    @property
    def entry(self) -> Mapping[str, Any] | None:
        return self.frame.entry


def moment_at(record: Record, place: int) -> Moment:
    """The moment right after entry `place`, from 0."""
    lines: list[Line] = []
    changes: list[Change] = []
    frames = record.film.frames[: place + 1]
    for known, written in followed(frames, record.known_rules, record.sealed):
        lines, changes = list(known.values()), written
    return _moment(record, place, lines, changes)


def chronicle(record: Record) -> Iterator[Moment]:
    """Every moment, in order; the values that stood already are left out, the changes tell them."""
    changes = followed(record.film.frames, record.known_rules, record.sealed)
    for place, (_, written) in enumerate(changes):
        yield _moment(record, place, (), written)


def _moment(record: Record, place: int, lines: Sequence[Line], changes: Sequence[Change]) -> Moment:
    frame = record.film.frames[place]
    entry = frame.entry
    rules = _rules_then(record, place)
    event = _event(record, frame, rules)
    at = datetime.fromisoformat(entry["at_claimed"]) if entry is not None else None
    drawn, steps = _diagram(frame, rules, event.process if event else None)
    return Moment(
        frame=frame,
        event=event,
        head=head_then(record, frame),
        who=_who(record, entry, rules),
        claimed=at,
        recorded=datetime.fromisoformat(entry["at_recorded"]) if entry is not None else None,
        lines=lines,
        changes=changes,
        clocks=[
            (clock, clock.standing(record.calendar, at) if at is not None else None) for clock in frame.clocks
        ],
        papers=[paper for paper in record.papers if paper.seq <= place],
        sheet=next((sheet for sheet in reversed(record.sheets) if sheet.seq <= place), None),
        letters=[letter for letter in record.letters if letter.seq <= place],
        refused=_refused_after(record, place),
        rules=rules,
        drawn=drawn,
        steps=steps,
    )


def jumps_from(record: Record, place: int) -> Mapping[Mark, int | None]:
    """For each kind of entry worth a jump the number (from 1) of the next one; None where none follows."""
    later = record.film.frames[place + 1 :]
    found = {kind: next((f.number for f in later if kind in f.marks), None) for kind in MARKS}
    refused = next((f.number for f in later if _refused_after(record, f.seq)), None)
    if refused is not None and (found["refusal"] is None or refused < found["refusal"]):
        found["refusal"] = refused
    return found


def head_then(record: Record, frame: Frame) -> Text:
    """The first words of an entry, as far as its rules are there."""
    entry = frame.entry
    if entry is None:
        return NO_ENTRY
    rules = record.rules(entry["rule"])
    if rules is not None:
        try:
            return head_of(rules, entry)
        except IMPOSSIBLE:  # a step the diagrams do not know: the verdict says so
            pass
    return KINDS.get(entry["type"], Text(entry["type"], entry["type"]))


def _rules_then(record: Record, place: int) -> Rules | None:
    """The rules of the last entry up to here that names any that are there."""
    for frame in reversed(record.film.frames[: place + 1]):
        if frame.entry is not None and (rules := record.rules(frame.entry["rule"])) is not None:
            return rules
    return None


def _event(record: Record, frame: Frame, rules: Rules | None) -> Event | None:
    entry, encoded = frame.entry, record.encoded[frame.seq]
    if entry is None or encoded is None or rules is None:
        return None
    stored = Stored(
        record.case_id, frame.seq, leaf_hash(encoded), bytes.fromhex(entry["prev"]), encoded,
        datetime.fromisoformat(entry["at_recorded"]),
    )  # fmt: skip
    try:
        return event_of(rules, stored, entry, {}, record.people, Reader(sealed=True, objections=True))
    except IMPOSSIBLE:
        return None


def _who(record: Record, entry: Mapping[str, Any] | None, rules: Rules | None) -> Who | None:
    if entry is None:
        return None
    actor = entry["actor"]
    roles = rules.rulebook.roles if rules is not None else {}
    role = roles[actor["role"]].name if actor["role"] in roles else None
    if role is None:
        role = PUBLIC_ROLE if not actor["role"] else Text(actor["role"], actor["role"])
    office = record.offices.get(actor["org"], actor["org"])
    return Who(actor["id"], record.people.get(actor["id"], ""), role, office, actor["on_behalf"])


def _diagram(
    frame: Frame, rules: Rules | None, process: str | None
) -> tuple[Diagram | None, Sequence[Marked]]:
    """The diagram beside an entry: below the top one, where its step is or the case stood then."""
    if rules is None:
        return None, ()
    known = diagrams(rules.rulebook)
    if frame.flow not in known:
        return None, ()
    if process is None or process == frame.flow or process not in known:
        standing = [visit.process for visit in frame.visits if visit.done_at is None]
        process = standing[-1] if standing else frame.flow
    chain = chain_to(known, frame.flow, process)
    shown = known[chain[1] if len(chain) > 1 else chain[0]]
    return shown, mark(known, shown.process, frame.visits, frame.variables)


def _refused_after(record: Record, place: int) -> Sequence[Refused]:
    """What was refused between this entry and the next."""
    begin, end = _time(record, place), _time(record, place + 1)
    if begin is None:
        return ()
    return [one for one in record.refused if begin <= one.at and (end is None or one.at < end)]


def _time(record: Record, place: int) -> datetime | None:
    frames = record.film.frames
    entry = frames[place].entry if place < len(frames) else None
    return datetime.fromisoformat(entry["at_recorded"]) if entry is not None else None
