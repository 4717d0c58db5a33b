"""Receipts of decisions and payments: asked for in the step's own transaction, filled in once published.

What is kept is the text of a tlog-proof (`audit.proof`). A payment order leaves the house only with it, and
the letter prints it.
"""

from uuid import UUID

import structlog
from sqlalchemy import Connection, bindparam, select, update

from audit.tiles import TreeBroken
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import Receipt, table
from workflow.store.prepared import Prepared

AT_ONCE = 500
RECEIPT = table(Receipt)
_WAITING = Prepared(
    select(RECEIPT.c.case_id, RECEIPT.c.seq)
    .where(RECEIPT.c.proof.is_(None))
    .order_by(RECEIPT.c.case_id, RECEIPT.c.seq)
    .limit(AT_ONCE)
)
_FILL = (
    update(RECEIPT)
    .where(RECEIPT.c.case_id == bindparam("case"), RECEIPT.c.seq == bindparam("number"))
    .values(proof=bindparam("text"))
)

log = structlog.get_logger("receipts")


def proof_of(conn: Connection, case_id: UUID, seq: int) -> str | None:
    """The receipt's text; None while there is none."""
    found: str | None = conn.scalar(
        select(RECEIPT.c.proof).where(RECEIPT.c.case_id == case_id, RECEIPT.c.seq == seq)
    )
    return found


def fill_in(house: House) -> int:
    """Write the receipts of what is published meanwhile; how many. Nothing where the log is not published."""
    with house.reader.connect() as conn:
        waiting = [(row.case_id, row.seq) for row in _WAITING.all(conn, {})]
        try:
            found = house.published().receipts(conn, waiting)
        except TreeBroken as error:
            log.error("no_receipts", waiting=len(waiting), reason=str(error))
            return 0
    if found:
        rows = [{"case": case, "number": seq, "text": str(proof)} for (case, seq), proof in found.items()]
        with transaction(house.engine, ahead=True) as conn:
            conn.execute(_FILL, rows)
    return len(found)
