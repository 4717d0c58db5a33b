"""Re-execute a case from its log, on the recorded diagrams, and compare every state byte for byte.

The log holds for each command what the engine was given: the command, its variables, the time, and
every date the calendar answered. So the same kernel must give the same bytes; where it does not,
either the log or the state was changed, or a step was taken that the diagram does not know.

Beside the bytes, each step is held against what the diagram says of it: the place it was taken at,
the role, the people it excludes, and the legal state it led to.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, select

from audit import CanonicalError, canonical
from audit import entries as read_entries
from bpmn import RulebookError, Text
from workflow import engine
from workflow.amounts import PolicyRefused
from workflow.cases.places import state_of
from workflow.errors import NotFound
from workflow.house import House
from workflow.releasing.proof import release_fault
from workflow.rules import Rules, released_files
from workflow.store.models import Case

STEPS = frozenset({"start", "complete", "message", "migrate", "signal", "tick", "retime"})
IMPOSSIBLE = (
    engine.StepRefused,
    engine.Incident,
    engine.MoveRefused,
    engine.ModelRefused,
    RulebookError,
    PolicyRefused,
    CanonicalError,
    NotFound,
    LookupError,
    TypeError,
    ValueError,
)
"""Whatever a recorded command cannot be run for: all of it says that the log was not written by us."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first entry at which the recorded and the recomputed case part."""

    seq: int
    what: Text


@dataclass(frozen=True, slots=True)
class Replayed:
    """What replaying one case has shown. `commands` counts engine steps, not entries."""

    case_id: UUID
    number: str
    entries: int
    commands: int
    difference: Difference | None


class Recorded:
    """The calendar's recorded answers; asking for one that was not recorded is a difference."""

    def __init__(self, dues: Mapping[str, str]) -> None:
        self._dues = dues

    def __call__(self, limit_id: str) -> datetime:
        return datetime.fromisoformat(self._dues[limit_id])


class Departed(Exception):
    """The recorded course leaves what the diagram allows."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.what = Text(zh, en)


class Books(Protocol):
    """Where the recorded rule books are: the house, or an evidence bundle."""

    def rules(self, digest: str) -> Rules:
        """The rule book of that digest. Raises NotFound, RulebookError."""


@dataclass(slots=True)
class Course:
    """One case as far as it has been replayed. `released`: rule books found to be what was released, to which
    it adds; cases that are replayed in one go share them.
    """

    house: Books
    released: set[str] = field(default_factory=set)
    state: bytes = b""
    legal: str | None = None
    flow: str = ""
    rule: str = ""
    places: dict[int, engine.Open] = field(default_factory=dict)
    doers: dict[str, set[int]] = field(default_factory=dict)
    commands: int = 0
    step: engine.Step | None = None
    lost: bool = False

    def follow(self, conn: Connection | None, entry: Mapping[str, Any]) -> None:
        """Take the step of one entry, if it is one. Without a connection the books are as they are.

        `step` is then what the engine has come to, None for an entry without one. A step that departs in
        something else than its state is taken all the same; after one that does not give the recorded state
        the course is `lost`: nothing is known from which the next could be taken.

        Raises:
            Departed, and what `IMPOSSIBLE` lists: the first of what is wrong.
        """
        self.step = None
        wrong: list[Exception] = []
        name = entry["command"]["name"]
        with _noting(wrong):
            self._follow_the_rules(conn, entry, name)
        if name not in STEPS:
            if self.commands and entry["to"] != self.legal:
                wrong.append(Departed("没有办理，状态却变了", "the state changed without a step"))
        else:
            if name == "complete":
                with _noting(wrong):
                    self._require_the_diagram_s_doer(entry)
            with _noting(wrong):
                self._take(entry, name)
        if wrong:
            raise wrong[0]

    def _follow_the_rules(self, conn: Connection | None, entry: Mapping[str, Any], name: str) -> None:
        if name == "migrate" and entry["vars"]["from"] == self.rule:
            self.rule = entry["vars"]["to"]
            self._require_released(conn)
        if self.commands and entry["rule"] != self.rule:
            raise Departed("规则换了，却没有迁移记录", "other rules hold although the case was not moved")
        if not self.commands and name in STEPS:
            self.rule = entry["rule"]
            self._require_released(conn)

    def _require_released(self, conn: Connection | None) -> None:
        """The very files that two people have released, by the log's word; nothing to ask without a database.

        Raises:
            Departed, NotFound; RulebookError: files that are not those (audit-log, attempt 33).
        """
        if conn is None or self.rule in self.released:
            return
        released_files(conn, self.rule)
        fault = release_fault(conn, self.rule)
        if fault is not None:
            raise Departed(fault.zh, fault.en)
        self.released.add(self.rule)

    def _take(self, entry: Mapping[str, Any], name: str) -> None:
        if self.lost:
            raise Departed("前面的状态对不上，这一步不能重走", "the state before it is not known")
        self.lost = True
        self.commands += 1
        step = redo(self.house, self.state, entry)
        if hashlib.sha256(step.state).hexdigest() != entry["command"]["state"]:
            raise Departed("重放的状态与记录不同", "the replayed state differs from the recorded one")
        self.lost, self.step = False, step
        self.flow = entry["vars"].get("flow", self.flow)
        rules = self.house.rules(entry["rule"])
        if name == "start":
            begun = rules.model.flows[self.flow].start
            self.doers.setdefault(begun, set()).add(entry["actor"]["id"])
        self.state, self.legal = step.state, state_of(step, rules, self.flow) or self.legal
        self.places = {place.id: place for place in step.open}
        if entry["to"] != self.legal:
            raise Departed(
                f"记录的状态是{entry['to']}，重放得到{self.legal}",
                f"the recorded legal state is {entry['to']}, the replayed one {self.legal}",
            )

    def _require_the_diagram_s_doer(self, entry: Mapping[str, Any]) -> None:
        """Place, role and separation of duties, read from the diagram (audit-log, attempts 31 and 32)."""
        place = self.places.get(entry["command"]["task"])
        if place is None:
            raise Departed("这一步当时没有打开", "this step was not open")
        task, actor = entry["task"], entry["actor"]
        if (task["spec"], task["node"]) != (place.process, place.node):
            raise Departed(
                f"记录的环节{task['node']}不是打开的环节{place.node}",
                f"the recorded step {task['node']} is not the open one, {place.node}",
            )
        if actor["role"] != place.properties.get("role"):
            raise Departed(f"岗位{actor['role']}不能办这一步", f"{actor['role']} may not do this step")
        for earlier in place.properties.get("not_by", "").split():
            if actor["id"] in self.doers.get(earlier, ()):
                raise Departed(
                    f"同一人办过{earlier}，不能再办这一步",
                    f"whoever did {earlier} may not do this step",
                )
        self.doers.setdefault(place.node, set()).add(actor["id"])


@contextmanager
def _noting(wrong: list[Exception]) -> Iterator[None]:
    try:
        yield
    except (Departed, *IMPOSSIBLE) as fault:
        wrong.append(fault)


def replay(house: House, conn: Connection, case_id: UUID, released: set[str] | None = None) -> Replayed:
    """Replay one case. `released`: see `Course`.

    Raises:
        NotFound: there is no such case.
    """
    row = conn.execute(
        select(Case.number, Case.engine, Case.state, Case.seq).where(Case.id == case_id)
    ).first()
    if row is None:
        raise NotFound()
    course = Course(house, set() if released is None else released)
    entries, difference = walk(course, (stored.bytes for stored in read_entries(conn, case_id)), conn)
    if difference is not None:
        return Replayed(case_id, row.number, entries, course.commands, difference)

    def result(seq: int, what: Text) -> Replayed:
        return Replayed(case_id, row.number, entries, course.commands, Difference(seq, what))

    if course.state != bytes(row.engine):
        return result(
            row.seq, Text("数据库里的状态与重放结果不同", "the stored state differs from the replayed one")
        )
    if course.legal != row.state:
        return result(
            row.seq,
            Text(
                f"案件的状态是{row.state}，重放得到{course.legal}",
                f"the case says {row.state}, not {course.legal}",
            ),
        )
    if entries != row.seq + 1:
        return result(
            entries,
            Text(f"应有{row.seq + 1}条，只有{entries}条", f"{row.seq + 1} entries expected, {entries} found"),
        )
    return Replayed(case_id, row.number, entries, course.commands, None)


def walk(
    course: Course, encoded: Iterable[bytes], conn: Connection | None = None
) -> tuple[int, Difference | None]:
    """Take the recorded steps as far as they go. Returns how many entries were read, and where they part."""
    entries = 0
    for seq, one in enumerate(encoded):
        entries += 1
        try:
            course.follow(conn, canonical.decode_strict(one))
        except (Departed, *IMPOSSIBLE) as error:
            return entries, Difference(seq, why(error))
    return entries, None


def why(error: Exception) -> Text:
    """What `Course.follow` has raised, in words."""
    if isinstance(error, Departed):
        return error.what
    zh = getattr(error, "message", None) or getattr(error, "reason", None)
    told = zh if isinstance(zh, Text) else Text(str(error), str(error))
    return Text(
        f"规则和流程图不允许这一步：{told.zh}", f"rules and diagram do not allow this step: {told.en}"
    )


def redo(house: Books, state: bytes, entry: Mapping[str, Any]) -> engine.Step:
    """One recorded command, taken again."""
    if entry["kernel"] != engine.KERNEL:
        raise ValueError(f"recorded by kernel {entry['kernel']}, this is {engine.KERNEL}")
    model = house.rules(entry["rule"]).model
    given, command = entry["vars"], entry["command"]
    at, due = datetime.fromisoformat(entry["at_claimed"]), Recorded(given.get("dues", {}))
    match command["name"]:
        case "start":
            return engine.start(model, given["flow"], given["start"], at, due)
        case "complete":
            done: engine.Command = engine.Complete(command["task"], given["answers"])
        case "message":
            done = engine.Message(command["message"], given["answers"])
        case "migrate":
            return engine.migrate(house.rules(given["from"]).model, model, state)
        case "signal":
            done = engine.Signal(command["signal"])
        case "retime":
            done = engine.Retime()
        case _:
            done = engine.Tick()
    return engine.step(model, state, done, at, due)


def replay_all(
    house: House, progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Replayed]:
    """Replay every case, oldest first; the files of each rule book are compared once."""
    released = set[str]()
    with house.reader.connect() as conn:
        ids = conn.scalars(select(Case.id).order_by(Case.opened_at, Case.id)).all()
    for number, case_id in enumerate(ids, start=1):
        with house.reader.connect() as conn:
            yield replay(house, conn, case_id, released)
        progress(number, len(ids))
