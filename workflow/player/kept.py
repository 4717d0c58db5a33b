"""Executed cases, kept for a while: one is executed when it is opened, and stepping through it costs little.

What is kept is found by the digest of the very bytes of all entries, read from the database each time: an
entry that was added, altered or taken away in the meantime gives another digest, and all is executed anew.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

import audit
from audit import Report
from workflow.house import House
from workflow.player.film import Film, digest_of, film

MOST: Final = 32
"""Cases kept at a time; one is a few hundred kilobytes."""
SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True)
class Executed:
    """A case executed at `at`, and what verifying its chain found then."""

    film: Film
    report: Report
    at: datetime
    until: float


_kept: OrderedDict[tuple[str, UUID], Executed] = OrderedDict()
_lock = Lock()


def executed(
    house: House,
    conn: Connection,
    case_id: UUID,
    encoded: Sequence[bytes | None],
    now: datetime,
    *,
    fresh: bool,
) -> Executed:
    """The executed case; `fresh`: executed and verified now, whatever is kept."""
    key = (f"{house.home}", case_id)
    with _lock:
        known = _kept.get(key)
    usable = not fresh and known is not None and known.until > time.monotonic()
    if usable and known is not None and known.film.digest == digest_of(encoded):
        return known
    report = audit.verify(conn, house.vault, chain=case_id)
    made = Executed(film(house, encoded, conn), report, now, time.monotonic() + SECONDS)
    with _lock:
        _kept[key] = made
        _kept.move_to_end(key)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return made
