"""The contenders of a round and how each is started."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.bench import ground, runner
from workflow.bench.databases import Place, fresh
from workflow.bench.runner import Sample

HERE = Path(__file__).parent
RIVALS = HERE / "rivals"
TURNS = 5
"""In which the contenders of a round alternate: the machine is half as fast in one minute as in another. No
more, for whoever has waited is slow at first.
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """`name` in the table; `cases` per worker; `sqlite_only` for those that bring their own settings.

    `warm`: cases before the first that counts. About eighty transitions, for a process that serves has worked
    for hours, and until then each contender is still filling what it keeps.
    """

    name: str
    program: str
    python: str = sys.executable
    script: Path | None = None
    whole: bool = False
    share: float = 1.0
    warm: int = 20
    sqlite_only: bool = False

    @property
    def ours(self) -> bool:
        return self.program == "ours"

    @contextmanager
    def started(self, server: str | None, workers: int, cases: int) -> Iterator["Started"]:
        """Warmed up in an empty database, for a round of `cases` per worker."""
        each = max(2, round(cases * self.share))
        with fresh(server) as place:
            self._prepare(place, workers * (each + self.warm))
            before = place.size()
            with runner.Clients(self._command(place, each), workers, environment()) as clients:
                running = Started(self.name, clients, _shares(each))
                yield running
            running.grown = (place.size() - before) / (workers * (each + self.warm))

    def _prepare(self, place: Place, cases: int) -> None:
        if self.ours:
            ground.lay(place.url, place.home, cases, product=self.whole)
        else:
            runner.prepare(self._command(place, 1), environment())

    def _command(self, place: Place, cases: int) -> list[str]:
        rest = ["--cases", str(cases), "--warm", str(self.warm)]
        if self.ours:
            whole = ["--whole"] if self.whole else []
            where = ["--home", str(place.home), "--database", place.url]
            return [self.python, "-m", "workflow.bench.ours", *where, *rest, *whole]
        script = ["--script", str(self.script)] if self.script else []
        return [self.python, str(RIVALS / f"{self.program}.py"), "--database", place.plain, *rest, *script]


@dataclass(slots=True)
class Started:
    """One contender in one round. `grown`: bytes by which a case made its database grow, once it is over."""

    name: str
    clients: runner.Clients
    shares: list[int]
    turns: list[list[runner.Report]] = field(default_factory=list)
    grown: float = 0.0

    def take(self, turn: int) -> None:
        """Run this turn's share of the cases."""
        if turn < len(self.shares):
            self.turns.append(self.clients.run(self.shares[turn]))


def _shares(cases: int) -> list[int]:
    """So many cases in `TURNS` turns or, if they are few, one in each."""
    turns = min(TURNS, cases)
    return [cases * (turn + 1) // turns - cases * turn // turns for turn in range(turns)]


def environment() -> dict[str, str]:
    """The same for all; our own package is found wherever it lies."""
    paths = os.pathsep.join(filter(None, [str(HERE.parents[1]), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": paths}


Told = Callable[[str], None]


def compare(
    competing: list[Contender], *, server: str | None, workers: int, cases: int, rounds: int, told: Told
) -> dict[str, Any]:
    """Let all take turns in every round, so that a busy moment of the machine meets each of them; the first
    of them is the floor.
    """
    samples: dict[str, list[Sample]] = {one.name: [] for one in competing}
    growth: dict[str, list[float]] = {one.name: [] for one in competing}
    for _ in range(rounds):
        with ExitStack() as stack:
            running = []
            for one in competing:
                told(one.name)
                running.append(stack.enter_context(one.started(server, workers, cases)))
            for turn in range(TURNS):
                for started in running if turn % 2 else reversed(running):
                    started.take(turn)
        for started in running:
            samples[started.name].append(runner.sum_up(*started.turns))
            growth[started.name].append(started.grown)
    floors = samples[competing[0].name]
    return {
        name: {
            **runner.medians(found, floors),
            "stored_bytes_per_case": round(sorted(growth[name])[len(growth[name]) // 2]),
        }
        for name, found in samples.items()
    }


def floor() -> Contender:
    return Contender("floor", "floor")


def short(script: Path) -> list[Contender]:
    """The short process: floor, ours, stock."""
    return [floor(), Contender("mingjian", "ours"), Contender("SpiffWorkflow", "stock", script=script)]


def whole(script: Path) -> list[Contender]:
    """F01: about seven times as many transitions, so a seventh of the cases."""
    return [
        floor(),
        Contender("mingjian", "ours", whole=True, share=1 / 7, warm=3),
        Contender("SpiffWorkflow", "stock", script=script, share=1 / 12, warm=3),
    ]


def peers(python: Path) -> list[Contender]:
    """What a user would pick instead, each in the environment of its own."""
    return [
        Contender("django-fsm-2 + simple-history", "django_fsm_history", str(python), sqlite_only=True),
        Contender("viewflow", "viewflow_process", str(python), sqlite_only=True),
    ]
