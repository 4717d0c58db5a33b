"""The log: what happened, in an order that can be checked.

Layer 1: every entry is canonical JSON (`canonical`, `entry`), chained per case (`chain`), written in the
transaction of the caller into tables (`tables`) that refuse to be rewritten (`guards`). Personal values stand
in the entry as salted commitments and lie encrypted in the vault (`vault`). `verify` checks all of it.

The log knows nothing of the flows, the pages or the people: it is given drafts and keeps them.
"""

from audit import canonical
from audit.canonical import CanonicalError
from audit.chain import (
    LOGS,
    SYSTEM_CHAIN,
    Appended,
    ChainBroken,
    Head,
    Stored,
    append,
    append_next,
    chain_of,
    entries,
    head,
)
from audit.entry import LOG, READS, Attachment, Draft
from audit.entry_types import EntryRefused, EntryType, declare
from audit.receipts import Published
from audit.report import Fault, Opening, Report, Status
from audit.sequencer import Sequencer
from audit.text import Text
from audit.vault import Vault, VaultError, load_key, load_or_create_key, open_vault
from audit.verify import openings, verify

__all__ = [
    "LOG",
    "LOGS",
    "READS",
    "SYSTEM_CHAIN",
    "Appended",
    "Attachment",
    "CanonicalError",
    "ChainBroken",
    "Draft",
    "EntryRefused",
    "EntryType",
    "Fault",
    "Head",
    "Opening",
    "Published",
    "Report",
    "Sequencer",
    "Status",
    "Stored",
    "Text",
    "Vault",
    "VaultError",
    "append",
    "append_next",
    "canonical",
    "chain_of",
    "declare",
    "entries",
    "head",
    "load_key",
    "load_or_create_key",
    "open_vault",
    "openings",
    "verify",
]
