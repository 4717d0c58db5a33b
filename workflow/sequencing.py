"""The log's second layer at work: about twice a second every new entry gets its place and is published."""

import threading

import structlog

from audit.publishing import Behind, Contradiction
from audit.sequencer import NotHere
from workflow.house import House
from workflow.receipts import fill_in

EVERY_SECONDS = 0.4
AFTER_A_FAULT_SECONDS = 5.0

log = structlog.get_logger("sequencer")


def sequence(house: House) -> bool:
    """One turn of the sequencer; False when something stopped a log, or when it is published elsewhere.

    What stops a log is written to the program's log; the other log goes on. A database that is behind what
    was published stops the offices too (`House.stopped`).
    """
    try:
        done = house.sequencer().round() or {}
    except NotHere as error:
        log.info("log_is_published_elsewhere", reason=str(error))
        return False
    stopped = {name: advance.fault for name, advance in done.items() if advance.fault is not None}
    if done:
        house.stopped = any(isinstance(fault, Behind | Contradiction) for fault in stopped.values())
    for name, fault in stopped.items():
        log.error("log_stopped", log=name, reason=f"{type(fault).__name__}: {fault}")
    fill_in(house)
    return not stopped


class Sequencing:
    """The thread beside the worker; it holds nothing that a kill could lose."""

    def __init__(self, house: House, *, every: float = EVERY_SECONDS) -> None:
        self.house, self.every = house, every
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def loop(self) -> None:
        """Turn after turn until told to stop; whatever fails is waited for, loudly."""
        while not self.stopping.is_set():
            self.stopping.wait(self.every if self._turn() else AFTER_A_FAULT_SECONDS)

    def _turn(self) -> bool:
        try:
            return sequence(self.house)
        except Exception as error:
            log.error("sequencer_round_failed", error=type(error).__name__)
            return False

    def start(self) -> None:
        """The first turn is done when this returns: who is served then knows whether it may go on."""
        self._turn()
        self._thread = threading.Thread(target=self.loop, name="sequencer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()
