"""All entries of a case executed once, each with what became of it: the frames the player steps through.

What is compared is said for every entry by itself. Behind an entry whose state the engine does not give again
nothing can be executed any more; the entries are shown all the same, and say so.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection

from audit import canonical
from audit.chain import BEGINNING
from audit.entry import shape_fault, time_fault
from audit.merkle import leaf_hash
from bpmn import Text
from workflow import engine
from workflow.player.clocks import Clocks, ClockThen
from workflow.reading.diagrams import Visit
from workflow.replay import IMPOSSIBLE, STEPS, Books, Course, Departed, why

Kind = Literal["same", "none", "differs", "unknown"]
SAME: Final = Text("重走结果与记录逐字节相同", "run again: the same as recorded, byte for byte")
NO_STEP: Final = Text(
    "这一条不改变流程状态，没有可重走的步骤", "no step of the diagrams: there is nothing to run again"
)
GONE: Final = Text("这一条不在了", "this entry is not there")
Mark = Literal["return", "data", "late", "refusal", "reassignment", "pause"]
REFUSED: Final = frozenset({"REFUSED", "NOT_ACCEPTED"})
LATE_LEVELS: Final = frozenset({"overdue", "second", "third"})
Known = tuple[str, str]
"""Where a value was asked: its form or step, and its name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`same`: executed again with the recorded result; `none`: nothing to execute; `differs`: named in
    `what`; `unknown`: cannot be executed any more.
    """

    kind: Kind
    what: Text

    @property
    def sound(self) -> bool:
        return self.kind in ("same", "none")


@dataclass(frozen=True, slots=True)
class Frame:
    """The case right after one entry. `entry` is None where its bytes are gone or are no entry.

    `written`: variable → (before, after) as the engine has changed them; as recorded where it could not run.
    `linked`: it stands at its place and holds the hash of the entry before it.
    """

    seq: int
    entry: Mapping[str, Any] | None
    verdict: Verdict
    executed: bool
    flow: str
    visits: tuple[Visit, ...]
    variables: Mapping[str, Any]
    written: Mapping[str, tuple[Any, Any]]
    clocks: tuple[ClockThen, ...]
    marks: frozenset[Mark]
    linked: bool

    @property
    def number(self) -> int:
        """From 1, as people count."""
        return self.seq + 1


@dataclass(frozen=True, slots=True)
class Film:
    """All frames; `state` and `legal`: where the execution ended; `digest`: that of the entries' bytes."""

    digest: str
    frames: tuple[Frame, ...]
    state: bytes
    legal: str | None
    commands: int

    def __repr__(self) -> str:
        return f"Film of {len(self.frames)} entries"

    @property
    def first_difference(self) -> Frame | None:
        return next((frame for frame in self.frames if not frame.verdict.sound), None)


def digest_of(encoded: Sequence[bytes | None]) -> str:
    """One digest over the bytes of all entries, each with its length."""
    found = hashlib.sha256()
    for one in encoded:
        found.update(b"-" if one is None else b"%d:" % len(one))
        found.update(one or b"")
    return found.hexdigest()


def film(books: Books, encoded: Sequence[bytes | None], conn: Connection | None = None) -> Film:
    """Execute a case's entries, in order; None stands for one that is missing. Raises nothing for what the
    entries hold.
    """
    shooting = _Shooting(books, conn)
    frames = tuple(shooting.frame(seq, one) for seq, one in enumerate(encoded))
    course = shooting.course
    return Film(digest_of(encoded), frames, course.state, course.legal, course.commands)


@dataclass(slots=True)
class _Shooting:
    """A case on its way through the engine."""

    books: Books
    conn: Connection | None
    course: Course = field(init=False)
    clocks: Clocks = field(default_factory=Clocks)
    visits: dict[int, Visit] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    done: set[Known] = field(default_factory=set)
    asked: set[Known] = field(default_factory=set)
    lost_at: int = 0
    leaf: bytes = BEGINNING

    def __post_init__(self) -> None:
        self.course = Course(self.books)

    def frame(self, seq: int, encoded: bytes | None) -> Frame:
        entry, fault = _read(encoded)
        if entry is None:
            return self._unreadable(seq, fault, encoded)
        verdict = self._verdict(seq, entry)
        step, at = self.course.step, datetime.fromisoformat(entry["at_claimed"])
        try:
            rules = self.books.rules(entry["rule"])
        except IMPOSSIBLE:
            rules = None
        try:
            clocks = self.clocks.follow(entry, step, rules)
        except IMPOSSIBLE:  # limits the rules do not know: the verdict has said what is wrong with them
            clocks = ()
        marks = set(_marks_of(entry)) | set(_marks_of_clocks(clocks, entry))
        written = self._written(entry, step)
        if step is not None:
            if self._see(step, at, frozenset(clock.limit_id for clock in clocks if clock.paused)):
                marks.add("return")
            self.variables = step.variables
        else:
            self.variables = {**self.variables, **{name: new for name, (_, new) in written.items()}}
        given = entry["vars"].get("answers") or {}
        changed = any(before is not None for name, (before, _) in written.items() if name in given)
        if self._asks_again(entry) or changed:
            marks.add("data")
        return Frame(
            seq, entry, verdict, step is not None, self.course.flow, tuple(self.visits.values()),
            self.variables, written, clocks, frozenset(marks), self._links(seq, entry, encoded),
        )  # fmt: skip

    def _unreadable(self, seq: int, fault: Text, encoded: bytes | None) -> Frame:
        if not self.course.lost:
            self.course.lost, self.lost_at = True, seq + 1
        return Frame(
            seq, None, Verdict("differs", fault), False, self.course.flow, tuple(self.visits.values()),
            self.variables, {}, (), frozenset(), self._links(seq, None, encoded),
        )  # fmt: skip

    def _links(self, seq: int, entry: Mapping[str, Any] | None, encoded: bytes | None) -> bool:
        before, self.leaf = self.leaf, b"" if encoded is None else leaf_hash(encoded)
        return entry is not None and (entry["seq"], entry["prev"]) == (seq, before.hex())

    def _verdict(self, seq: int, entry: Mapping[str, Any]) -> Verdict:
        step = entry["command"].get("name") in STEPS
        if self.course.lost:
            self.course.step = None
            if not step:
                return Verdict("none", NO_STEP)
            n = self.lost_at
            return Verdict(
                "unknown",
                Text(
                    f"第{n}条起状态对不上，这一步不能重走",
                    f"cannot be run: the state is lost since entry {n}",
                ),
            )
        try:
            self.course.follow(self.conn, entry)
        except (Departed, *IMPOSSIBLE) as error:
            if self.course.lost:
                self.lost_at = seq + 1
            return Verdict("differs", why(error))
        return Verdict("same", SAME) if step else Verdict("none", NO_STEP)

    def _written(self, entry: Mapping[str, Any], step: engine.Step | None) -> Mapping[str, tuple[Any, Any]]:
        after = step.variables if step is not None else {}
        if step is None and entry["command"].get("name") in STEPS:  # it could not be run: as it says itself
            after = {**entry["vars"].get("start", {}), **entry["vars"].get("answers", {})}
        before = self.variables
        return {name: (before.get(name), new) for name, new in after.items() if before.get(name) != new}

    def _see(self, step: engine.Step, at: datetime, paused: frozenset[str]) -> bool:
        """Note which places are open now. Whether a step that had been done is open again."""
        now_open, back = {place.id: place for place in step.open}, False
        for number, visit in self.visits.items():
            if visit.done_at is None and number not in now_open:
                self.visits[number] = replace(visit, done_at=at, paused=False)
                self.done.add((visit.process, visit.node))
        for number, place in now_open.items():
            limits = place.properties.get("limit", "").split()
            stands = bool(limits) and paused.issuperset(limits)
            known = self.visits.get(number)
            if known is not None:
                self.visits[number] = replace(known, paused=stands)
                continue
            state = place.properties.get("state", "")
            self.visits[number] = Visit(place.process, place.node, state, at, None, stands)
            again = (place.process, place.node) in self.done and place.kind == "user"
            back = back or (again and not state.startswith("NOTICE_"))
        return back

    def _asks_again(self, entry: Mapping[str, Any]) -> bool:
        """Whether something sealed is written that the same step had written before."""
        where = (entry["task"] or {}).get("node", entry["type"])
        names = {(where, name) for name in entry["commit"] if "." not in name}
        again = bool(names & self.asked)
        self.asked |= names
        return again


def _read(encoded: bytes | None) -> tuple[Mapping[str, Any] | None, Text]:
    if encoded is None:
        return None, GONE
    try:
        entry = canonical.decode_strict(encoded)
    except canonical.CanonicalError as error:
        return None, Text(f"这一条的字节读不出来：{error}", f"the bytes cannot be read: {error}")
    fault = shape_fault(entry)
    if fault is not None:
        return None, Text(f"这一条不是日志条目：{fault}", f"this is no entry: {fault}")
    fault = time_fault(entry)
    if fault is not None:
        return None, Text(f"这一条的时间自相矛盾：{fault}", f"its times contradict each other: {fault}")
    return entry, GONE


def _marks_of(entry: Mapping[str, Any]) -> Iterator[Mark]:
    kind, to = entry["type"], entry["to"]
    if to == "RETURNED_FOR_PAPERS" != entry["from"]:
        yield "return"
    if to in REFUSED and to != entry["from"]:
        yield "refusal"
    if kind == "step_handed_over":
        yield "reassignment"
    if kind == "supervision_answer_overdue" or (
        kind == "alarm_raised" and entry["vars"].get("level") in LATE_LEVELS
    ):
        yield "late"
    if kind in ("case_paused", "deadline_paused"):
        yield "pause"


def _marks_of_clocks(clocks: Sequence[ClockThen], entry: Mapping[str, Any]) -> Iterator[Mark]:
    for clock in clocks:
        if clock.moved and clock.paused:
            yield "pause"
        if clock.late and entry["type"] == "task_completed":
            yield "late"
