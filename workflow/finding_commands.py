"""What an inspector finds, sends and follows up, and how the office answers (domain 2.14, D36); taken by
`workflow.handle`. None of it writes into the case (SD-8).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from workflow.forms.checking import Raw

if TYPE_CHECKING:
    from workflow.commands import NewPaper


@dataclass(frozen=True, slots=True)
class DraftFinding:
    """Pin a finding to entry `entry` of a case (from 0), or write an unsent one anew (`finding_id`).

    `org`: the office that will have to answer. `entries`: further entries that bear it out; `papers`:
    numbers of papers of the case. `flag`: id of a red flag, a reference and nothing else. Form `finding`.
    """

    case_id: UUID
    entry: int
    org: str
    answers: Raw
    entries: tuple[int, ...] = ()
    papers: tuple[int, ...] = ()
    flag: str = ""
    finding_id: int | None = None


@dataclass(frozen=True, slots=True)
class DiscardFinding:
    """An unsent finding goes no further."""

    case_id: UUID
    finding_id: int


@dataclass(frozen=True, slots=True)
class SendFinding:
    """督办: from now on the office sees it and owes an answer by D36."""

    case_id: UUID
    finding_id: int


@dataclass(frozen=True, slots=True)
class AnswerFinding:
    """整改: the office says what it has done about it; form `finding_answer`."""

    case_id: UUID
    finding_id: int
    answers: Raw
    papers: "tuple[NewPaper, ...]" = ()


@dataclass(frozen=True, slots=True)
class ReturnFinding:
    """The answer, or what a re-look has shown, is not enough: D36 runs anew; form `finding_return`."""

    case_id: UUID
    finding_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class AcceptFinding:
    """The answer is enough; it is looked at again on a day (回头看); form `finding_acceptance`."""

    case_id: UUID
    finding_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class CloseFinding:
    """销号: the re-look has shown that it lasts; form `finding_closing`."""

    case_id: UUID
    finding_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class RemindOfFinding:
    """What is due now of one finding: a warning of D36, or the day of the re-look. Given by the worker."""

    case_id: UUID
    finding_id: int


FindingCommand = (
    DraftFinding
    | DiscardFinding
    | SendFinding
    | AnswerFinding
    | ReturnFinding
    | AcceptFinding
    | CloseFinding
    | RemindOfFinding
)
