"""Every way a case can change, as plain values. `workflow.handle` is the one function that takes them.

Raw answers are what stands in a form as typed: text, or a list of texts for several choices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

Raw = Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A file that already lies in the paper store under its digest."""

    kind: str
    sha256: str
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Register an application (domain 2.1, steps 1 and 2) for a registered person and bills."""

    flow: str
    policy: str
    person_id: int
    claims: tuple[int, ...]
    answers: Raw
    papers: tuple[NewPaper, ...] = ()


@dataclass(frozen=True, slots=True)
class CompleteTask:
    case_id: UUID
    task_id: int
    answers: Raw
    papers: tuple[NewPaper, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachPaper:
    case_id: UUID
    paper: NewPaper


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The applicant takes the application back; form `withdrawal`."""

    case_id: UUID
    answers: Raw


@dataclass(frozen=True, slots=True)
class ReportDeath:
    """The applicant has died; form `death`."""

    case_id: UUID
    answers: Raw


@dataclass(frozen=True, slots=True)
class ReceiveObjection:
    """Anybody objects to a posting, with or without a name (domain 2.10)."""

    posting_id: int
    text: str
    channel: str  # web, phone, letter, window
    name: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class FireTimers:
    """What is due in the diagram at the time of the command; given by the worker."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """The next warning of one clock; given by the worker."""

    case_id: UUID
    clock_id: int


@dataclass(frozen=True, slots=True)
class RecalculateDeadlines:
    """Count one clock anew after the calendar has changed; given when a calendar is imported."""

    case_id: UUID
    clock_id: int


@dataclass(frozen=True, slots=True)
class LogReading:
    """Somebody looked at what is masked: `what` is full_id, account or entries; with a reason."""

    case_id: UUID
    what: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FileRelative:
    """近亲属备案 by the holder of an account (domain 6.2); open cases are marked at once."""

    account_id: int
    name: str
    id_number: str
    relation: str


CaseCommand = (
    CompleteTask
    | AttachPaper
    | Withdraw
    | ReportDeath
    | FireTimers
    | RaiseAlarm
    | RecalculateDeadlines
    | LogReading
)
Command = OpenCase | CaseCommand | ReceiveObjection | FileRelative
