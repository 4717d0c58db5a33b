"""What is wrong with a data file, in words."""

from dataclasses import dataclass

from bpmn.text import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: which file, where in it ("-" for the whole file), and why."""

    file: str
    element: str
    reason: Text

    def __str__(self) -> str:
        return f"{self.file}: {self.element}: {self.reason.zh} / {self.reason.en}"


class RulebookError(Exception):
    """The data files are refused. `faults` holds every fault found, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in faults))
