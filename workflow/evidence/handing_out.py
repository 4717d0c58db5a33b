"""Hand the evidence of a case out: the log first, then the file."""

import time
from datetime import datetime
from typing import BinaryIO, Final
from uuid import UUID

from audit.sequencer import NotHere
from workflow.actor import Actor
from workflow.commands import LogReading
from workflow.evidence.bundle import published_note, write_bundle
from workflow.handle import handle
from workflow.house import House
from workflow.reasons import require_reason

PATIENCE: Final = 30
"""Tenths of a second that a sequencer at work elsewhere is waited for."""


def hand_out(
    house: House, actor: Actor, case_id: UUID, reason: str, out: BinaryIO, at: datetime, request_id: str
) -> None:
    """Write the bundle of a case to `out`, after the export stands in the log with its reason.

    Raises:
        AnswersRefused: no reason. NotFound, NotAllowed.
    """
    reason = require_reason(reason)
    handle(house, actor, LogReading(case_id, "bundle", reason), at=at, request_id=request_id)
    _publish(house)
    with house.reader.connect() as conn:
        write_bundle(house, conn, actor, case_id, out, at)


def _publish(house: House) -> None:
    """Let the newest entries get their receipts: sequence them here, or wait a moment for who does.

    What still has none is in the bundle all the same, and the checker says so.
    """
    before = published_note(house.home)
    for _ in range(PATIENCE):
        try:
            done = house.sequencer().round()
        except NotHere:  # another machine publishes
            done = None
        if done is not None or published_note(house.home) != before:
            return
        time.sleep(0.1)
