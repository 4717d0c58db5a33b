"""Personal values as keyed hashes: equal ones have equal hashes, and without the key nothing can be
tried out.
"""

import hmac
import os
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from audit.private import create_private, read_private

KEY_FILE: Final = Path("keys") / "facts.key"
KEY_LENGTH: Final = 32
_LENGTH: Final = 16  # hex digits
_SIGNS = re.compile(r"[\W_]+")


class Hashing:
    """With the key of a home; it is made when there is none. Raises KeyRefused for a file open to others."""

    def __init__(self, home: Path) -> None:
        path = home / KEY_FILE
        if not path.exists():
            create_private(path, lambda: os.urandom(KEY_LENGTH))
        self._key = read_private(path)
        self._kept = lru_cache(maxsize=65_536)(self._hash)

    def exact(self, kind: str, value: object) -> str | None:
        """Of a value as it is, but for spaces around it; None for none."""
        text = "" if value is None else str(value).strip()
        return self._kept(kind, text) if text else None

    def plain(self, kind: str, value: object) -> str | None:
        """Of a value without spaces, signs, width and case: “ab-12 ” is “AB１２”."""
        text = "" if value is None else squeezed(str(value))
        return self._kept(kind, text) if text else None

    def _hash(self, kind: str, text: str) -> str:
        return hmac.digest(self._key, f"{kind}\0{text}".encode(), "sha256").hex()[:_LENGTH]


def squeezed(text: str) -> str:
    """Letters and digits alone, of one width and case."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).upper()
