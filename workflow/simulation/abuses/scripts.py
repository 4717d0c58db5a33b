"""What a planting is: a generator that yields the moment at which it goes on."""

from collections.abc import Generator
from datetime import datetime
from heapq import heappop, heappush

Script = Generator[datetime, None, None]


def together(*scripts: Script) -> Script:
    """Several scripts side by side, each at its own moments; over when all are."""
    waiting: list[tuple[datetime, int, Script]] = []
    for number, script in enumerate(scripts):
        for moment in script:
            heappush(waiting, (moment, number, script))
            break
    while waiting:
        moment, number, script = heappop(waiting)
        yield moment
        for later in script:
            heappush(waiting, (later, number, script))
            break
