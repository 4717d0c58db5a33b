"""Performance evaluations (绩效评价, domain 8.3): a tree of indicators whose points add up to 100."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from bpmn.faults import Fault
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FOLDER: Final = "evaluations"
WHOLE: Final = Decimal(100)
QUANTITATIVE, QUALITATIVE = "quantitative", "qualitative"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A third-level indicator. Quantitative: `indicator` and `figure` give the value; at `full` it has all
    its points, at `zero` none, between them in proportion. Qualitative: `evidence` is what the points rest
    on. `ours`: the leaf itself is not in the source (A-15).
    """

    id: str
    path: tuple[Text, ...]
    name: Text
    points: Decimal
    kind: str
    indicator: str
    figure: str
    full: Decimal
    zero: Decimal
    evidence: tuple[Text, ...]
    ours: bool

    def earned(self, value: Decimal) -> Decimal:
        """The points for a value, to the hundredth."""
        if self.full == self.zero:
            share = Decimal(value >= self.full)
        else:
            share = (value - self.zero) / (self.full - self.zero)
        return (self.points * min(Decimal(1), max(Decimal(0), share))).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Grade:
    """`least`: points from which on it holds."""

    name: Text
    least: Decimal


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`grades` from the best down."""

    id: str
    name: Text
    source: str
    note: Text | None
    grades: tuple[Grade, ...]
    leaves: Mapping[str, Leaf]

    def grade(self, points: Decimal) -> Grade:
        return next((grade for grade in self.grades if points >= grade.least), self.grades[-1])


def read_evaluation(faults: list[Fault], file: str, content: bytes) -> Evaluation | None:
    """Read one file; what is wrong is added to `faults`, and then None."""
    known = len(faults)
    top = read_toml(faults, file, content)
    if top is None:
        return None
    name = top.named_by_file()
    leaves: dict[str, Leaf] = {}
    for section in top.sections("leaves"):
        leaf = _leaf(section)
        if leaf.id in leaves:
            section.fault("编号有重复", "two leaves have the same id", "id")
        leaves[leaf.id] = leaf
    evaluation = Evaluation(
        id=name,
        name=top.text("name"),
        source=top.string("source"),
        note=top.maybe_text("note"),
        grades=tuple(_grade(section) for section in top.sections("grades")),
        leaves=MappingProxyType(leaves),
    )
    _check_grades(top, evaluation.grades)
    total = sum((leaf.points for leaf in leaves.values()), Decimal(0))
    if total != WHOLE:
        top.fault(f"各项分值合计{total}，应为100", f"the points add up to {total}, not to 100", "leaves")
    top.close()
    return evaluation if len(faults) == known else None


def _check_grades(top: Section, grades: tuple[Grade, ...]) -> None:
    least = [grade.least for grade in grades]
    if not least or least != sorted(least, reverse=True) or least[-1] != 0:
        top.fault("等次应从高到低，最低从0分起", "grades go from the best down to 0", "grades")


def _grade(section: Section) -> Grade:
    grade = Grade(section.text("name"), section.number("least"))
    section.close()
    return grade


def _leaf(section: Section) -> Leaf:
    kind = section.string("kind")
    if kind not in {QUANTITATIVE, QUALITATIVE}:
        section.fault("应为 quantitative 或 qualitative", "should be quantitative or qualitative", "kind")
    counted = kind == QUANTITATIVE
    path = tuple(each.here() for each in section.sections("path"))
    evidence = tuple(each.here() for each in section.sections("evidence"))
    leaf = Leaf(
        id=section.string("id"),
        path=path,
        name=section.text("name"),
        points=section.number("points"),
        kind=kind,
        indicator=section.string("indicator") if counted else "",
        figure=section.string("figure") if counted else "",
        full=section.number("full") if counted else Decimal(0),
        zero=section.number("zero") if counted else Decimal(0),
        evidence=evidence,
        ours=section.flag("ours", False),
    )
    if not _NAME.fullmatch(leaf.id):
        section.fault("编号用小写字母", "an id in small letters is needed", "id")
    if leaf.points <= 0:
        section.fault("分值应大于0", "should be more than 0", "points")
    if len(path) != 2:
        section.fault("应写一级和二级指标", "names its first and second level", "path")
    if kind == QUALITATIVE and not evidence:
        section.fault("定性指标要写明凭什么打分", "says what its points rest on", "evidence")
    section.close()
    return leaf
