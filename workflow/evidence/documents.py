"""Letters and calculation sheets as exact bytes, whose digest the log seals when they are made.

So a letter or a sheet that is changed in the database afterwards no longer fits its entry, and the bundle of
a case can hand them out as proof. The bytes are JSON with sorted keys and no spaces, in UTF-8.
"""

import hashlib
import json
from collections.abc import MutableMapping, Sequence
from decimal import Decimal
from typing import Any, Final

LETTER: Final = "letter."
SHEET: Final = "sheet."


def letter_bytes(kind: str, number: str, fields: Any) -> bytes:
    """A letter: which one, its number, and the values it is filled with."""
    return _plain({"kind": kind, "number": number, "fields": fields})


def sheet_bytes(policy: str, aid: Decimal, sheet: Sequence[Any]) -> bytes:
    """A calculation: the policy set, the aid in yuan, and the sheet of every bill."""
    return _plain({"policy": policy, "aid": f"{aid:.2f}", "sheet": sheet})


def seal(sealed: MutableMapping[str, Any], prefix: str, document: bytes) -> None:
    """Put the digest of a document among what the entry being written commits to: `letter.0`, `letter.1` …"""
    number = sum(name.startswith(prefix) for name in sealed)
    sealed[f"{prefix}{number}"] = hashlib.sha256(document).hexdigest()


def _plain(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
