"""The nightly run: beside the worker's rounds, so that no limit waits for it."""

import threading
from datetime import datetime, time
from typing import Final

import structlog

from workflow.deadlines import SHANGHAI
from workflow.flags.keeping import run
from workflow.house import House

BEGINS: Final = time(1, 30)
"""By the clock in Shanghai; a worker that starts later in the day catches up."""
LOOKS: Final = 300.0  # seconds
log = structlog.get_logger("flags")


def run_if_due(house: House, at: datetime) -> bool:
    """Once a day, whoever comes first. Returns whether it was done now."""
    local = at.astimezone(SHANGHAI)
    if local.time() < BEGINS:
        return False
    return run(house, at, night=local.date().isoformat()) is not None


class Nightly:
    """The thread of a worker that looks now and then whether a night's run is due."""

    def __init__(self, house: House, *, looks: float = LOOKS) -> None:
        self.house, self.looks = house, looks
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def loop(self) -> None:
        while not self.stopping.wait(self.looks):
            try:
                run_if_due(self.house, self.house.now())
            except Exception as error:
                log.error("flags_run_failed", error=type(error).__name__)

    def start(self) -> None:
        self._thread = threading.Thread(target=self.loop, name="flags", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()
