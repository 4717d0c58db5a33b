"""The performance self-evaluation (绩效自评, domain 2.15 and 8.3): points from figures and from scorers.

A leaf without a figure or a score is unscored: it has no points, and the total says how many points count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from bpmn import Fault, Text
from bpmn.evaluations import FOLDER, QUANTITATIVE, Evaluation, Grade, Leaf, read_evaluation
from workflow.indicators.checking import files_in, indicators
from workflow.indicators.measuring import Measured


@dataclass(frozen=True, slots=True)
class Evaluations:
    """By id, and the faults of files that are not used."""

    all: Mapping[str, Evaluation]
    faults: tuple[Fault, ...]


@cache
def evaluations() -> Evaluations:
    """The packaged templates."""
    return check(files_in(FOLDER))


def check(files: Mapping[str, bytes]) -> Evaluations:
    """Read and check files by name. A faulty one is left out; the others count."""
    found, faults = {}, []
    for name, content in sorted(files.items()):
        wrong: list[Fault] = []
        one = read_evaluation(wrong, name, content)
        for leaf in one.leaves.values() if one else ():
            if leaf.kind == QUANTITATIVE and not _there_is(leaf):
                words = Text("没有这项指标", f"there is no figure {leaf.indicator}.{leaf.figure}")
                wrong.append(Fault(name, leaf.id, words))
        if one is not None and not wrong:
            found[one.id] = one
        faults += wrong
    return Evaluations(found, tuple(faults))


def _there_is(leaf: Leaf) -> bool:
    indicator = indicators().all.get(leaf.indicator)
    return indicator is not None and any(figure.id == leaf.figure for figure in indicator.figures)


@dataclass(frozen=True, slots=True)
class Scored:
    """One leaf. `points` None: unscored, and `measured` or the missing score says why."""

    leaf: Leaf
    points: Decimal | None
    measured: Measured | None
    words: str
    person: str


@dataclass(frozen=True, slots=True)
class Result:
    """`points` of `of` that were scored; `grade` None until all 100 are."""

    evaluation: Evaluation
    lines: Sequence[Scored]

    @property
    def points(self) -> Decimal:
        return sum((line.points for line in self.lines if line.points is not None), Decimal(0))

    @property
    def of(self) -> Decimal:
        return sum((line.leaf.points for line in self.lines if line.points is not None), Decimal(0))

    @property
    def grade(self) -> Grade | None:
        complete = all(line.points is not None for line in self.lines)
        return self.evaluation.grade(self.points) if complete else None


def evaluate(
    evaluation: Evaluation,
    measured: Mapping[tuple[str, str], Measured],
    scores: Mapping[str, tuple[Decimal, str, str]],
) -> Result:
    """Fill a template.

    Args:
        measured: (indicator, figure) → the figure of the year.
        scores: leaf → points, what they rest on, who gave them.
    """
    lines = []
    for leaf in evaluation.leaves.values():
        if leaf.kind == QUANTITATIVE:
            found = measured.get((leaf.indicator, leaf.figure))
            value = found.total.value if found else None
            lines.append(Scored(leaf, None if value is None else leaf.earned(value), found, "", ""))
        else:
            points, words, person = scores.get(leaf.id, (None, "", ""))
            lines.append(Scored(leaf, points, None, words, person))
    return Result(evaluation, lines)
