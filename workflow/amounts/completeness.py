"""Does the table answer exactly once for everybody it speaks of?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bpmn.faults import Fault
from workflow.amounts.model import Ages, NotCovered, Rule
from workflow.amounts.refusals import fault


@dataclass(frozen=True, slots=True)
class Scope:
    """What the policy speaks of: each combination needs one rule or the remark “not covered”."""

    categories: Sequence[str]
    kinds: Sequence[str]
    readings: Sequence[str | None]


def spans(ages: Sequence[Ages]) -> list[Ages]:
    """Ages cut wherever any of these begins or ends: inside one span nothing changes."""
    starts = {0} | {each.first for each in ages}
    starts |= {each.last + 1 for each in ages if each.last is not None}
    cuts = sorted(starts)
    ends = [each - 1 for each in cuts[1:]]
    return [Ages(first, last) for first, last in zip(cuts, [*ends, None], strict=True)]


def check(
    file: str, scope: Scope, rules: Sequence[Rule], not_covered: Sequence[NotCovered]
) -> Iterator[Fault]:
    """Every gap, overlap and contradiction of the table, each with the combination it concerns."""
    for category in scope.categories:
        for kind in scope.kinds:
            left_out = any(category in each.categories and kind in each.kinds for each in not_covered)
            for reading in scope.readings:
                for ages in spans([rule.ages for rule in rules]):
                    found = [rule.id for rule in rules if rule.fits(category, kind, ages.first, reading)]
                    where = " / ".join([category, kind, written(ages), *([reading] if reading else [])])
                    yield from _judge(file, where, found, left_out)


def _judge(file: str, where: str, found: Sequence[str], left_out: bool) -> Iterator[Fault]:
    names = ", ".join(found)
    if len(found) > 1:
        yield fault(file, where, f"几行同时适用：{names}", f"several rows apply: {names}")
    elif found and left_out:
        yield fault(
            file, where, f"列为不适用，却有规则：{names}", f"listed as not covered, yet has a rule: {names}"
        )
    elif not found and not left_out:
        yield fault(
            file, where, "没有适用的规则，也没有列为不适用", "no rule applies, and not listed as not covered"
        )


def written(ages: Ages) -> str:
    """A span of completed years as a fault names it: `0–14`, `15+`."""
    return f"{ages.first}+" if ages.last is None else f"{ages.first}–{ages.last}"
