"""Which database users may do what with the log on PostgreSQL: the least that each part of the office needs.

    owner       no login; everything belongs to it: migrations, keys and recovery are done in its name
    app         pages and worker: adds entries and sealed values, reads all of the log, changes none of it
    sequencer   gives entries their places, writes ticks; the only one that empties the queue
    auditor     reads the log, sealed values included (without their key they say nothing), and nothing else
    eraser      as app, and may delete sealed values and their keys

Heads and the queue are written by the database itself (`audit.triggers_postgresql`), for whoever inserts.
"""

from collections.abc import Mapping
from typing import Final

from audit.tables import METADATA

OWNER, APP, SEQUENCER, AUDITOR, ERASER = "owner", "app", "sequencer", "auditor", "eraser"
LOGINS: Final = (APP, SEQUENCER, AUDITOR, ERASER)

_READ: Final = "SELECT"
_ADD: Final = "SELECT, INSERT"
_MORE: Final[Mapping[str, Mapping[str, str]]] = {
    APP: {"audit_entry": _ADD, "audit_vault": _ADD, "audit_key": _ADD},
    SEQUENCER: {
        "audit_entry": _ADD,
        "audit_index": _ADD,
        "audit_tree": _ADD,
        "audit_signer": _ADD,
        "audit_pending": "SELECT, DELETE",
    },
    ERASER: {
        "audit_entry": _ADD,
        "audit_vault": "SELECT, INSERT, DELETE",
        "audit_key": "SELECT, INSERT, DELETE",
        "audit_erasure": _ADD,
    },
}


def rights(role: str) -> Mapping[str, str]:
    """Table of the log → what the role may do with it."""
    return {table: _MORE.get(role, {}).get(table, _READ) for table in METADATA.tables}
