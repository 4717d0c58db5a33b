"""抽查: planned, drawn and recorded (domain 2.14); taken by `workflow.handle`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlanSpotCheck:
    """Fix what will be drawn from: the cases closed from `first` to `last`, days of the county.

    `kind`: quarterly or special. `commitment`: hex SHA-256 of the word that will be said when it is drawn.
    `on`: the draw waits for the log's first time record on or after that day; None: until the log has grown
    by some entries.
    """

    kind: str
    first: date
    last: date
    commitment: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class DrawSpotCheck:
    """Once the published log is as long as the plan says."""

    plan_id: int
    word: str


@dataclass(frozen=True, slots=True)
class RecordSheet:
    """What was found in one case of the sample: item of the sheet → right, wrong or none (does not apply)."""

    case_id: UUID
    plan_id: int
    answers: Mapping[str, str]
    remark: str = ""


SpotCheckCommand = PlanSpotCheck | DrawSpotCheck | RecordSheet
