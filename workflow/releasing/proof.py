"""Whether the log says that rules were released, and by two people: tables alone can be filled by anybody."""

from sqlalchemy import Connection, select

from audit import SYSTEM_CHAIN, CanonicalError, canonical
from audit.tables import audit_entry
from bpmn import Text
from workflow.store.models import InForce

NOT_RELEASED = Text("所用的规则在日志里没有放行记录", "the log knows of no release of these rules")
ALONE = Text("所用的规则由同一人提出并放行", "one person proposed and released these rules")


def release_fault(conn: Connection, digest: str) -> Text | None:
    """What is wrong with the release of a rule book; None when two people stand for it in the log.

    The first one of a database came with the program and has no proposal.
    """
    rows = conn.execute(
        select(audit_entry.c.seq, audit_entry.c.bytes)
        .join(InForce, InForce.seq == audit_entry.c.seq)
        .where(audit_entry.c.chain == SYSTEM_CHAIN, InForce.digest == digest)
        .order_by(audit_entry.c.seq)
    )
    fault = NOT_RELEASED
    for _, encoded in rows:
        try:
            entry = canonical.decode_strict(bytes(encoded))
        except CanonicalError:
            continue
        facts = entry["vars"]
        if entry["type"] != "rules_released" or facts.get("digest") != digest:
            continue
        if "proposal" not in facts or facts["proposed_by"] != facts["released_by"]:
            return None
        fault = ALONE
    return fault
