"""What this part refuses, and in which words."""

from collections.abc import Sequence

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.errors import WorkflowError


def fault(file: str, element: str, zh: str, en: str) -> Fault:
    return Fault(file, element, Text(zh, en))


class PolicyRefused(Exception):
    """A policy set that cannot be used. Carries every fault that was found, never only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class ClaimRefused(WorkflowError):
    """A claim that cannot be computed, because a figure, date, category or kind is wrong."""

    status = 422
