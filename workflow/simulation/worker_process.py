"""One worker as a process of its own that can be killed; see `nursery`.

It works at one moment of simulated time until nothing is due, and says so after every command.
"""

import sys
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from workflow.errors import Busy
from workflow.handle import case_changed
from workflow.house import House, open_house
from workflow.jobs import run_until_quiet

READY, DONE, ENDED = "ready", "done", "ended"


def _tell(sender: Any, **changed: Any) -> None:
    print(DONE, flush=True)


def main(home: str, database: str, moment: str) -> None:
    """Say `ready`, wait for a line, work; `done` for every command, `ended` when nothing is due any more.

    `home`: the folder; `database`: its address; `moment`: in ISO 8601.
    """
    at = datetime.fromisoformat(moment)
    house = open_house(database, Path(home), now=lambda: at, migrate=False)
    try:
        case_changed.connect(_tell)
        print(READY, flush=True)
        sys.stdin.readline()
        _work(house, at)
        print(ENDED, flush=True)
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
