"""Entries that the log writes about itself: keys, ticks, recoveries. They belong to no case and no person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from audit.chain import SYSTEM_CHAIN, Appended, append_next
from audit.entry import LOG, Draft
from audit.vault import Vault

NOBODY: Mapping[str, Any] = {"id": 0, "role": "SYS", "org": "", "on_behalf": None}
ITSELF = "audit/1"


def append_system(
    conn: Connection,
    vault: Vault,
    kind: str,
    facts: Mapping[str, Any],
    at: datetime,
    log: str = LOG,
    actor: Mapping[str, Any] = NOBODY,
) -> Appended:
    """Write an entry of that type to the log's system chain."""
    draft = Draft(
        type=kind,
        vars=facts,
        frm=None,
        to=None,
        actor=actor,
        task=None,
        at_claimed=at,
        rule=ITSELF,
        command={"name": "none"},
        kernel=ITSELF,
        request=None,
        log=log,
    )
    return append_next(conn, vault, SYSTEM_CHAIN, draft, at)
