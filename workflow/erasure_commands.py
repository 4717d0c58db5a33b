"""Erasing the personal data of a case: one person proposes, another decides; taken by `workflow.handle`."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ProposeErasure:
    """Put forward that a case's personal data be erased. `basis` is an id of bpmn/retention.toml."""

    case_id: UUID
    basis: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmErasure:
    """The second person: erase. Nothing brings the values back."""

    case_id: UUID
    erasure_id: int


@dataclass(frozen=True, slots=True)
class FinishErasure:
    """The program itself: erase what two people have agreed on, where the database lets it."""

    case_id: UUID
    erasure_id: int


@dataclass(frozen=True, slots=True)
class RefuseErasure:
    """The second person does not agree, or whoever proposed it takes it back."""

    case_id: UUID
    erasure_id: int
    reason: str


ErasureCommand = ProposeErasure | ConfirmErasure | FinishErasure | RefuseErasure
