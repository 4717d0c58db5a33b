"""Who looked at what: every page that shows a case or a person is written down in the log of reads.

One entry for a page, in one transaction, whatever the number of cases it lists; beside the case it is
about, or in the system chain. It names numbers and codes, never a person; a reason that was asked for
stands sealed in an entry of its own (`workflow.cases.viewing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from audit import READS, SYSTEM_CHAIN
from workflow.actor import Actor
from workflow.cases.refusing import log_system
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import ListedReading, table


@dataclass(frozen=True, slots=True)
class Reading:
    """`what` was shown (see `workflow.reading.words.READ`): of one case, or of the cases a page lists.

    `facts`: the number of the person, paper or letter.
    """

    what: str
    case: UUID | None = None
    listed: Sequence[UUID] = ()
    facts: Mapping[str, int] = field(default_factory=dict)


def log_reading(house: House, actor: Actor, reading: Reading, at: datetime, request_id: str) -> None:
    """Write a reading down. Raises DBAPIError: then nothing may be shown."""
    facts: dict[str, object] = {"what": reading.what, **reading.facts}
    if reading.case is None and reading.listed:
        facts["cases"] = [case.hex for case in reading.listed]
    with transaction(house.engine) as conn:
        seq = log_system(
            house, conn, actor, "file_read", facts, at, request_id,
            case=reading.case or SYSTEM_CHAIN, log=READS,
        )  # fmt: skip
        if "cases" in facts:
            rows = [{"case_id": case, "seq": seq} for case in reading.listed]
            conn.execute(insert(table(ListedReading)), rows)
