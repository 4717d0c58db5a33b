"""The workers of a simulated year: one that comes several times a day, is down for a week, is killed in the
middle of a round, and now and then has company.
"""

import multiprocessing
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import bindparam, exists, select

from workflow.deadlines import SHANGHAI
from workflow.house import House
from workflow.jobs import run_until_quiet
from workflow.simulation.verdict import Round
from workflow.simulation.worker_process import DONE, ENDED, READY, main
from workflow.store.models import Clock, Outbox, Supervision, Timer
from workflow.store.prepared import Prepared

TOGETHER = 2
_DUE = Prepared(
    select(
        (
            exists().where(Timer.due_at <= bindparam("at"))
            | exists().where(Clock.next_alarm_at <= bindparam("at"))
            | exists().where(Supervision.ended_at.is_(None), Supervision.next_alarm_at <= bindparam("at"))
            | exists().where(Outbox.done_at.is_(None), Outbox.available_at <= bindparam("at"))
        ).label("due")
    )
)
KILLED_AFTER = 3
"""Commands after which a worker that is to be killed is killed, if there are so many."""


class WorkerFailed(Exception):
    """A worker process ended with an error; its last words are the message."""


_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["__main__", "workflow.simulation.readied"])


class WorkerProcess:
    """A worker at one moment, in a process of its own. A context: it is dead at the end."""

    def __init__(self, house: House, at: datetime) -> None:
        url = house.engine.url.render_as_string(hide_password=False)
        self._pipe, theirs = _FORKING.Pipe()
        self._process = _FORKING.Process(target=main, args=(house.home, url, at, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._said = ""

    def ready(self) -> None:
        """Wait until it has opened the house."""
        if self._hear() != READY:
            self._fail()

    def go(self) -> None:
        self._pipe.send("go")

    def done(self) -> bool:
        """Wait for its next command; False when it has ended by itself."""
        return self._hear() == DONE

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.join()

    def finish(self) -> None:
        """Wait until nothing is due any more. Raises WorkerFailed."""
        while self._said != ENDED:
            if self._hear() not in (DONE, ENDED):
                self._fail()

    def _hear(self) -> str:
        """What it says next; its last words stay where it says no more."""
        try:
            self._said = self._pipe.recv()
        except (EOFError, ConnectionError):
            return ""
        return self._said

    def _fail(self) -> None:
        self.kill()
        raise WorkerFailed(self._said.strip()[-2000:])

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self._pipe.close()


def anything_due(house: House, at: datetime) -> bool:
    """Whether a worker that comes now would find a timer, a warning, an answer or something to send."""
    with house.reader.connect() as conn:
        return bool(_DUE.scalar(conn, {"at": at}))


@dataclass
class Workers:
    """Who comes at a moment of the year. `rounds` is what the judge is told.

    `down`: from and to which day nobody comes; `killed`, `together`: days on which the first round of the day
    is killed with -9 or done by several processes at once.
    """

    house: House
    down: tuple[date, date]
    killed: Collection[date] = ()
    together: Collection[date] = ()
    rounds: list[Round] = field(default_factory=list)
    _last: date = date.min

    def __call__(self, at: datetime) -> bool:
        """Do what is due; whether other processes did it."""
        day = at.astimezone(SHANGHAI).date()
        if self.down[0] <= day <= self.down[1]:
            return False
        first, self._last = day != self._last, day
        killed, together = first and day in self.killed, first and day in self.together
        if killed:
            self._killed(at)
        elif together:
            self._together(at)
        elif first or anything_due(self.house, at):
            run_until_quiet(self.house, at)
        self.rounds.append(Round(at, whole=not killed))
        return killed or together

    def _killed(self, at: datetime) -> None:
        with WorkerProcess(self.house, at) as worker:
            worker.ready()
            worker.go()
            for _ in range(KILLED_AFTER):
                if not worker.done():
                    break

    def _together(self, at: datetime) -> None:
        with ExitStack() as all_of_them:
            workers = [all_of_them.enter_context(WorkerProcess(self.house, at)) for _ in range(TOGETHER)]
            for worker in workers:
                worker.ready()
            for worker in workers:
                worker.go()
            for worker in workers:
                worker.finish()
