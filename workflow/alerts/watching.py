"""Whether the limits are watched at all: the worker's beat, and the server's clock when it jumps."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from workflow.actor import SYSTEM
from workflow.alerts.sending import tell_offices
from workflow.cases.refusing import log_system
from workflow.house import House
from workflow.store import transaction
from workflow.store.models import Beat, table

BEAT = table(Beat)
WORKER: Final = "worker"
EVERY: Final = timedelta(seconds=30)
STALE_AFTER: Final = timedelta(minutes=5)
JUMP: Final = timedelta(minutes=2)
"""What no clock drifts between two rounds: somebody or something has set it."""
HELD_FROM: Final = timedelta(hours=6)
HELD_FOR: Final = timedelta(minutes=10)
"""After a jump forward of `HELD_FROM` or more, nothing is fired or warned about for this long: a clock set
by mistake is mostly put right within minutes, and a posting taken down cannot be hung up again."""


def steady_seconds() -> float:
    """Seconds that nobody can set, time asleep included."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def beat(house: House, at: datetime) -> None:
    """Say that a worker is alive; written at most every half minute."""
    with house.reader.connect() as conn:
        last = last_beat(conn)
    if last is not None and abs(at - last) < EVERY:
        return
    with transaction(house.engine) as conn:
        if conn.execute(update(BEAT).where(BEAT.c.name == WORKER).values(at=at)).rowcount == 0:
            conn.execute(insert(BEAT), {"name": WORKER, "at": at})


def last_beat(conn: Connection) -> datetime | None:
    """When a worker was last seen; None if there never was one."""
    found: datetime | None = conn.scalar(select(BEAT.c.at).where(BEAT.c.name == WORKER))
    return found


def silent(last: datetime | None, now: datetime) -> bool:
    """Whether the worker should have been seen since: nobody fires limits, warns, or sends."""
    return last is None or now - last > STALE_AFTER


class ClockWatch:
    """Compares the house's clock with one that cannot be set, from round to round."""

    def __init__(self, now: Callable[[], datetime], steady: Callable[[], float] = steady_seconds) -> None:
        self._now, self._steady = now, steady
        self._last: tuple[datetime, float] | None = None
        self._held_until: float | None = None
        self._ahead = timedelta()

    def look(self) -> timedelta | None:
        """By how much the clock has been set since the last look, or None if it has not."""
        now, steady = self._now(), self._steady()
        last, self._last = self._last, (now, steady)
        if last is None:
            return None
        jump = (now - last[0]) - timedelta(seconds=steady - last[1])
        if abs(jump) < JUMP:
            return None
        self._ahead += jump
        if jump >= HELD_FROM:
            self._held_until = steady + HELD_FOR.total_seconds()
        elif self._ahead < HELD_FROM:
            self._held_until, self._ahead = None, timedelta()
        return jump

    @property
    def held(self) -> bool:
        """Whether nothing should be done yet because the clock may be wrong."""
        if self._held_until is not None and self._steady() >= self._held_until:
            self._held_until, self._ahead = None, timedelta()
        return self._held_until is not None


def report_jump(house: House, jump: timedelta) -> None:
    """Into the log of the system and the inboxes of supervisor and administrator."""
    at, seconds = house.now(), round(jump.total_seconds())
    with transaction(house.engine) as conn:
        facts: dict[str, object] = {"reason": "jump", "by_seconds": seconds}
        log_system(house, conn, SYSTEM, "time_corrected", facts, at, uuid4().hex)
        tell_offices(house, conn, "time_jump", {"seconds": seconds}, at)
