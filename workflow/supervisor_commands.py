"""What a supervisor can do with a case, and how offices ask and answer; taken by `workflow.handle`."""

from dataclasses import dataclass
from uuid import UUID

from workflow.forms.checking import Raw


@dataclass(frozen=True, slots=True)
class ExtendDeadline:
    """A supervisor extends one limit, once; form `extension`."""

    case_id: UUID
    clock_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class RequestExtension:
    """An office asks its supervisor to extend a limit; form `extension`."""

    case_id: UUID
    clock_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class RefuseExtension:
    """A supervisor does not extend; form `extension_refusal`."""

    case_id: UUID
    extension_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class Urge:
    """催办: a supervisor presses whoever holds the step; form `urge`."""

    case_id: UUID
    task_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class Reassign:
    """改派: a supervisor hands a step to one seat that may do it; form `reassignment`."""

    case_id: UUID
    task_id: int
    seat_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class PutUnderSupervision:
    """挂牌督办: the office that holds the step owes an answer by a date; form `supervision`."""

    case_id: UUID
    task_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class AnswerSupervision:
    """The office answers its supervisor; form `supervision_answer`."""

    case_id: UUID
    supervision_id: int
    answers: Raw


@dataclass(frozen=True, slots=True)
class EndSupervision:
    """The supervisor accepts the answer: the supervision ends (摘牌)."""

    case_id: UUID
    supervision_id: int


@dataclass(frozen=True, slots=True)
class RemindOfAnswer:
    """An answer that a supervisor was owed did not come; given by the worker."""

    case_id: UUID
    supervision_id: int


SupervisorCommand = (
    ExtendDeadline
    | RequestExtension
    | RefuseExtension
    | Urge
    | Reassign
    | PutUnderSupervision
    | AnswerSupervision
    | EndSupervision
    | RemindOfAnswer
)
