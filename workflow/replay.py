"""Re-execute a case from its log, on the recorded diagrams, and compare every state byte for byte.

The log holds for each command what the engine was given: the command, its variables, the time, and
every date the calendar answered. So the same kernel must give the same bytes; where it does not,
either the log or the state was changed, or a step was taken that the diagram does not know.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from audit import entries as read_entries
from bpmn import Text
from workflow import engine
from workflow.errors import NotFound
from workflow.house import House
from workflow.store.models import Case

STEPS = frozenset({"start", "complete", "message", "tick"})


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


def replay(house: House, conn: Connection, case_id: UUID) -> Replayed:
    """Replay one case.

    Raises:
        NotFound: there is no such case, or the rule book it was recorded on is missing.
    """
    row = conn.execute(select(Case.number, Case.engine, Case.seq).where(Case.id == case_id)).first()
    if row is None:
        raise NotFound()
    state, entries, commands = b"", 0, 0
    for seq, stored in enumerate(read_entries(conn, case_id)):
        entry = stored.entry
        entries += 1
        if entry["command"]["name"] not in STEPS:
            continue
        commands += 1
        try:
            state = redo(house, state, entry)
        except (engine.StepRefused, engine.Incident, KeyError, ValueError) as error:
            return Replayed(case_id, row.number, entries, commands, _impossible(seq, error))
        if hashlib.sha256(state).hexdigest() != entry["command"]["state"]:
            return Replayed(case_id, row.number, entries, commands, _differs(seq))
    difference = None
    if state != bytes(row.engine):
        difference = Difference(
            row.seq, Text("数据库里的状态与重放结果不同", "the stored state differs from the replayed one")
        )
    elif entries != row.seq + 1:
        difference = Difference(
            entries,
            Text(f"应有{row.seq + 1}条，只有{entries}条", f"{row.seq + 1} entries expected, {entries} found"),
        )
    return Replayed(case_id, row.number, entries, commands, difference)


def _impossible(seq: int, error: Exception) -> Difference:
    return Difference(
        seq, Text(f"流程图不允许这一步：{error}", f"the diagram does not allow this step: {error}")
    )


def _differs(seq: int) -> Difference:
    return Difference(seq, Text("重放的状态与记录不同", "the replayed state differs from the recorded one"))


def redo(house: House, state: bytes, entry: Mapping[str, Any]) -> bytes:
    """The state after one recorded command."""
    if entry["kernel"] != engine.KERNEL:
        raise ValueError(f"recorded by kernel {entry['kernel']}, this is {engine.KERNEL}")
    model = house.rules(entry["rule"]).model
    given, command = entry["vars"], entry["command"]
    at, due = datetime.fromisoformat(entry["at_claimed"]), Recorded(given.get("dues", {}))
    match command["name"]:
        case "start":
            return engine.start(model, given["flow"], given["start"], at, due).state
        case "complete":
            done: engine.Command = engine.Complete(command["task"], given["answers"])
        case "message":
            done = engine.Message(command["message"], given["answers"])
        case _:
            done = engine.Tick()
    return engine.step(model, state, done, at, due).state


def replay_all(
    house: House, progress: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Replayed]:
    """Replay every case, oldest first."""
    with house.reader.connect() as conn:
        ids = conn.scalars(select(Case.id).order_by(Case.opened_at, Case.id)).all()
    for number, case_id in enumerate(ids, start=1):
        with house.reader.connect() as conn:
            yield replay(house, conn, case_id)
        progress(number, len(ids))
