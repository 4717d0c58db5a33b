"""The ways of cases: which sequences of steps there are, how many cases took each, and which deviate."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from bpmn.conformance import Deviating, Mark
from workflow.conformance.runs import Run, Runs, Step
from workflow.reading.durations import ranked


@dataclass(frozen=True, slots=True)
class Way:
    """One sequence of steps with one set of marks. `code` stands in addresses; `share` in percent of all."""

    code: str
    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]
    cases: tuple[UUID, ...]
    share: Decimal
    rare: bool
    median: timedelta

    @property
    def count(self) -> int:
        return len(self.cases)

    @property
    def deviates(self) -> bool:
        return self.rare or bool(self.marks)


@dataclass(frozen=True, slots=True)
class Ways:
    """All of them, the commonest first."""

    all: Sequence[Way]
    cases: int

    @property
    def deviating(self) -> Sequence[Way]:
        return [way for way in self.all if way.deviates]

    @property
    def straight(self) -> int:
        """How many cases took a way that does not deviate."""
        return sum(way.count for way in self.all if not way.deviates)

    def marked(self) -> Mapping[str, int]:
        """Mark → how many cases bear it."""
        found = Counter[str]()
        for way in self.all:
            found.update({mark.id: way.count for mark in way.marks})
        return found

    def named(self, code: str) -> Way | None:
        return next((way for way in self.all if way.code == code), None)


def ways(runs: Runs, rules: Deviating) -> Ways:
    """Group the cases by what they went through and by what marks them."""
    total = sum(len(taken) for taken in runs.values())
    found = []
    for steps, taken in runs.items():
        by_marks: dict[tuple[Mark, ...], list[Run]] = {}
        for run in taken:
            by_marks.setdefault(marks_of(steps, run, rules), []).append(run)
        rare = Decimal(100 * len(taken)) < rules.rare * total
        found += [_way(steps, marks, group, total, rare) for marks, group in by_marks.items()]
    found.sort(key=lambda way: (-way.count, way.code))
    return Ways(found, total)


def marks_of(steps: Sequence[Step], run: Run, rules: Deviating) -> tuple[Mark, ...]:
    """Why this case has deviated; empty where it has not."""
    return tuple(mark for mark in rules.marks.values() if _holds(mark, steps, run, rules.again))


def _holds(mark: Mark, steps: Sequence[Step], run: Run, again: frozenset[str]) -> bool:
    if run.outcome in mark.outcomes or (mark.reassigned and run.reassigned):
        return True
    if mark.attempts and run.attempts:
        return True
    if mark.steps and any(step.node in mark.steps for step in steps):
        return True
    return mark.repeated and _repeats(steps, again)


def _repeats(steps: Sequence[Step], again: frozenset[str]) -> bool:
    seen: set[Step] = set()
    for step in steps:
        if step in seen and step.node not in again:
            return True
        seen.add(step)
    return False


def _way(
    steps: tuple[Step, ...], marks: tuple[Mark, ...], runs: Sequence[Run], total: int, rare: bool
) -> Way:
    told = repr(([tuple(step) for step in steps], [mark.id for mark in marks]))
    lasted = sorted(run.lasted for run in runs)
    return Way(
        code=hashlib.sha256(told.encode()).hexdigest()[:12],
        steps=steps,
        marks=marks,
        cases=tuple(run.id for run in runs),
        share=(Decimal(100 * len(runs)) / total).quantize(Decimal("0.1")),
        rare=rare,
        median=ranked(lasted, 50),
    )
