"""Hand case histories out as data: the log first, then the file."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from workflow.actor import Actor
from workflow.commands import LogExport
from workflow.handle import handle
from workflow.house import House
from workflow.mining.disclosure import KEY, Disclosure
from workflow.mining.happenings import happenings
from workflow.mining.ocel import write_ocel
from workflow.mining.selection import Chosen, Selection
from workflow.mining.xes import write_xes
from workflow.reasons import require_reason

XES, OCEL = "xes", "ocel"
SUFFIXES: Final = {XES: ".xes", OCEL: ".json"}


@dataclass(frozen=True, slots=True)
class Export:
    """What is asked for. `identified`: with case numbers, accounts, offices, exact times and amounts."""

    format: str
    selection: Selection
    reason: str
    identified: bool = False


def hand_out(
    house: House,
    actor: Actor,
    export: Export,
    out: BinaryIO,
    at: datetime,
    request_id: str,
    random: Callable[[int], bytes] = os.urandom,
) -> int:
    """Write the selection to `out`, after the export stands in the log with its reason. Says how many cases.

    Raises:
        AnswersRefused: no reason. NotAllowed.
    """
    reason = require_reason(export.reason)
    chosen = Chosen.of(export.selection, actor, at)
    with house.reader.connect() as conn:
        count = chosen.count(conn)
    command = LogExport(export.format, count, not export.identified, export.selection.told(), reason)
    handle(house, actor, command, at=at, request_id=request_id)
    disclosure = Disclosure(None if export.identified else random(KEY))
    with house.reader.connect() as conn:
        found = happenings(house, conn, chosen, disclosure)
        if export.format == XES:
            write_xes(found, disclosure, out)
        else:
            write_ocel(conn, chosen, found, disclosure, out)
    return count
