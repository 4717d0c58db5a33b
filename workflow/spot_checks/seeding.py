"""Where in the published log the seed of a draw comes from.

Either the log at a size that the plan has named, or the log up to and with its first time record (`tick`,
which holds the newest checkpoint) on or after a day, by the clock in Shanghai. Both are one exact size, so
there is one root, and every checkpoint from then on proves it.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Connection, select

from audit import LOG, SYSTEM_CHAIN, canonical, index
from audit.tables import audit_entry
from bpmn import Text
from workflow.deadlines import SHANGHAI
from workflow.errors import StepImpossible
from workflow.house import House

VOID: Final = Text(
    "这份计划的种子位置已经不能用（日志重建过，或者计划本身排在它后面）。请重新制定计划。",
    "The place in the log that the seed hangs on cannot be used any more. Plan anew.",
)
_TICK: Final = b'"type":"tick"'
_READ_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Hook:
    """The log at `size` entries; `root` as checkpoints have it, base64."""

    size: int
    root: str


def hook_of(house: House, conn: Connection, seq: int, facts: Mapping[str, Any]) -> Hook:
    """What the seed of a plan hangs on. `seq`: the plan's entry, whose `vars` are `facts`.

    Raises:
        StepImpossible: the published log is not so far yet, or is another log by now.
    """
    known, newest = index.trees(conn).get(LOG), house.published().newest()
    if newest is None or known is None:
        raise StepImpossible(
            Text("这台机器上没有公开的日志，不能抽取。", "The published log is not on this machine.")
        )
    seen, tree = newest
    if seen.checkpoint.origin != facts["origin"]:
        raise StepImpossible(VOID)
    size = _size_on(house, conn, known[0], seq, facts["on"]) if "on" in facts else facts["size"]
    if tree.size < size:
        missing = size - tree.size
        raise StepImpossible(
            Text(
                f"还不能抽取：种子要等日志公开到第{size}条，还差{missing}条。",
                f"Not yet: the seed waits for entry {size} to be published; {missing} are missing.",
            )
        )
    place = index.places(conn, known[0], [(SYSTEM_CHAIN, seq)]).get((SYSTEM_CHAIN, seq))
    if place is None or place >= size - 1:
        raise StepImpossible(VOID)
    return Hook(size, b64encode(tree.root_at(size)).decode())


def _size_on(house: House, conn: Connection, tree: int, seq: int, on: str) -> int:
    """The size of the log with its first time record on or after that day (YYYY-MM-DD).

    Raises:
        StepImpossible: there is none yet, or it has no place yet.
    """
    begins = datetime.combine(date.fromisoformat(on), time.min, SHANGHAI)
    tick = _first_tick(conn, seq, begins) if house.now() >= begins else None
    place = (
        None if tick is None else index.places(conn, tree, [(SYSTEM_CHAIN, tick)]).get((SYSTEM_CHAIN, tick))
    )
    if place is None:
        raise StepImpossible(
            Text(
                f"还不能抽取：种子要等{on}零时以后日志的第一条时间记录。",
                f"Not yet: the seed waits for the log's first time record on or after {on}.",
            )
        )
    return place + 1


def _first_tick(conn: Connection, seq: int, begins: datetime) -> int | None:
    entry = audit_entry.c
    later = (
        select(entry.seq, entry.bytes)
        .where(entry.chain == SYSTEM_CHAIN, entry.seq > seq)
        .order_by(entry.seq)
        .execution_options(stream_results=True, yield_per=_READ_AT_ONCE)
    )
    with conn.execute(later) as rows:
        for number, content in rows:
            if _TICK not in content:
                continue
            said = canonical.decode_strict(content)
            if said["type"] == "tick" and datetime.fromisoformat(said["at_recorded"]) >= begins:
                return int(number)
    return None
