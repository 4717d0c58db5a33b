"""What can go wrong with diagrams and commands.

EngineError
├── ModelRefused     diagrams that would be misread: every fault with file, element and reason
├── StepRefused      a command that does not fit the case: nothing has changed
└── Incident         the diagram itself failed at a node: nothing has changed, somebody must look at it
"""

from __future__ import annotations

from collections.abc import Iterable

from bpmn.faults import Fault
from bpmn.text import Text


class EngineError(Exception):
    """Anything this package raises on purpose."""


class ModelRefused(EngineError):
    """``faults`` holds every fault that was found, in order of file and element."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(
            sorted(set(faults), key=lambda fault: (fault.file, fault.element, fault.reason.en))
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))


class StepRefused(EngineError):
    """The command does not fit the case as it stands. ``reason`` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Incident(EngineError):
    """The diagram failed while it was executed. ``node`` is "process.node", ``cause`` the first exception."""

    def __init__(self, node: str, cause: BaseException) -> None:
        super().__init__(f"{node}: {type(cause).__name__}: {cause}")
        self.node = node
        self.cause = cause
