"""The worker: turns what is due into ordinary commands. It holds no state and no lock rows.

Several workers may run: the case row's lock and the check inside the command make each timer and
each warning happen once; the one who comes second finds nothing due.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from workflow.actor import SYSTEM
from workflow.alerts.sending import deliver, prepare
from workflow.alerts.watching import ClockWatch, beat, report_jump
from workflow.commands import FireTimers, RaiseAlarm
from workflow.errors import Busy, StepImpossible
from workflow.finding_commands import RemindOfFinding
from workflow.finishing_erasures import finish_all
from workflow.flags.nightly import Nightly
from workflow.handle import handle
from workflow.house import House
from workflow.outbox import deliver_next
from workflow.recounting import recount_if_due
from workflow.retention import run_retention
from workflow.sequencing import Sequencing, sequence
from workflow.store.models import Clock, Finding, Supervision, Timer
from workflow.store.prepared import Prepared
from workflow.supervisor_commands import RemindOfAnswer

BATCH = 200
AHEAD = 10
"""Among how many batches a worker that has company chooses."""
IDLE_SECONDS = 5.0


def _coming(when: Any, *columns: Any, also: Sequence[Any] = ()) -> Prepared:
    """What is due by then, the oldest first, at most so many."""
    asked = select(*columns).where(*also, when <= bindparam("at")).order_by(when)
    return Prepared(asked.limit(bindparam("most")))


_TIMERS = _coming(Timer.due_at, Timer.case_id)
_ALARMS = _coming(Clock.next_alarm_at, Clock.id, Clock.case_id)
_ANSWERS = _coming(
    Supervision.next_alarm_at, Supervision.id, Supervision.case_id, also=[Supervision.ended_at.is_(None)]
)
_FINDINGS = _coming(Finding.next_alarm_at, Finding.id, Finding.case_id)

Due = FireTimers | RaiseAlarm | RemindOfAnswer | RemindOfFinding

log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round has done."""

    timers: int = 0
    alarms: int = 0
    delivered: int = 0
    reminders: int = 0
    messages: int = 0
    recounted: int = 0
    retention: int = 0

    @property
    def anything(self) -> bool:
        return any(astuple(self))

    def __add__(self, other: "Round") -> "Round":
        return Round(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


def run_once(
    house: House, at: datetime, *, batch: int = BATCH, send: bool = True, random: Random | None = None
) -> Round:
    """Do what is due at `at`: at most `batch` timers, warnings and outbox rows each, oldest first.

    `send`: also talk to mail servers and robots, which may keep one waiting. `random`: take them from any
    place among the oldest instead, so that several workers seldom meet at the same case, and cases that
    fail do not keep the others waiting.
    """
    among = batch if random is None else AHEAD * batch
    with house.reader.connect() as conn:
        timers = _TIMERS.all(conn, {"at": at, "most": among})
        alarms = _ALARMS.all(conn, {"at": at, "most": among})
        answers = _ANSWERS.all(conn, {"at": at, "most": batch})
        findings = _FINDINGS.all(conn, {"at": at, "most": batch})
    waiting = dict.fromkeys(row.case_id for row in _part(timers, batch, random))
    fired = sum(_do(house, FireTimers(case_id), at) for case_id in waiting)
    raised = sum(_do(house, RaiseAlarm(row.case_id, row.id), at) for row in _part(alarms, batch, random))
    reminded = sum(_do(house, RemindOfAnswer(row.case_id, row.id), at) for row in answers)
    reminded += sum(_do(house, RemindOfFinding(row.case_id, row.id), at) for row in findings)
    sequence(house)  # what leaves the house needs its receipt
    delivered = 0
    while delivered < batch and deliver_next(house, at):
        delivered += 1
    recounted = recount_if_due(house, at)
    retention = run_retention(house, at) + len(finish_all(house, at).done)
    prepare(house, at, digest=not raised)
    messages = deliver(house, at) if send else 0
    return Round(fired, raised, delivered, reminded, messages, recounted, retention)


def _part(rows: Sequence[Any], batch: int, random: Random | None) -> Sequence[Any]:
    """At most `batch` of them: the first, or those that follow a place drawn by lot."""
    start = random.randrange(len(rows)) if random is not None and rows else 0
    return [*rows[start:], *rows[:start]][:batch]


def run_until_quiet(house: House, at: datetime, random: Random | None = None) -> Round:
    """Rounds until nothing more is due at `at`: after a week of standstill warnings follow each other."""
    total = Round()
    while (done := run_once(house, at, random=random)).anything:
        total += done
    return total


def _do(house: House, command: Due, at: datetime) -> bool:
    """One command; a case that fails is reported and left for the next round, the others go on."""
    try:
        handle(house, SYSTEM, command, at=at, request_id=uuid4().hex)
    except StepImpossible:
        return False  # somebody else has done it meanwhile
    except (DBAPIError, Busy):
        raise
    except Exception as error:
        log.error(
            "worker_command_failed",
            command=type(command).__name__,
            case=command.case_id.hex,
            error=type(error).__name__,
        )
        return False
    return True


class Messenger:
    """The thread that talks to mail servers and robots, so that none of them holds up a limit."""

    def __init__(self, house: House, *, idle: float = IDLE_SECONDS) -> None:
        self.house, self.idle = house, idle
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def loop(self) -> None:
        while not self.stopping.is_set():
            try:
                sent = deliver(self.house, self.house.now())
            except Exception as error:
                log.error("messenger_round_failed", error=type(error).__name__)
                sent = 0
            if not sent:
                self.stopping.wait(self.idle)

    def start(self) -> None:
        self._thread = threading.Thread(target=self.loop, name="messenger", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()


class Worker:
    """The thread that `serve` runs beside the pages, and the loop of `mingjian worker`."""

    def __init__(self, house: House, *, idle: float = IDLE_SECONDS, random: Random | None = None) -> None:
        self.house, self.idle = house, idle
        self.random = random or Random()  # noqa: S311 — only spreads workers
        self.stopping = threading.Event()
        self.sequencing = Sequencing(house)
        self.messenger = Messenger(house, idle=idle)
        self.watch = ClockWatch(house.now)
        self.nightly = Nightly(house)
        self._thread: threading.Thread | None = None

    def loop(self) -> None:
        """Work until told to stop. Whatever fails is waited for, loudly: a dead thread would warn nobody."""
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                busy = self.round()
            except Exception as error:
                log.error("worker_round_failed", error=type(error).__name__)
                busy = False
            if not busy:
                self.stopping.wait(max(0.0, self.idle - (time.monotonic() - started)))

    def round(self) -> bool:
        """One round, unless the server's clock has just been set far ahead. True if anything was done."""
        jump = self.watch.look()
        if jump is not None:
            log.error("clock_jumped", seconds=round(jump.total_seconds()), held=self.watch.held)
            report_jump(self.house, jump)
        at = self.house.now()
        beat(self.house, at)
        return not self.watch.held and run_once(self.house, at, send=False, random=self.random).anything

    def run(self) -> None:
        """In this thread, until told to stop: `mingjian worker`."""
        self.sequencing.start()
        self.messenger.start()
        self.nightly.start()
        self.loop()

    def start(self) -> None:
        self.sequencing.start()
        self.messenger.start()
        self.nightly.start()
        self._thread = threading.Thread(target=self.loop, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.sequencing.stop()
        self.messenger.stop()
        self.nightly.stop()
        self.stopping.set()
        if self._thread is not None:
            self._thread.join()
