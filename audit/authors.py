"""Whether every entry is signed by a key of the application that counts at its place."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from audit.keyring import APPLICATION, Known


class Authors:
    """The application's keys of all logs."""

    def __init__(self, keys: Iterable[Known]) -> None:
        self._keys: dict[tuple[str, str], Known] = {}
        self._first: dict[str, float] = {}
        for known in keys:
            if known.purpose == APPLICATION:
                self._keys[known.log, known.key.id.hex()] = known
                added = inf if known.added is None else known.added
                self._first[known.log] = min(added, self._first.get(known.log, added))

    def fault(
        self, entry: Mapping[str, Any], leaf: bytes, signature: Any, index: int | None
    ) -> tuple[str, object] | None:
        """The code and detail of what is wrong with the signature of an entry; None when it counts.

        An entry without a signature counts before the log's first key only.
        """
        log, kid = entry["log"], entry.get("kid")
        if kid is None or not isinstance(signature, bytes):
            place = inf if index is None else index
            older = log not in self._first or place < self._first[log]
            return None if older and kid is None and signature is None else ("unsigned", "")
        known = self._keys.get((log, kid))
        if known is None:
            return "kid", kid
        if not known.counts_at(index):
            return "key", kid
        return None if known.signed(leaf, signature) else ("signature", kid)
