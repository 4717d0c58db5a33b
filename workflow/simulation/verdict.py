"""What the judge is told, and what it says."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bpmn import Text


@dataclass(frozen=True, slots=True)
class Round:
    """When a worker looked for what is due. Not `whole`: it was killed on the way."""

    at: datetime
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the warnings of one limit of one case."""

    number: str
    limit: str
    what: Text


@dataclass(slots=True)
class Verdict:
    """`overdue`: limits that ran out while they ran; `extended`: those made longer;
    `handed_over`: steps given to one seat; `raised`: warnings by
    level, `stood_in`: those of them that a substitute had to be told.
    """

    cases: int = 0
    limits: int = 0
    overdue: int = 0
    extended: int = 0
    handed_over: int = 0
    stood_in: int = 0
    raised: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "limits": self.limits,
            "overdue": self.overdue,
            "extended": self.extended,
            "handed_over": self.handed_over,
            "stood_in": self.stood_in,
            "raised": dict(self.raised),
            "faults": [
                {"number": f.number, "limit": f.limit, "zh": f.what.zh, "en": f.what.en} for f in self.faults
            ],
        }
