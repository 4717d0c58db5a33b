"""What was planted, told apart from the log: for whoever compares it with what was flagged."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Flag = tuple[str, str]
"""Rule id, and the number of a case or a subject."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that was done. `near`: it stays just on the right side of the rule; `kind`: the way of
    breaking it.

    `cases`: numbers of the cases it was done in or with; `subjects`: whom or what it concerns besides, as
    `account:LOGIN`, `person:ID`, `household:ID`, `village:CODE`, `township:CODE`, `hospital:NAME`; `facts`:
    what an onlooker can look up in the log or the registers to see that it was really done.
    """

    rule: str
    kind: str
    near: bool
    what: str
    cases: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset((*self.cases, *self.subjects))


@dataclass(frozen=True, slots=True)
class Manifest:
    """`planted`, in the order it was done; `apart`: numbers of all cases that are not honest ones;
    `impossible`: rule → why no ordinary service can break it.
    """

    planted: Sequence[Planted]
    apart: Sequence[str]
    cases: int
    impossible: Mapping[str, str]

    @property
    def honest(self) -> int:
        return self.cases - len(self.apart)

    def as_json(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "honest": self.honest,
            "planted": [asdict(one) for one in self.planted],
            "apart": list(self.apart),
            "impossible": dict(self.impossible),
        }

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """What `write` has written."""
        told = json.loads(path.read_text(encoding="utf-8"))
        planted = [
            Planted(**{**one, "cases": tuple(one["cases"]), "subjects": tuple(one["subjects"])})
            for one in told["planted"]
        ]
        return cls(planted, told["apart"], told["cases"], told["impossible"])


@dataclass(frozen=True, slots=True)
class Comparison:
    """`missed`: abuses without a flag of their rule; `wrong`: near-misses with one; `honest_high`: numbers
    of honest cases that carry an H flag, `share` of all honest ones.
    """

    missed: tuple[Planted, ...]
    wrong: tuple[Planted, ...]
    honest_high: tuple[str, ...]
    share: float

    @property
    def by_rule(self) -> Mapping[str, tuple[int, int]]:
        """Rule → how many abuses it missed, how many near-misses it flagged."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.missed:
            missed, wrong = found.get(one.rule, (0, 0))
            found[one.rule] = (missed + 1, wrong)
        for one in self.wrong:
            missed, wrong = found.get(one.rule, (0, 0))
            found[one.rule] = (missed, wrong + 1)
        return dict(sorted(found.items()))


def compare(manifest: Manifest, flags: Collection[Flag], high: Collection[Flag]) -> Comparison:
    """Hold what was flagged against what was planted.

    Args:
        flags: every flag of the run, once with the number of its case and once with its subject, where it
            has both. high: those of severity H.
    """
    raised = frozenset(flags)
    missed, wrong = [], []
    for one in manifest.planted:
        flagged = any((one.rule, key) in raised for key in one.keys)
        if one.near and flagged:
            wrong.append(one)
        elif not one.near and not flagged:
            missed.append(one)
    apart = frozenset(manifest.apart)
    carrying = {key for _, key in high if ":" not in key and key not in apart}
    share = len(carrying) / manifest.honest if manifest.honest else 0.0
    return Comparison(tuple(missed), tuple(wrong), tuple(sorted(carrying)), share)
