"""The contenders of a round and how each is started."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.bench import ground, runner
from workflow.bench.databases import Place, fresh
from workflow.bench.runner import Sample

HERE = Path(__file__).parent
RIVALS = HERE / "rivals"


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

    def measure(self, server: str | None, workers: int, cases: int) -> tuple[Sample, float]:
        """One round in an empty database: the sample, and by how many bytes a case made it grow."""
        each = max(2, round(cases * self.share))
        with fresh(server) as place:
            self._prepare(place, workers * (each + self.warm))
            before = place.size()
            sample = runner.race(self._command(place, each), workers, environment())
            return sample, (place.size() - before) / (workers * (each + self.warm))

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


def environment() -> dict[str, str]:
    """The same for all; our own package is found wherever it lies."""
    paths = os.pathsep.join(filter(None, [str(HERE.parents[1]), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": paths}


Told = Callable[[str], None]


def compare(
    field: list[Contender], *, server: str | None, workers: int, cases: int, rounds: int, told: Told
) -> dict[str, Any]:
    """Let all run one after the other in every round; the first of them is the floor."""
    samples: dict[str, list[Sample]] = {one.name: [] for one in field}
    growth: dict[str, list[float]] = {one.name: [] for one in field}
    for _ in range(rounds):
        for one in field:
            told(one.name)
            sample, grown = one.measure(server, workers, cases)
            samples[one.name].append(sample)
            growth[one.name].append(grown)
    floors = samples[field[0].name]
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
