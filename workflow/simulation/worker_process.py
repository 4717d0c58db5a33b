"""One worker as a process of its own that can be killed; see `workers`.

It works at one moment of simulated time until nothing is due, and says so after every command.
"""

import traceback
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from typing import Any

from workflow.errors import Busy
from workflow.handle import case_changed
from workflow.house import House, open_house
from workflow.jobs import run_until_quiet

READY, DONE, ENDED = "ready", "done", "ended"


def main(home: Path, database: str, at: datetime, pipe: Pipe) -> None:
    """Say `ready`, wait for a word, work; `done` for every command, `ended` when nothing is due any more, and
    what went wrong if something does.
    """
    try:
        _live(home, database, at, pipe)
    except Exception:
        pipe.send(traceback.format_exc())


def _live(home: Path, database: str, at: datetime, pipe: Pipe) -> None:
    def tell(sender: Any, **changed: Any) -> None:
        pipe.send(DONE)

    house = open_house(database, home, now=lambda: at, migrate=False)
    try:
        case_changed.connect(tell)
        pipe.send(READY)
        pipe.recv()
        _work(house, at)
        pipe.send(ENDED)
    finally:
        house.close()


def _work(house: House, at: datetime) -> None:
    """As `mingjian worker` does: a database that is busy is waited for."""
    while True:
        try:
            run_until_quiet(house, at, Random())  # noqa: S311 — several seldom meet at the same case
        except Busy:
            continue
        return
