"""Every way a case can change, as plain values. `workflow.handle` is the one function that takes them.

Raw answers are what stands in a form as typed: text, or a list of texts for several choices.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from workflow.appointment_commands import AppointmentCommand
from workflow.calendar_commands import CalendarCommand
from workflow.erasure_commands import ErasureCommand
from workflow.finding_commands import FindingCommand
from workflow.flag_commands import ConcludeFlag
from workflow.leave_commands import LeaveCommand
from workflow.measure_commands import MeasureCommand
from workflow.spot_check_commands import SpotCheckCommand
from workflow.supervisor_commands import SupervisorCommand

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
    """Open a case of one of the flows of bpmn/flows.toml for a registered person and bills.

    `about`: the case it is opened from, such as the one that is appealed against. `facts`: what the
    program already knows when it opens a case itself; nobody else may give any.
    """

    flow: str
    policy: str
    person_id: int
    claims: tuple[int, ...]
    answers: Raw
    papers: tuple[NewPaper, ...] = ()
    about: UUID | None = None
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)


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
class PauseCase:
    """Let a case rest while it is contested or looked into elsewhere (domain 2.26); form `pause_case`."""

    case_id: UUID
    answers: Raw


@dataclass(frozen=True, slots=True)
class ResumeCase:
    """Go on with a case that rests; form `resume_case`."""

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
    """Somebody looked at what is masked, or took the evidence of a case away; with a reason.

    `what` is full_id, account, entries, objector or bundle.
    """

    case_id: UUID
    what: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LogExport:
    """Somebody takes the histories of `count` cases away as data (`what`: xes or ocel), with a reason.

    `selection`: the days, flow, township and numbers that were given.
    """

    what: str
    count: int
    anonymous: bool
    selection: Mapping[str, str | list[str]]
    reason: str


@dataclass(frozen=True, slots=True)
class FileRelative:
    """近亲属备案 by the holder of an account (domain 6.2); open cases are marked at once."""

    account_id: int
    name: str
    id_number: str
    relation: str


@dataclass(frozen=True, slots=True)
class ProposeRules:
    """Put a changed rule book forward. Its files lie in the store under their digests already.

    `base`: digest of the version it was made from; `manifest`: path → sha256 of all files;
    `replaces`: an open proposal of one's own that this one takes the place of.
    """

    base: str
    manifest: Mapping[str, str]
    note: str = ""
    valid_from: date | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class AdoptProposal:
    """Stand for the update that came with the program; somebody else has to release it."""

    proposal_id: int


@dataclass(frozen=True, slots=True)
class ReleaseProposal:
    """The second person: let the proposed rules hold for new cases."""

    proposal_id: int


@dataclass(frozen=True, slots=True)
class RejectProposal:
    proposal_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawProposal:
    proposal_id: int


@dataclass(frozen=True, slots=True)
class MigrateCase:
    """Let a running case live by another released rule book; `to` is its digest."""

    case_id: UUID
    to: str


@dataclass(frozen=True, slots=True)
class SetOff:
    """Aid of another case goes towards what is owed in this recovery; given by the program alone."""

    case_id: UUID
    fen: int
    from_case: UUID


RuleCommand = ProposeRules | AdoptProposal | ReleaseProposal | RejectProposal | WithdrawProposal


CaseCommand = (
    CompleteTask
    | AttachPaper
    | Withdraw
    | ReportDeath
    | PauseCase
    | ResumeCase
    | FireTimers
    | RaiseAlarm
    | RecalculateDeadlines
    | LogReading
    | SupervisorCommand
    | ErasureCommand
    | FindingCommand
    | MigrateCase
    | SetOff
)
Command = (
    AppointmentCommand
    | CalendarCommand
    | LeaveCommand
    | ConcludeFlag
    | MeasureCommand
    | OpenCase
    | CaseCommand
    | ReceiveObjection
    | FileRelative
    | LogExport
    | RuleCommand
    | SpotCheckCommand
)
